package api

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/internal/sse"
)

// KillAfter is how many events a client has read when the test kills a process.
const KillAfter = 20

// A Follower is a client that reads a completion, over as many connections as necessary.
type Follower struct {
	T   *testing.T
	Got []sse.Event
}

// Read reads events until it has n in all (0: until the end), and reports whether the completion has ended.
func (f *Follower) Read(d *sse.Decoder, n int) bool {
	f.T.Helper()
	for n == 0 || len(f.Got) < n {
		e, err := d.Next()
		if err != nil {
			return false
		}
		f.Got = append(f.Got, e)
		if e.Data == "[DONE]" {
			return true
		}
	}
	return false
}

// Ask begins a completion.
func (f *Follower) Ask(url string) *sse.Decoder {
	f.T.Helper()
	resp := Send(f.T, Request(f.T, http.MethodPost, url+"/v1/chat/completions", Body(Object{"stream": true})))
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		f.T.Fatalf("status %d, body %s", resp.StatusCode, text)
	}
	return sse.NewDecoder(resp.Body)
}

// GoOn resumes after the last event, as soon as the URL answers.
func (f *Follower) GoOn(url string) *sse.Decoder {
	f.T.Helper()
	last := f.Got[len(f.Got)-1].ID.String()
	id, _, _ := strings.Cut(last, ".")
	var resp *http.Response
	rig.Eventually(f.T, 20*time.Second, func() error {
		var err error
		resp, err = Plain.Do(Request(f.T, http.MethodGet, url+"/v1/chat/completions/"+id, "",
			"Accept: text/event-stream", "Last-Event-ID: "+last))
		if err != nil {
			return errors.Join(rig.ErrNotYet, err)
		}
		return nil
	})
	f.T.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		f.T.Fatalf("resume: status %d", resp.StatusCode)
	}
	return sse.NewDecoder(resp.Body)
}

// Check fails the test unless the follower has every token exactly once.
func (f *Follower) Check(want Answer) {
	f.T.Helper()
	CheckIDs(f.T, f.Got)
	if got := Joined(f.T, f.Got); got.Text != want.Text {
		f.T.Errorf("text %q, want %q", got.Text, want.Text)
	}
}

// AskModel begins a completion of a model, without a limit.
func (f *Follower) AskModel(url, name string) *sse.Decoder {
	f.T.Helper()
	resp := Send(f.T, Request(f.T, http.MethodPost, url+"/v1/chat/completions", Body(Object{"stream": true, "model": name, "max_tokens": nil})))
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		f.T.Fatalf("status %d, body %s", resp.StatusCode, text)
	}
	return sse.NewDecoder(resp.Body)
}
