package relay

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/pacer"
)

// TestFlushGap plays events at given times, and checks when each is written.
func TestFlushGap(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	for _, tt := range []struct {
		name  string
		gap   time.Duration
		after []time.Duration // between the events
		want  []write         // the last two digits of the ids in each write
	}{
		{"without a gap each at once", 0, []time.Duration{0, ms(1), ms(1), ms(1)}, []write{{0, "0"}, {ms(1), "1"}, {ms(2), "2"}, {ms(3), "3"}}},
		{
			"without a gap those of a millisecond share a write", 0,
			[]time.Duration{0, ms(1) / 5, ms(1) / 5, ms(5), ms(5)},
			[]write{{0, "0"}, {ms(1) * 3 / 2, "1 2"}, {ms(5) + ms(1)/5*2, "3"}, {ms(10) + ms(1)/5*2, "4"}},
		},
		{"first at once, then with one after the gap", ms(16), []time.Duration{0, ms(3), ms(6), ms(9), ms(5), ms(30)}, []write{{0, "0"}, {ms(18), "1 2 3"}, {ms(42), "4"}, {ms(53), "5"}}},
		{"after a pause at once", ms(16), []time.Duration{0, ms(50), ms(17), ms(16)}, []write{{0, "0"}, {ms(50), "1"}, {ms(67), "2"}, {ms(83), "3"}}},
		{"the last one at once", ms(16), []time.Duration{0, ms(1), ms(1)}, []write{{0, "0"}, {ms(2), "1 2"}}},
		{"one and a half gaps after the last write at the latest", ms(16), []time.Duration{ms(7), ms(1), ms(1), ms(40)}, []write{{ms(7), "0"}, {ms(30), "1 2"}, {ms(49), "3"}}},
		{"pairs share a write", ms(16), []time.Duration{0, ms(10), ms(10), ms(10), ms(10), ms(10)}, []write{{0, "0"}, {ms(20), "1 2"}, {ms(40), "3 4"}, {ms(50), "5"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				script := make([]step, len(tt.after))
				for i, after := range tt.after {
					script[i] = step{after: after, event: text(uint64(i), "a")}
				}
				first(script[0].event)
				script[len(script)-1].event = done(uint64(len(script) - 1))
				w, result := created(t, &replica{scripts: [][]step{script}}, Config{Pacer: pacer.New(tt.gap)}, Options{})
				var got []write
				for _, one := range w.writes {
					var sequences []string
					for _, id := range ids(one.text) {
						sequences = append(sequences, strings.TrimPrefix(id, testID+"."))
					}
					got = append(got, write{one.at, strings.Join(sequences, " ")})
				}
				if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(write{})); diff != "" {
					t.Errorf("writes (-want +got):\n%s", diff)
				}
				if result.Outcome != OutcomeDone || result.Events != len(script) {
					t.Errorf("result = %+v", result)
				}
			})
		})
	}
}

// TestFlushGapChangesNoByte compares a burst that fills the buffer repeatedly with the same events at the
// smallest gap.
func TestFlushGapChangesNoByte(t *testing.T) {
	var bodies []string
	for _, gap := range []time.Duration{0, 10 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			script := []step{{event: first(text(0, "a"))}}
			for i := range uint64(2000) {
				script = append(script, step{event: text(1+i, strings.Repeat("é\n", int(i%50)+1))})
			}
			script = append(script, step{event: done(2001)})
			w, _ := created(t, &replica{scripts: [][]step{script}}, Config{Pacer: pacer.New(gap)}, Options{})
			bodies = append(bodies, w.Body.String())
			for i, one := range w.writes {
				if len(one.text) > batch+1<<10 {
					t.Errorf("gap %v: write %d has %d bytes", gap, i, len(one.text))
				}
			}
		})
	}
	if bodies[0] != bodies[1] || len(ids(bodies[0])) != 2002 {
		t.Errorf("the bodies differ, or not all of 2002 events are in them: %d", len(ids(bodies[0])))
	}
}
