package memlog_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
)

// open returns a log for one test.
func open(t *testing.T, cfg memlog.Config) *memlog.Log {
	t.Helper()
	log := memlog.New(cfg)
	t.Cleanup(log.Close)
	return log
}

// meta returns the meta of a completion whose question has size bytes.
func meta(id string, size int) *chat.Meta {
	return &chat.Meta{ID: id, Principal: "anna", RequestSize: size, Request: &chat.Request{
		Store:    true,
		Messages: []chat.Message{{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: strings.Repeat("x", size)}}}},
	}}
}

func create(t *testing.T, log *memlog.Log, m *chat.Meta) chat.Writer {
	t.Helper()
	w, err := log.Create(t.Context(), m)
	if err != nil {
		t.Fatalf("Create of %s: %v", m.ID, err)
	}
	return w
}

func seal(t *testing.T, w chat.Writer) {
	t.Helper()
	if err := w.Seal(t.Context(), chat.Event{Kind: chat.KindDone}); err != nil {
		t.Fatalf("Seal: %v", err)
	}
}

// pass lets time pass, and waits for its effects.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// wantHead checks whether the log holds a completion.
func wantHead(t *testing.T, log *memlog.Log, id string, want error) {
	t.Helper()
	if _, err := log.Head(t.Context(), id); !errors.Is(err, want) {
		t.Errorf("Head of %s: error %v, want %v", id, err, want)
	}
}

// follow returns the error that following ends with.
func follow(ctx context.Context, log *memlog.Log, id string) (err error) {
	for _, err = range log.Follow(ctx, id, chat.FromStart, false) {
	}
	return err
}

func listed(t *testing.T, log *memlog.Log) string {
	t.Helper()
	var ids []string
	for head, err := range log.List(t.Context(), "anna", "", false) {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		ids = append(ids, head.Meta.ID)
	}
	return strings.Join(ids, " ")
}
