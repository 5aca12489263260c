package logtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pawstream/pawstream/internal/openaiapi"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// patience bounds the time of a rule, which a broken log could block for ever.
const patience = time.Minute

// created is the creation time of the suite's completions.
var created = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// withoutCause compares errors as callers see them, without the cause, which stays in the process.
var withoutCause = cmpopts.IgnoreFields(chat.Error{}, "Err") //nolint:gochecknoglobals // a constant

// withoutTerm compares entries regardless of their writers.
var withoutTerm = cmpopts.IgnoreFields(chat.Entry{}, "Term") //nolint:gochecknoglobals // a constant

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// newMeta returns the meta of a stored completion with a principal of its own.
func newMeta() *chat.Meta {
	return &chat.Meta{
		ID:        openaiapi.CompletionID + rand.Text(),
		Principal: "principal-" + rand.Text(),
		Created:   created,
		Model:     "model",
		Request: &chat.Request{
			Model:    "model",
			Store:    true,
			Messages: []chat.Message{{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: "Hello"}}}},
		},
		OnDisconnect: chat.OnDisconnectContinue,
	}
}

// A subject is a completion that a rule writes.
type subject struct {
	t      *testing.T
	log    chat.Log
	meta   *chat.Meta
	writer chat.Writer
	events []chat.Event // the events written so far
}

func create(t *testing.T, log chat.Log) *subject {
	t.Helper()
	return createWith(t, log, newMeta())
}

func createWith(t *testing.T, log chat.Log, m *chat.Meta) *subject {
	t.Helper()
	w, err := log.Create(within(t), m)
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	return &subject{t: t, log: log, meta: m, writer: w}
}

func (s *subject) append(events ...chat.Event) {
	s.t.Helper()
	ctx := within(s.t)
	for _, e := range events {
		if err := s.writer.Append(ctx, e); err != nil {
			s.t.Fatalf("Append of event %d: %v", len(s.events), err)
		}
		s.events = append(s.events, e)
	}
}

func (s *subject) seal(terminal chat.Event) {
	s.t.Helper()
	if err := s.writer.Seal(within(s.t), terminal); err != nil {
		s.t.Fatalf("Seal: %v", err)
	}
	s.events = append(s.events, terminal)
}

// await waits until all appended events can be read.
func (s *subject) await() {
	s.t.Helper()
	for entry, err := range s.log.Follow(within(s.t), s.meta.ID, chat.FromStart, false) {
		if err != nil {
			s.t.Fatalf("Follow: %v", err)
		}
		if entry.Sequence == int64(len(s.events))-1 {
			return
		}
	}
	s.t.Fatalf("Follow ended before event %d", len(s.events)-1)
}

func (s *subject) head() chat.Head {
	s.t.Helper()
	head, err := s.log.Head(within(s.t), s.meta.ID)
	if err != nil {
		s.t.Fatalf("Head: %v", err)
	}
	return head
}

func (s *subject) latest() chat.Head {
	s.t.Helper()
	head, err := s.log.Latest(within(s.t), s.meta.ID)
	if err != nil {
		s.t.Fatalf("Latest: %v", err)
	}
	return head
}

// untilRefused appends until the log refuses it, and returns the error.
func (s *subject) untilRefused() error {
	s.t.Helper()
	ctx := within(s.t)
	for ctx.Err() == nil {
		if err := s.writer.Append(ctx, chat.Text(0, "late")); err != nil {
			return err
		}
	}
	s.t.Fatal("Append was never refused")
	return nil
}

// A reading is everything that one reader saw until its end.
type reading struct {
	entries []chat.Entry
	err     error
}

// read follows the subject to the end.
func (s *subject) read(ctx context.Context, after int64, progress bool) reading {
	var r reading
	for entry, err := range s.log.Follow(ctx, s.meta.ID, after, progress) {
		switch {
		case r.err != nil:
			r.err = fmt.Errorf("something follows the error %w", r.err)
		case err != nil:
			r.err = err
		default:
			r.entries = append(r.entries, entry)
		}
	}
	return r
}

// start reads on a new goroutine.
func (s *subject) start(ctx context.Context, after int64) <-chan reading {
	done := make(chan reading, 1)
	go func() { done <- s.read(ctx, after, false) }()
	return done
}

// check compares a reading with the events written after a sequence number.
func (s *subject) check(r reading, after int64) {
	s.t.Helper()
	if r.err != nil {
		s.t.Fatalf("Follow after %d: %v", after, r.err)
	}
	if diff := cmp.Diff(s.entries(after), r.entries, withoutCause, withoutTerm); diff != "" {
		s.t.Fatalf("Follow after %d (-want +got):\n%s", after, diff)
	}
}

// entries returns the entries that a reader after a sequence number must see.
func (s *subject) entries(after int64) []chat.Entry {
	var entries []chat.Entry
	for i, e := range s.events {
		if int64(i) > after {
			entries = append(entries, chat.Entry{Sequence: int64(i), Event: e})
		}
	}
	return entries
}

// words returns n events, the first of which opens the choice.
func words(n int) []chat.Event {
	events := []chat.Event{chat.Opening(0)}
	for i := 1; i < n; i++ {
		events = append(events, chat.Text(0, fmt.Sprintf("word %d ", i)))
	}
	return events
}

// done returns a successful terminal event.
func done() chat.Event {
	return chat.Event{Kind: chat.KindDone, Usage: &chat.Usage{PromptTokens: 3, CompletionTokens: 5}}
}

// failed returns a terminal event with an error.
func failed(message string) chat.Event {
	return chat.Event{Kind: chat.KindError, Err: chat.Errorf(chat.CodeUpstreamError, "%s", message)}
}

// wantError fails the test unless err is one of want.
func wantError(t *testing.T, what string, err error, want ...error) {
	t.Helper()
	if !slices.ContainsFunc(want, func(w error) bool { return errors.Is(err, w) }) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

// outside returns the error of a seal from outside.
func outside(_ chat.Settle, err error) error { return err }
