package logtest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

//nolint:gochecknoglobals // a table
var progressRules = []rule{
	{"it reaches those who asked, without a sequence number", progressReaches},
	{"it is not replayed", progressNotReplayed},
	{"it does not outlive the completion", progressAfterEnd},
}

// showUntil shows progress repeatedly until seen is closed, because progress reaches only the current readers.
func (s *subject) showUntil(seen <-chan struct{}, p chat.Progress) {
	s.t.Helper()
	ctx := within(s.t)
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		s.writer.Progress(p)
		select {
		case <-seen:
			return
		case <-ctx.Done():
			s.t.Fatal("progress reached nobody")
		case <-again.C:
		}
	}
}

// observe follows with progress, and closes seen at the first progress.
func (s *subject) observe() (all <-chan reading, seen <-chan struct{}) {
	ctx := within(s.t)
	result, first := make(chan reading, 1), make(chan struct{})
	go func() {
		var r reading
		progress := 0
		for entry, err := range s.log.Follow(ctx, s.meta.ID, chat.FromStart, true) {
			if err != nil {
				r.err = err
				break
			}
			r.entries = append(r.entries, entry)
			if entry.Event.Kind == chat.KindProgress {
				if progress++; progress == 1 {
					close(first)
				}
			}
		}
		result <- r
	}()
	return result, first
}

func progressReaches(t *testing.T, log chat.Log) {
	shown := chat.Progress{Stage: chat.StageRetrieval, Fraction: new(0.25), QueuePosition: new(3)}
	s := create(t, log)
	deaf := s.start(within(t), chat.FromStart)
	all, seen := s.observe()
	s.append(words(5)...)
	s.showUntil(seen, shown)
	s.append(mixed()...)
	s.seal(done())

	s.check(<-deaf, chat.FromStart)
	r := <-all
	for _, entry := range r.entries {
		if entry.Event.Kind != chat.KindProgress {
			continue
		}
		want := chat.Entry{Sequence: -1, Event: chat.Event{Kind: chat.KindProgress, Progress: &shown}}
		if diff := cmp.Diff(want, entry); diff != "" {
			t.Fatalf("progress (-want +got):\n%s", diff)
		}
	}
	r.entries = slices.DeleteFunc(r.entries, func(e chat.Entry) bool { return e.Event.Kind == chat.KindProgress })
	s.check(r, chat.FromStart)
}

func progressNotReplayed(t *testing.T, log chat.Log) {
	s := create(t, log)
	all, seen := s.observe()
	s.append(words(5)...)
	s.showUntil(seen, chat.Progress{Stage: chat.StageGenerating})
	s.seal(done())
	<-all
	for _, after := range []int64{chat.FromStart, 2, 4, 5} {
		s.check(s.read(within(t), after, true), after)
	}
}

func progressAfterEnd(t *testing.T, log chat.Log) {
	s := create(t, log)
	s.append(words(2)...)
	s.seal(done())
	s.writer.Progress(chat.Progress{Stage: chat.StageGenerating})
	s.check(s.read(within(t), chat.FromStart, true), chat.FromStart)
}
