package logtest

import (
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

//nolint:gochecknoglobals // a table
var deleteRules = []rule{
	{"it ends the readers, and then there was no such completion", deleteEndsReaders},
	{"it stops the writer, who brings nothing back", deleteStopsWriter},
	{"it frees the key", deleteFreesKey},
	{"it touches no other completion", deleteOnlyOne},
}

func (s *subject) delete() {
	s.t.Helper()
	if err := s.log.Delete(within(s.t), s.meta.ID); err != nil {
		s.t.Fatalf("Delete: %v", err)
	}
}

// wantForgotten fails the test unless the log has forgotten the subject.
func (s *subject) wantForgotten() {
	s.t.Helper()
	ctx := within(s.t)
	_, err := s.log.Head(ctx, s.meta.ID)
	wantError(s.t, "Head", err, chat.ErrNotFound)
	wantError(s.t, "Follow", s.read(ctx, chat.FromStart, true).err, chat.ErrNotFound)
	wantError(s.t, "SetMetadata", s.log.SetMetadata(ctx, s.meta.ID, nil), chat.ErrNotFound)
	wantError(s.t, "Seal", outside(s.log.Seal(ctx, s.meta.ID, done())), chat.ErrNotFound)
	wantError(s.t, "Delete", s.log.Delete(ctx, s.meta.ID), chat.ErrNotFound)
	for head, err := range s.log.List(ctx, s.meta.Principal, "", false) {
		s.t.Errorf("List yielded %v, %v", head, err)
	}
}

func deleteEndsReaders(t *testing.T, log chat.Log) {
	s := create(t, log)
	s.append(words(3)...)
	s.await()

	ctx := within(t)
	joined, result := make(chan struct{}), make(chan reading, 1)
	go func() {
		var r reading
		for entry, err := range log.Follow(ctx, s.meta.ID, chat.FromStart, false) {
			if err != nil {
				r.err = err
				break
			}
			if r.entries = append(r.entries, entry); entry.Sequence == 2 {
				close(joined)
			}
		}
		result <- r
	}()
	<-joined
	s.delete()
	r := <-result
	wantError(t, "Follow", r.err, chat.ErrTrimmed)
	if len(r.entries) != 3 {
		t.Errorf("the reader saw %d events, want 3", len(r.entries))
	}
	s.wantForgotten()
}

func deleteStopsWriter(t *testing.T, log chat.Log) {
	s := create(t, log)
	s.append(words(3)...)
	s.await()
	s.delete()
	gone := []error{chat.ErrTrimmed, chat.ErrNotFound, chat.ErrSealed}
	wantError(t, "Append", s.untilRefused(), gone...)
	wantError(t, "Seal", s.writer.Seal(within(t), done()), gone...)
	s.writer.Progress(chat.Progress{Stage: chat.StageGenerating})
	s.wantForgotten()
}

func deleteFreesKey(t *testing.T, log chat.Log) {
	m := newMeta()
	m.IdempotencyKey = "key"
	createWith(t, log, m).delete()
	second := createWith(t, log, again(m))
	second.seal(done())
	second.delete()
	third := createWith(t, log, again(m))
	wantExists(t, log, again(m), third.meta)
}

func deleteOnlyOne(t *testing.T, log chat.Log) {
	gone := create(t, log)
	m := newMeta()
	m.Principal = gone.meta.Principal
	kept := createWith(t, log, m)
	reader := kept.start(within(t), chat.FromStart)
	gone.append(words(3)...)
	kept.append(words(3)...)
	gone.delete()
	kept.append(chat.Text(0, "more"))
	kept.seal(done())
	kept.check(<-reader, chat.FromStart)
	wantListed(t, log, m.Principal, kept.meta)
}
