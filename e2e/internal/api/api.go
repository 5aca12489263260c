// Package api is a client of the public API for tests: it sends requests, reads streams and answers, and fails
// the test if their form is wrong.
package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/sse"
)

// CompletionOf returns the id of an event's completion.
func CompletionOf(e sse.Event) string {
	id, _, _ := strings.Cut(e.ID.String(), ".")
	return id
}

// The request of most tests.
const (
	Model    = "pet-advisor-1"
	Question = "What should I know before adopting a cat?"
	// SomeTokens is a limit that cuts off the answer, which is much longer.
	SomeTokens = 40
)

// An Object is a JSON object.
type Object = map[string]any

// Body returns the body of a request for an answer to the question. members replace or extend the usual
// members.
func Body(members Object) string {
	all := Object{"model": Model, "messages": []Object{{"role": "user", "content": Question}}}
	maps.Copy(all, members)
	text, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// Streamed returns the body of a request for a stream.
func Streamed(members Object) string {
	all := Object{"stream": true, "stream_options": Object{"include_usage": true}, "max_tokens": SomeTokens}
	maps.Copy(all, members)
	return Body(all)
}

// Request makes a request. Each header is "Name: value", "Name: " to remove a header, or empty.
func Request(t *testing.T, method, url, body string, headers ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		switch name, value, _ := strings.Cut(header, ": "); {
		case value != "":
			req.Header.Set(name, value)
		case name != "":
			req.Header.Del(name)
		}
	}
	return req
}

// Plain is a client that neither adds to requests nor decompresses answers nor follows redirects.
var Plain = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Send sends a request and returns its answer. The test closes its body at the end.
func Send(t *testing.T, req *http.Request) *http.Response {
	t.Helper()
	resp, err := Plain.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// An Exchange is a complete answer.
type Exchange struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request and returns the complete answer.
func Do(t *testing.T, req *http.Request) Exchange {
	t.Helper()
	resp, err := Plain.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v after %q", req.Method, req.URL, err, text)
	}
	return Exchange{Status: resp.StatusCode, Header: resp.Header, Body: text}
}

// Into decodes a JSON answer of status 200.
func (x Exchange) Into(t *testing.T, v any) {
	t.Helper()
	if x.Status != http.StatusOK {
		t.Fatalf("status %d, body %s", x.Status, x.Body)
	}
	if err := json.Unmarshal(x.Body, v); err != nil {
		t.Fatalf("%v in %s", err, x.Body)
	}
}

// Events decodes a stream.
func Events(t *testing.T, r io.Reader) []sse.Event {
	t.Helper()
	var all []sse.Event
	for e, err := range sse.NewDecoder(r).Events() {
		if err != nil {
			t.Fatalf("after %d events: %v", len(all), err)
		}
		all = append(all, e)
	}
	return all
}

// Post creates a completion.
func Post(t *testing.T, url, body string, headers ...string) Exchange {
	t.Helper()
	return Do(t, Request(t, http.MethodPost, url+"/v1/chat/completions", body, headers...))
}

// Get reads a path below that of completions.
func Get(t *testing.T, url, path string, headers ...string) Exchange {
	t.Helper()
	return Do(t, Request(t, http.MethodGet, url+"/v1/chat/completions/"+path, "", headers...))
}

// Replay returns the whole stream of a completion.
func Replay(t *testing.T, url, id string, headers ...string) []sse.Event {
	t.Helper()
	x := Get(t, url, id+"?stream=true", headers...)
	if x.Status != http.StatusOK {
		t.Fatalf("status %d, body %s", x.Status, x.Body)
	}
	return Events(t, bytes.NewReader(x.Body))
}

// Cancel cancels a completion, over another connection.
func Cancel(t *testing.T, url, id string) {
	t.Helper()
	var got Completion
	Do(t, Request(t, http.MethodPost, url+"/v1/chat/completions/"+id+"/cancel", "")).Into(t, &got)
	if got.Status != "cancelled" {
		t.Errorf("after cancel the status is %q", got.Status)
	}
}

// IsCancelledSoon checks that a completion is cancelled within a second.
func IsCancelledSoon(t *testing.T, url, id string) {
	t.Helper()
	rig.Eventually(t, time.Second, func() error {
		var got Completion
		Get(t, url, id).Into(t, &got)
		if got.Status != "cancelled" {
			return fmt.Errorf("%w: status %q", rig.ErrNotYet, got.Status)
		}
		return nil
	})
}

// Metric returns the sum of a metric's series that have these labels.
func Metric(t *testing.T, p *stack.Process, name string, labels ...string) float64 {
	t.Helper()
	x := Do(t, Request(t, http.MethodGet, "http://"+p.Addr("admin")+"/metrics", ""))
	var sum float64
line:
	for lines := bufio.NewScanner(strings.NewReader(string(x.Body))); lines.Scan(); {
		rest, ok := strings.CutPrefix(lines.Text(), name)
		if !ok || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		for _, label := range labels {
			if !strings.Contains(rest, label) {
				continue line
			}
		}
		n, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// A StoredPage is a page of stored completions.
type StoredPage struct {
	Data []struct {
		ID       string            `json:"id"`
		Metadata map[string]string `json:"metadata"`
	} `json:"data"`
	LastID  string `json:"last_id"`
	HasMore bool   `json:"has_more"`
}
