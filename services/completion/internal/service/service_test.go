package service_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
	"github.com/pawstream/pawstream/services/completion/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The owner of the tests' completions, and a principal that tries to reach them.
const (
	anna  = "anna"
	mallo = "mallory"
)

// newService returns a service with one model that supports everything, on a log in memory unless cfg has
// another. It ends with the test.
func newService(t testing.TB, e chat.Engine, cfg service.Config) *service.Service {
	t.Helper()
	if cfg.Log == nil {
		cfg.Log = newLog(t, memlog.Config{})
	}
	if cfg.Models == nil {
		cfg.Models = []chat.Model{{ID: "model", Fingerprint: "fp_1", Capabilities: everything, Engine: e}}
	}
	s := service.New(cfg)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // do not wait for running completions
		_ = s.Shutdown(ctx)
	})
	return s
}

func newLog(t testing.TB, cfg memlog.Config) *memlog.Log {
	t.Helper()
	log := memlog.New(cfg)
	t.Cleanup(log.Close)
	return log
}

// everything is the capabilities of a model that supports everything.
var everything = chat.Capabilities{
	Tools: chat.Used, Logprobs: chat.Used, JSONOutput: chat.Used, Images: chat.Used, Audio: chat.Used, Files: chat.Used,
	Reasoning: chat.Used, LogitBias: chat.Used, Prediction: chat.Used,
}

// ask returns a small request with changes.
func ask(changes ...func(*chat.Request)) *chat.Request {
	r := &chat.Request{Model: "model", Messages: []chat.Message{user("Which dog is good with children?")}}
	for _, change := range changes {
		change(r)
	}
	r.Digest = digest(r)
	return r
}

// digest returns the digest of a request by the contract.
func digest(r *chat.Request) [32]byte {
	params, err := wire.RequestToProto(r)
	if err != nil {
		panic(err)
	}
	digest, err := wire.Digest(params)
	if err != nil {
		panic(err)
	}
	return digest
}

func user(text string) chat.Message {
	return chat.Message{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: text}}}
}

func policy(p chat.OnDisconnect) func(*chat.Request) {
	return func(r *chat.Request) { r.OnDisconnect = p }
}

func stored(r *chat.Request)    { r.Store = true }
func withUsage(r *chat.Request) { r.Stream.IncludeUsage = true }

func choices(n int) func(*chat.Request) {
	return func(r *chat.Request) { r.N = new(n) }
}

// stream starts a completion of Anna's.
func stream(t *testing.T, s *service.Service, key string, r *chat.Request) *service.Stream {
	t.Helper()
	st, err := s.Stream(t.Context(), anna, key, r)
	if err != nil {
		t.Fatalf("Stream: %v", err)
	}
	return st
}

// get returns the current state of a completion of Anna's.
func get(t *testing.T, s *service.Service, id string) *chat.Completion {
	t.Helper()
	c, err := s.Get(t.Context(), anna, id)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return c
}

// collect reads a stream to its end.
func collect(st *service.Stream) ([]chat.Entry, error) {
	var entries []chat.Entry
	for entry, err := range st.Entries() {
		if err != nil {
			return entries, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// all reads a stream that must end without an error.
func all(t *testing.T, st *service.Stream) []chat.Entry {
	t.Helper()
	entries, err := collect(st)
	if err != nil {
		t.Fatalf("the stream ends with %v", err)
	}
	return entries
}

// resume reads the entries after a cursor.
func resume(t *testing.T, s *service.Service, id string, after int64) []chat.Entry {
	t.Helper()
	st, err := s.Resume(t.Context(), anna, id, after, true)
	if err != nil {
		t.Fatalf("Resume after %d: %v", after, err)
	}
	return all(t, st)
}

// wantCode fails the test unless err is an error for callers with this code.
func wantCode(t *testing.T, what string, err error, code chat.Code) *chat.Error {
	t.Helper()
	var shown *chat.Error
	if !errors.As(err, &shown) {
		t.Fatalf("%s: error %v, want %s", what, err, code)
	}
	if shown.Code != code {
		t.Fatalf("%s: error %v, want %s", what, err, code)
	}
	return shown
}

// wantStatus fails the test unless the completion has this status and, if it failed, this code.
func wantStatus(t *testing.T, c *chat.Completion, status chat.Status, code chat.Code) {
	t.Helper()
	got := chat.Code("")
	if c.Err != nil {
		got = c.Err.Code
	}
	if c.Status != status || got != code {
		t.Errorf("the completion is %s %s, want %s %s", c.Status, got, status, code)
	}
}

// pass lets time pass, and waits for its effects.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// A record is a logger's output.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) logger() *slog.Logger { return slog.New(slog.NewTextHandler(r, nil)) }

func (r *record) contains(s string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Contains(r.text.String(), s)
}
