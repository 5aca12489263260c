package jetlog

import (
	"fmt"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// store creates n stored completions of a principal, between those of others.
func store(tb testing.TB, l *Log, principal string, n int) (ids []string) {
	tb.Helper()
	ids = make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s-%d", principal, i)
		for _, m := range []*chat.Meta{meta(ids[i]), meta("other-" + ids[i])} {
			m.Request.Store = true
			m.Principal = principal
			if m.ID != ids[i] {
				m.Principal = "other"
			}
			w, err := l.Create(tb.Context(), m)
			if err != nil {
				tb.Fatal(err)
			}
			for range 3 {
				if err := w.Append(tb.Context(), chat.Text(0, "word ")); err != nil {
					tb.Fatal(err)
				}
			}
			if err := w.Seal(tb.Context(), chat.Event{Kind: chat.KindDone, Usage: &chat.Usage{}}); err != nil {
				tb.Fatal(err)
			}
			w.Settle(func() {})
		}
	}
	return ids
}

// serviceOf returns the service whose log is l.
func serviceOf(l *Log) *service.Service {
	return service.New(service.Config{Log: l})
}

// TestListReadsThePageOnly checks that the cost of a page does not depend on how much is stored.
func TestListReadsThePageOnly(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	var ids []string
	most := map[string]uint64{}
	for _, stored := range []int{50, 1000} {
		ids = append(ids, store(t, l, fmt.Sprint("of", stored), stored)...)
		last := ids[len(ids)-1]
		middle := ids[len(ids)-stored/2]
		for name, page := range map[string]chat.Page{
			"the first":             {Limit: 1},
			"the newest":            {Limit: 1, Descending: true},
			"in the middle":         {Limit: 1, After: middle},
			"in the middle, newest": {Limit: 1, After: middle, Descending: true},
			"behind the last":       {Limit: 1, After: last},
			"twenty, newest first":  {Limit: 20, Descending: true},
		} {
			before := l.conn.Stats().InMsgs
			got, _, err := serviceOf(l).List(t.Context(), fmt.Sprint("of", stored), chat.Filter{}, page)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			took := l.conn.Stats().InMsgs - before
			if most[name] == 0 {
				most[name] = 2*took + 20 // finding the place may take more steps
			}
			if took > most[name] {
				t.Errorf("%s of %d: %d, from %d messages, want at most %d", name, stored, len(got), took, most[name])
			}
		}
	}
}

// BenchmarkList reads pages of principals with 40 and with 4000 stored completions.
//
//	go test -run '^$' -bench List -benchtime 100x ./services/completion/internal/jetlog
func BenchmarkList(b *testing.B) {
	for _, stored := range []int{40, 4000} {
		l, err := Open(b.Context(), Config{DataDir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		store(b, l, "principal", stored)
		s := serviceOf(l)
		for _, page := range []chat.Page{{Limit: 1}, {Limit: 1, Descending: true}, {Limit: 20}, {Limit: 20, Descending: true}} {
			b.Run(fmt.Sprintf("%d of %d, descending %t", page.Limit, stored, page.Descending), func(b *testing.B) {
				used := cpuTime(b)
				for b.Loop() {
					if got, _, err := s.List(b.Context(), "principal", chat.Filter{}, page); err != nil || len(got) != page.Limit {
						b.Fatal(len(got), err)
					}
				}
				b.ReportMetric(float64((cpuTime(b)-used).Microseconds())/float64(b.N), "cpu-us/op")
			})
		}
		l.Close()
	}
}
