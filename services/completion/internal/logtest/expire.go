package logtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// An expiryRule is one sentence about unstored completions: those that the log deletes after their end.
type expiryRule struct {
	name  string
	check func(t *testing.T, log chat.Log)
}

//nolint:gochecknoglobals // a table
var expiryRules = []expiryRule{
	{"it goes after its end, and is told from one that never was", unstoredGoes},
	{"it takes its key along", unstoredFreesKey},
	{"one that is to be stored stays", storedStays},
	{"one that runs stays, and goes after its end", runningStays},
	{"one with a reader stays, and the reader sees its end", readerSeesEnd},
	{"one whose metadata was replaced stays", labelledStays},
	{"one that was deleted stays deleted", deletedStaysDeleted},
}

// RunExpiry checks the expiry of unstored completions, against logs that open returns. Such a log must delete
// them within a second after their end, and must not delete others during the test.
func RunExpiry(t *testing.T, open func(t *testing.T) chat.Log) {
	for _, r := range expiryRules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.check(t, open(t))
		})
	}
}

// unstored creates an unstored completion.
func unstored(t *testing.T, log chat.Log) *subject {
	t.Helper()
	m := newMeta()
	m.Request.Store = false
	return createWith(t, log, m)
}

// end appends some events, ends the subject, and enters the end into the books.
func (s *subject) end() {
	s.t.Helper()
	s.append(words(3)...)
	s.settle()
}

// settle ends the subject, and enters the end into the books.
func (s *subject) settle() {
	s.t.Helper()
	s.seal(done())
	s.writer.Settle(func() {})
}

// hold adds a reader that stops at the first event, which must exist. release lets it continue to the end.
func (s *subject) hold() (release func() reading) {
	s.t.Helper()
	ctx := within(s.t)
	held, on, result := make(chan struct{}), make(chan struct{}), make(chan reading, 1)
	go func() {
		var r reading
		for entry, err := range s.log.Follow(ctx, s.meta.ID, chat.FromStart, false) {
			if err != nil {
				r.err = err
				break
			}
			if r.entries = append(r.entries, entry); len(r.entries) == 1 {
				close(held)
				<-on
			}
		}
		result <- r
	}()
	select {
	case <-held:
	case <-ctx.Done():
		s.t.Fatal("there is no first event")
	}
	return func() reading {
		close(on)
		return <-result
	}
}

// awaitAnother waits until a new completion has ended and expired, and so every one that ended earlier had its
// turn.
func awaitAnother(t *testing.T, log chat.Log) {
	t.Helper()
	s := unstored(t, log)
	s.end()
	s.awaitExpiry()
}

// awaitExpiry waits until the subject is no longer in the log.
func (s *subject) awaitExpiry() {
	s.t.Helper()
	for ctx := within(s.t); ; {
		switch _, err := s.log.Latest(ctx, s.meta.ID); {
		case errors.Is(err, chat.ErrTrimmed):
			return
		case err != nil:
			s.t.Fatalf("Latest of what is to go: error %v, want %v", err, chat.ErrTrimmed)
		}
		if !pause(ctx) {
			s.t.Fatal("it is still there")
		}
	}
}

// pause waits a little, and reports whether ctx still runs.
func pause(ctx context.Context) bool {
	select {
	case <-time.After(10 * time.Millisecond):
		return true
	case <-ctx.Done():
		return false
	}
}

func unstoredGoes(t *testing.T, log chat.Log) {
	ctx := within(t)
	s := unstored(t, log)
	before := s.start(ctx, chat.FromStart)
	s.end()
	s.check(<-before, chat.FromStart)
	s.awaitExpiry()

	for what, ask := range map[string]func(context.Context, string) (chat.Head, error){"Head": log.Head, "Latest": log.Latest} {
		head, err := ask(ctx, s.meta.ID)
		wantError(t, what, err, chat.ErrTrimmed)
		want := chat.Head{Meta: &chat.Meta{ID: s.meta.ID, Principal: s.meta.Principal}, Last: -1}
		if diff := cmp.Diff(want, head); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	wantError(t, "Follow", s.read(ctx, chat.FromStart, true).err, chat.ErrTrimmed)
	wantError(t, "Follow after its end", s.read(ctx, 3, true).err, chat.ErrTrimmed)
	wantError(t, "SetMetadata", log.SetMetadata(ctx, s.meta.ID, map[string]string{"too": "late"}), chat.ErrTrimmed)
	wantError(t, "Seal", outside(log.Seal(ctx, s.meta.ID, done())), chat.ErrTrimmed)
}

func unstoredFreesKey(t *testing.T, log chat.Log) {
	m := newMeta()
	m.Request.Store = false
	m.IdempotencyKey = "key"
	first := createWith(t, log, m)
	wantExists(t, log, again(m), m)
	first.end()
	first.awaitExpiry()
	_, err := log.Lookup(within(t), m.Principal, m.IdempotencyKey)
	wantError(t, "Lookup", err, chat.ErrNotFound)
	second := again(m)
	createWith(t, log, second)
	wantExists(t, log, again(m), second)
}

func storedStays(t *testing.T, log chat.Log) {
	kept := create(t, log)
	kept.end()
	awaitAnother(t, log)
	kept.check(kept.read(within(t), chat.FromStart, false), chat.FromStart)
	wantListed(t, log, kept.meta.Principal, kept.meta)
}

func runningStays(t *testing.T, log chat.Log) {
	running := unstored(t, log)
	running.append(words(3)...)
	awaitAnother(t, log)
	reader := running.start(within(t), chat.FromStart)
	running.append(chat.Text(0, "more"))
	running.settle()
	running.check(<-reader, chat.FromStart)
	running.awaitExpiry()
}

func readerSeesEnd(t *testing.T, log chat.Log) {
	s := unstored(t, log)
	s.append(words(3)...)
	release := s.hold()
	s.append(chat.Text(0, "more"))
	s.settle()
	awaitAnother(t, log)
	s.check(s.read(within(t), chat.FromStart, false), chat.FromStart)
	s.check(release(), chat.FromStart)
	s.awaitExpiry() // it has no readers any more
}

func labelledStays(t *testing.T, log chat.Log) {
	labels := map[string]string{"shared": "with others"}
	for what, late := range map[string]bool{"before its end": false, "after its end": true} {
		s := unstored(t, log)
		s.append(words(3)...)
		release := s.hold()
		if !late {
			s.setMetadata(labels)
		}
		s.settle()
		if late {
			s.setMetadata(labels)
		}
		s.check(release(), chat.FromStart)
		awaitAnother(t, log)
		awaitAnother(t, log) // in case its reader had postponed its expiry
		if got := s.latest().Meta.Metadata; !cmp.Equal(got, labels) {
			t.Errorf("%s: its metadata is %v", what, got)
		}
		s.check(s.read(within(t), chat.FromStart, false), chat.FromStart)
	}
}

func deletedStaysDeleted(t *testing.T, log chat.Log) {
	s := unstored(t, log)
	s.append(words(3)...)
	release := s.hold()
	s.settle()
	s.delete()
	_ = release()
	awaitAnother(t, log)
	s.wantForgotten()
}
