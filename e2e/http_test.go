package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/edge/sse"
)

const (
	model    = "pet-advisor-1"
	question = "What should I know before adopting a cat?"
	// someTokens cuts the answer, which is much longer, off.
	someTokens = 40
)

// An object is a JSON object.
type object = map[string]any

// body returns the body of a request for an answer to the question, with these
// members besides, or in place of, the usual ones.
func body(members object) string {
	all := object{"model": model, "messages": []object{{"role": "user", "content": question}}}
	maps.Copy(all, members)
	text, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// streamed returns the body of a request for a stream.
func streamed(members object) string {
	all := object{"stream": true, "stream_options": object{"include_usage": true}, "max_tokens": someTokens}
	maps.Copy(all, members)
	return body(all)
}

// request makes a request; headers are "Name: value", or "Name: " for none of that
// name, or empty.
func request(t *testing.T, method, url, body string, headers ...string) *http.Request {
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

// plain is a client that adds nothing to a request and undoes nothing of an answer.
var plain = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// send sends a request and returns its answer, whose body the test closes at its end.
func send(t *testing.T, req *http.Request) *http.Response {
	t.Helper()
	resp, err := plain.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// An exchange is a whole answer.
type exchange struct {
	Status int
	Header http.Header
	Body   []byte
}

func do(t *testing.T, req *http.Request) exchange {
	t.Helper()
	resp, err := plain.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v after %q", req.Method, req.URL, err, text)
	}
	return exchange{Status: resp.StatusCode, Header: resp.Header, Body: text}
}

// into decodes a JSON answer of status 200.
func (x exchange) into(t *testing.T, v any) {
	t.Helper()
	if x.Status != http.StatusOK {
		t.Fatalf("status %d, body %s", x.Status, x.Body)
	}
	if err := json.Unmarshal(x.Body, v); err != nil {
		t.Fatalf("%v in %s", err, x.Body)
	}
}

// events decodes a stream.
func events(t *testing.T, r io.Reader) []sse.Event {
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

func post(t *testing.T, url, body string, headers ...string) exchange {
	t.Helper()
	return do(t, request(t, http.MethodPost, url+"/v1/chat/completions", body, headers...))
}

func get(t *testing.T, url, path string, headers ...string) exchange {
	t.Helper()
	return do(t, request(t, http.MethodGet, url+"/v1/chat/completions/"+path, "", headers...))
}

// replay returns the whole stream of a completion.
func replay(t *testing.T, url, id string) []sse.Event {
	t.Helper()
	x := get(t, url, id+"?stream=true")
	if x.Status != http.StatusOK {
		t.Fatalf("status %d, body %s", x.Status, x.Body)
	}
	return events(t, bytes.NewReader(x.Body))
}

// cancel ends a completion from a connection of its own.
func cancel(t *testing.T, url, id string) {
	t.Helper()
	var got completion
	do(t, request(t, http.MethodPost, url+"/v1/chat/completions/"+id+"/cancel", "")).into(t, &got)
	if got.Status != "cancelled" {
		t.Errorf("after cancel the status is %q", got.Status)
	}
}

// isCancelledSoon checks that a completion is cancelled within a second.
func isCancelledSoon(t *testing.T, url, id string) {
	t.Helper()
	eventually(t, time.Second, func() error {
		var got completion
		get(t, url, id).into(t, &got)
		if got.Status != "cancelled" {
			return fmt.Errorf("%w: status %q", errNotYet, got.Status)
		}
		return nil
	})
}

// broken returns the URL of a proxy to a stack that cuts connections.
func broken(t *testing.T, url string, plan func(int) cut.Plan) (string, *cut.Proxy) {
	t.Helper()
	proxy, err := cut.Listen(strings.TrimPrefix(url, "http://"), plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	return "http://" + proxy.Addr(), proxy
}
