package tape

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func (t *Tape) readersWaiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.waiting)
}

func TestReadersThatAreCancelledWhileTheyWaitLeaveTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tape Tape
		ctx, cancel := context.WithCancel(t.Context())
		ends := make(chan error, 10)
		for i := range 10 {
			readerCtx := t.Context()
			if i%2 == 0 {
				readerCtx = ctx
			}
			go func() {
				var end error
				for _, end = range tape.Follow(readerCtx, chat.FromStart, i%3 == 0) {
				}
				ends <- end
			}()
		}
		synctest.Wait()
		if n := tape.readersWaiting(); n != 10 {
			t.Fatalf("%d readers wait, want 10", n)
		}
		cancel()
		synctest.Wait()
		if n := tape.readersWaiting(); n != 5 {
			t.Errorf("%d readers wait after half of them were cancelled, want 5", n)
		}
		tape.Drop(chat.ErrTrimmed)
		synctest.Wait()
		if n := tape.readersWaiting(); n != 0 {
			t.Errorf("%d readers wait on a dropped tape", n)
		}
		count := map[error]int{}
		for range 10 {
			count[<-ends]++
		}
		if diff := cmp.Diff(map[error]int{context.Canceled: 5, chat.ErrTrimmed: 5}, count, cmp.Comparer(errors.Is)); diff != "" {
			t.Errorf("ends of the readers (-want +got):\n%s", diff)
		}
	})
}

func TestOneWriterAndManyReadersThatComeAndGo(t *testing.T) {
	const events, readers = 2000, 24
	var tape Tape
	var readersDone sync.WaitGroup
	for i := range readers {
		readersDone.Go(func() {
			after := chat.FromStart
			for after < events {
				// Every third reader sometimes leaves, within its loop or while it waits.
				ctx, cancel := context.WithCancel(t.Context())
				for entry, err := range tape.Follow(ctx, after, i%2 == 0) {
					if err != nil || entry.Sequence < 0 {
						continue
					}
					if entry.Sequence != after+1 {
						t.Errorf("reader %d: event %d after %d", i, entry.Sequence, after)
					}
					after = entry.Sequence
					if i%3 == 0 && after%97 == int64(i) {
						cancel()
					}
					if i%3 == 1 && after%101 == int64(i) {
						break
					}
				}
				cancel()
			}
		})
	}
	for i := range events {
		if i%10 == 0 {
			tape.Progress(chat.Progress{Stage: chat.StageGenerating})
		}
		if err := tape.Append(chat.Text(0, tokens[i%len(tokens)])); err != nil {
			t.Error(err)
		}
	}
	if err := tape.Append(chat.Event{Kind: chat.KindDone}); err != nil {
		t.Error(err)
	}
	readersDone.Wait()
	if n := tape.readersWaiting(); n != 0 {
		t.Errorf("%d readers wait on a tape that has ended", n)
	}
}

// watch follows a tape with progress, and returns the stages that it received.
func watch(ctx context.Context, tape *Tape) func() []chat.Stage {
	var mu sync.Mutex
	var stages []chat.Stage
	go func() {
		for entry, err := range tape.Follow(ctx, chat.FromStart, true) {
			if err != nil {
				return
			}
			stage := chat.Stage("event")
			if entry.Event.Kind == chat.KindProgress {
				stage = entry.Event.Progress.Stage
			}
			mu.Lock()
			stages = append(stages, stage)
			mu.Unlock()
		}
	}()
	return func() []chat.Stage {
		mu.Lock()
		defer mu.Unlock()
		return stages
	}
}

func TestProgressIsShownOnceAndLatestOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var tape Tape
		first := watch(ctx, &tape)
		synctest.Wait() // returns at once only because a reader that has nothing to read waits
		tape.Progress(chat.Progress{Stage: chat.StageQueued})
		synctest.Wait()
		tape.Progress(chat.Progress{Stage: chat.StageRetrieval})
		synctest.Wait()
		if err := tape.Append(chat.Text(0, "text")); err != nil {
			t.Fatal(err)
		}
		late := watch(ctx, &tape)
		synctest.Wait()
		if diff := cmp.Diff([]chat.Stage{chat.StageQueued, chat.StageRetrieval, "event"}, first()); diff != "" {
			t.Errorf("a reader from the start (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]chat.Stage{chat.StageRetrieval, "event"}, late()); diff != "" {
			t.Errorf("a reader that joins late (-want +got):\n%s", diff)
		}
	})
}

func TestASlowReaderIsShownTheLatestProgressOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tape Tape
		tape.Progress(chat.Progress{Stage: chat.StageQueued})
		var stages []chat.Stage
		for entry, err := range tape.Follow(t.Context(), chat.FromStart, true) {
			if err != nil {
				t.Fatal(err)
			}
			if entry.Event.Kind != chat.KindProgress {
				break
			}
			if stages = append(stages, entry.Event.Progress.Stage); len(stages) == 1 {
				tape.Progress(chat.Progress{Stage: chat.StageRetrieval})
				tape.Progress(chat.Progress{Stage: chat.StageGenerating})
				continue
			}
			if err := tape.Append(chat.Text(0, "text")); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]chat.Stage{chat.StageQueued, chat.StageGenerating}, stages); diff != "" {
			t.Errorf("stages (-want +got):\n%s", diff)
		}
	})
}

// TestEveryEventHasATerm changes a tape's writer, also on an empty tape, and twice at one event.
func TestEveryEventHasATerm(t *testing.T) {
	var tape Tape
	want := []uint32{0, 5, 5, 7, 5, 5}
	for i, turns := range [][]uint32{nil, {5}, {5}, {6, 7}, {5}, nil} {
		for _, number := range turns {
			tape.Turn(number)
		}
		event := chat.Text(0, "text")
		if i == len(want)-1 {
			event = chat.Event{Kind: chat.KindDone}
		}
		if err := tape.Append(event); err != nil {
			t.Fatal(err)
		}
	}
	for after := chat.FromStart; after < int64(len(want)); after++ {
		for entry, err := range tape.Follow(t.Context(), after, false) {
			if err != nil {
				t.Fatal(err)
			}
			if i := entry.Sequence; entry.Term != want[i] || tape.Term(i) != want[i] {
				t.Errorf("after %d: event %d is of term %d, and of %d, want %d", after, i, entry.Term, tape.Term(i), want[i])
			}
		}
	}
}

// TestAReaderBehindTheEnd resumes after events that a tape does not have, as
// after the log was restored from a backup.
func TestAReaderBehindTheEnd(t *testing.T) {
	for _, test := range []struct {
		after int64
		want  error
	}{{0, nil}, {1, nil}, {2, chat.ErrLost}, {30, chat.ErrLost}} {
		synctest.Test(t, func(t *testing.T) {
			var tape Tape
			end := make(chan error, 1)
			go func() {
				var last error
				for _, last = range tape.Follow(t.Context(), test.after, false) {
				}
				end <- last
			}()
			synctest.Wait()
			for _, e := range []chat.Event{chat.Text(0, "a"), {Kind: chat.KindDone}} {
				if err := tape.Append(e); err != nil {
					t.Fatal(err)
				}
			}
			if err := <-end; !errors.Is(err, test.want) {
				t.Errorf("after event %d: %v, want %v", test.after, err, test.want)
			}
		})
	}
}
