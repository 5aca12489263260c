package jetlog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
	"github.com/pawstream/pawstream/services/completion/internal/shares"
)

// over ends a completion that is not to be stored, and enters the end into the books.
func over(t *testing.T, l *Log, id string) {
	t.Helper()
	m := meta(id)
	m.IdempotencyKey = "key of " + id
	w, err := l.Create(within(t), m)
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "a", "b")
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone, Usage: &chat.Usage{}}); err != nil {
		t.Fatal(err)
	}
	w.Settle(func() {})
}

// held returns the subjects of a log's stream that contain an id, and those of names.
func held(t *testing.T, l *Log, id string) []string {
	t.Helper()
	info, err := l.stream.Info(within(t), jetstream.WithSubjectFilter(">"))
	if err != nil {
		t.Fatal(err)
	}
	var subjects []string
	for _, subject := range slices.Sorted(maps.Keys(info.State.Subjects)) {
		if strings.Contains(subject, id) || strings.HasPrefix(subject, namesPrefix) {
			subjects = append(subjects, subject)
		}
	}
	return subjects
}

// sweepAll deletes the log's own ended completions at once, and those of other replicas after later.
func sweepAll(t *testing.T, l *Log, later time.Duration) {
	t.Helper()
	if err := l.expiry.list.Sweep(within(t), l.gate.era(), 0, later); err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsLeftOfWhatIsNotToBeStored(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	over(t, l, "unstored")
	if got := held(t, l, "unstored"); len(got) != 3 {
		t.Errorf("the log has %v, want its records, its name and that it has ended", got)
	}
	if err := l.expiry.list.Sweep(within(t), l.gate.era(), time.Minute, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Latest(within(t), "unstored"); err != nil {
		t.Errorf("before its time: %v", err)
	}
	sweepAll(t, l, 0)
	if got := held(t, l, "unstored"); len(got) != 0 {
		t.Errorf("the log still has %v", got)
	}
	if kept := l.Stats().Kept; kept != 0 {
		t.Errorf("%d completions are kept in memory", kept)
	}
}

// TestARestartForgetsNoEnd ends a completion in one life of the process, and deletes it in the next.
func TestARestartForgetsNoEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := Open(t.Context(), Config{DataDir: dir, ResumeRetention: notYet})
	if err != nil {
		t.Fatal(err)
	}
	over(t, first, "unstored")
	first.Close()
	second := open(t, Config{DataDir: dir, ResumeRetention: 100 * time.Millisecond})
	for ctx := within(t); ; {
		_, err := second.Latest(ctx, "unstored")
		if errors.Is(err, chat.ErrTrimmed) {
			break
		}
		if err != nil || !pause(ctx, 10*time.Millisecond) {
			t.Fatalf("it is still there: %v", err)
		}
	}
}

// TestOthersDeleteWhatADeadReplicaWasTo lets a replica delete the completions that it has ended, and later those that
// another one has.
func TestOthersDeleteWhatADeadReplicaWasTo(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	dead, alive := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	over(t, dead, "foreign")
	over(t, alive, "own")
	sweepAll(t, alive, time.Hour)
	for id, want := range map[string]error{"own": chat.ErrTrimmed, "foreign": nil} {
		if _, err := alive.Latest(within(t), id); !errors.Is(err, want) {
			t.Errorf("at first, %s: %v, want %v", id, err, want)
		}
	}
	sweepAll(t, alive, 0)
	if got := held(t, alive, "foreign"); len(got) != 0 {
		t.Errorf("at last the log still has %v", got)
	}
}

// TestAReaderElsewhereSeesTheEnd deletes a completion under a slow reader in another replica.
func TestAReaderElsewhereSeesTheEnd(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	l, other := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	over(t, l, "unstored")
	var text strings.Builder
	for entry, err := range other.Follow(within(t), "unstored", chat.FromStart, false) {
		if err != nil {
			t.Fatal(err)
		}
		if entry.Sequence == 0 {
			for { // the tape fills without the reader
				if head := other.tapeHead("unstored"); head == 2 {
					break
				}
				if !pause(within(t), time.Millisecond) {
					t.Fatal("the tape does not fill")
				}
			}
			sweepAll(t, l, 0)
			if _, err := l.Latest(within(t), "unstored"); !errors.Is(err, chat.ErrTrimmed) {
				t.Fatalf("it is still there: %v", err)
			}
		}
		text.WriteString(entry.Event.Delta.Content)
	}
	if text.String() != "ab" {
		t.Errorf("the reader has seen %q", text.String())
	}
	if _, err := other.Head(within(t), "unstored"); !errors.Is(err, chat.ErrTrimmed) {
		t.Errorf("there it is still: %v", err)
	}
}

// TestAFullLogEmptiesItself fills the log with completions that are not to be stored, until not even a pulse fits.
func TestAFullLogEmptiesItself(t *testing.T) {
	t.Parallel()
	l := open(t, Config{MaxBytes: 1 << 20, Patience: time.Second})
	for i := 0; ; i++ {
		w, err := l.Create(within(t), meta(fmt.Sprint("unstored", i)))
		if err != nil {
			break
		}
		if err := w.Append(within(t), chat.Event{Kind: chat.KindDelta, Delta: chat.Delta{Content: strings.Repeat("x", 50_000)}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone, Usage: &chat.Usage{}}); err != nil {
			break
		}
		w.Settle(func() {})
	}
	for i := 0; ; i++ {
		if _, err := l.io.Append(within(t), l.gate.era(), eventsPrefix+fmt.Sprint("padding", i), []byte("x"), 0); err != nil {
			break
		}
	}
	sweepAll(t, l, 0)
	finish(t, l, "after", "a")
}

// TestADamagedEntryStopsNoOther damages the name of one completion, so that it cannot be freed.
func TestADamagedEntryStopsNoOther(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	over(t, l, "damaged")
	over(t, l, "unstored")
	m := meta("damaged")
	if _, err := l.js.Publish(within(t), nameSubject(m.Principal, "key of damaged"), []byte("?")); err != nil {
		t.Fatal(err)
	}
	if err := l.expiry.list.Sweep(within(t), l.gate.era(), 0, 0); !errors.Is(err, record.ErrCorrupt) {
		t.Errorf("the sweep ends with %v", err)
	}
	if _, err := l.Latest(within(t), "unstored"); !errors.Is(err, chat.ErrTrimmed) {
		t.Errorf("the other one: %v, want it gone", err)
	}
}

// TestWhatStaysIsCountedAgain adds metadata to a completion that is not to be stored, so that it stays.
func TestWhatStaysIsCountedAgain(t *testing.T) {
	t.Parallel()
	l := open(t, Config{MaxBytes: 16 << 20, Share: shares.Share{Percent: 50}})
	counted := func() int64 {
		var refused *chat.ShareError
		if err := l.shares.Admit(meta("kept").Principal, 16<<20); !errors.As(err, &refused) {
			t.Fatalf("it has no share: %v", err)
		}
		return refused.Held
	}
	over(t, l, "kept")
	if err := l.SetMetadata(within(t), "kept", map[string]string{"title": "Rabbits"}); err != nil {
		t.Fatal(err)
	}
	before := counted()
	sweepAll(t, l, 0)
	if _, err := l.Latest(within(t), "kept"); err != nil {
		t.Errorf("it is gone: %v", err)
	}
	if after := counted(); after <= before {
		t.Errorf("%d bytes count when it has been found to stay, %d did before", after, before)
	}
}

// tapeHead returns the number of the last event in memory.
func (l *Log) tapeHead(id string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, _ := l.tapes[id].tape.Last()
	return last
}

// TestWhatIsInMemoryIsForgottenToo ends a completion that is kept for long before one that is not.
func TestWhatIsInMemoryIsForgottenToo(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	writing := open(t, Config{NATS: at(url)})
	stored := meta("stored")
	stored.Request.Store = true
	w, err := writing.Create(within(t), stored)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatal(err)
	}
	finish(t, writing, "unstored", "a")
	reading := open(t, Config{NATS: at(url), ResumeRetention: 100 * time.Millisecond})
	for _, id := range []string{"stored", "unstored"} {
		for _, err := range reading.Follow(within(t), id, chat.FromStart, false) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for ctx := within(t); reading.Stats().Kept != 1; {
		if !pause(ctx, 10*time.Millisecond) {
			t.Fatalf("%d are kept in memory, want the one that is stored", reading.Stats().Kept)
		}
	}
	if reading.tapeHead("stored") < 0 {
		t.Error("the stored one is gone")
	}
}

// TestNoEntriesWhereAllIsKeptAlike checks that nothing is noted if all completions are kept equally long.
func TestNoEntriesWhereAllIsKeptAlike(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{{ResumeRetention: DefaultRetention}, {ResumeRetention: 2 * DefaultRetention}, {Retention: time.Minute, ResumeRetention: time.Minute}} {
		l := open(t, cfg)
		over(t, l, "unstored")
		if got := held(t, l, "unstored"); len(got) != 2 {
			t.Errorf("%v: the log has %v, want the records and the name alone", cfg.ResumeRetention, got)
		}
	}
}

// BenchmarkDeleteDue deletes completions of 100 records each, among as many that stay.
func BenchmarkDeleteDue(b *testing.B) {
	const completions, records = 50, 100
	l, err := Open(b.Context(), Config{DataDir: b.TempDir(), ResumeRetention: notYet})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	cpu := time.Duration(0)
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		for i := range 2 * completions {
			m := meta(fmt.Sprintf("%d-%d", n, i))
			m.Request.Store = i%2 == 0
			w, err := l.Create(b.Context(), m)
			if err != nil {
				b.Fatal(err)
			}
			for j := range records {
				if err := w.(*writer).appendNow(b.Context(), chat.Text(0, "token"), int64(j)); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Seal(b.Context(), chat.Event{Kind: chat.KindDone}); err != nil {
				b.Fatal(err)
			}
			w.Settle(func() {})
		}
		<-time.After(pulseEvery + 100*time.Millisecond)
		before := cpuTime(b)
		b.StartTimer()
		if err := l.expiry.list.Sweep(b.Context(), l.gate.era(), 0, 0); err != nil {
			b.Fatal(err)
		}
		cpu += cpuTime(b) - before
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/completions, "µs/completion")
	b.ReportMetric(float64(cpu.Microseconds())/float64(b.N)/completions, "cpu-µs/completion")
}

// appendNow appends an event as a separate record.
func (w *writer) appendNow(ctx context.Context, e chat.Event, at int64) error {
	if err := w.Append(ctx, e); err != nil {
		return err
	}
	for {
		if last, _ := w.shared.tape.Last(); last >= at {
			return nil
		}
		if err := wait.For(ctx, 20*time.Microsecond); err != nil {
			return err
		}
	}
}
