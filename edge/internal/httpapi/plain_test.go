package httpapi

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// jsonBody returns a request with a JSON body.
func jsonBody(t *testing.T, request, body string) *http.Request {
	t.Helper()
	r := jsonRequest(t, request)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return r
}

// TestPlainStreams asks for streams with and without the parts that confuse line-by-line readers.
func TestPlainStreams(t *testing.T) {
	usual, _ := opened(t, Config{})
	plainly, _ := opened(t, Config{Requests: Requests{PlainStreams: true}})
	const (
		post = "POST /v1/chat/completions"
		get  = "GET /v1/chat/completions/" + completion + "?stream=true"
	)
	for _, tt := range []struct {
		name, request, accept, options string
		plain, plainOfPlain            bool // at the usual edge, and at the one that writes plain streams
	}{
		{"by itself", post, "", "", false, true},
		{"an SDK", post, "application/json", `{"include_usage":true}`, false, true},
		{"profile", post, "text/event-stream; profile=plain", "", true, true},
		{"quoted profile among others", post, `application/json, text/event-stream;q=0.9;profile="plain"`, "", true, true},
		{"full profile", post, "text/event-stream; profile=full", "", false, false},
		{"some profile", post, "text/event-stream; profile=fancy", "", false, true},
		{"without ids", post, "", `{"include_ids":false}`, true, true},
		{"with ids", post, "", `{"include_ids":true}`, false, false},
		{"ids of no matter", post, "", `{"include_ids":null}`, false, true},
		{"the body before the header", post, "text/event-stream; profile=plain", `{"include_ids":true}`, false, false},
		{"named events need more than data", post, "text/event-stream; events=named", "", false, false},
		{"events need more than data", post, "", `{"include_events":true}`, false, false},
		{"plain without events", post, "text/event-stream; events=named; profile=plain", "", true, true},
		{"follow", get, "text/event-stream", "", false, false},
		{"follow plainly", get, "text/event-stream; profile=plain", "", true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for to, plain := range map[*API]bool{usual: tt.plain, plainly: tt.plainOfPlain} {
				r := jsonRequest(t, tt.request)
				if strings.HasPrefix(tt.request, "POST") {
					body := `{"model":"` + modelA + `","stream":true,"messages":[{"role":"user","content":"?"}]`
					if tt.options != "" {
						body += `,"stream_options":` + tt.options
					}
					r = jsonBody(t, tt.request, body+"}")
				}
				if tt.accept != "" {
					r.Header.Set("Accept", tt.accept)
				}
				w := through(to, r)
				if w.Code != http.StatusOK {
					t.Fatalf("status %d, %s", w.Code, w.Body)
				}
				if got := w.Body.String() == "data: [DONE]\n\n"; got != plain {
					t.Errorf("plain %t, want %t: %q", got, plain, w.Body)
				}
			}
		})
	}
}
