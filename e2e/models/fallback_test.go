package models

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// TestFallback asks models whose first target fails, in every way, and whose second one works.
func TestFallback(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32 // requests to the second target
	mux := http.NewServeMux()
	says := func(path string, status int, text string) {
		mux.HandleFunc("POST "+path+"/chat/completions", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "text/event-stream")
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
			if path == "/good" {
				asked.Add(1)
			}
		})
	}
	const whole = sayWord + sayStop + sayDone
	says("/good", http.StatusOK, whole)
	says("/busy", http.StatusTooManyRequests, "")
	says("/broken", http.StatusInternalServerError, "")
	says("/bad", http.StatusBadRequest, `{"error":{"message":"Too many pets.","param":"messages"}}`)
	says("/empty", http.StatusOK, "")
	says("/mute", http.StatusOK, sayStop)
	says("/cut", http.StatusOK, sayWord)
	says("/undone", http.StatusOK, sayWord+sayStop)
	says("/unfinished", http.StatusOK, sayWord+sayDone)
	server := httptest.NewServer(mux)
	defer server.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	absent := "http://" + gone.Addr().String()
	_ = gone.Close()

	var models strings.Builder
	models.WriteString("models:\n  - name: busy-alone\n    targets: [{engine: openai, base_url: " + server.URL + "/busy, model: m}]\n")
	tests := []struct {
		first string
		code  string // code of the error; empty: the second target answers
		after bool   // after some text of the first target
	}{
		{"busy", "", false},
		{"broken", "", false},
		{"absent", "", false},
		{"empty", "", false},
		{"mute", "", false},
		{"bad", "invalid_value", false},
		{"cut", "upstream_error", true},
		{"undone", "upstream_error", true},
		{"unfinished", "upstream_error", true},
	}
	for _, test := range tests {
		url := server.URL + "/" + test.first
		if test.first == "absent" {
			url = absent
		}
		fmt.Fprintf(&models, "  - name: %s\n    targets: [{engine: openai, base_url: %s, model: m}, {engine: openai, base_url: %s/good, model: m}]\n",
			test.first, url, server.URL)
	}
	url := rig.Own(t, stack.Options{Completion: []string{"--models=" + rig.ModelsFile(t, models.String())}}).URL()
	for _, test := range tests {
		t.Run(test.first, func(t *testing.T) {
			before := asked.Load()
			x := api.Post(t, url, api.Body(api.Object{"model": test.first, "stream": true}))
			again := asked.Load() > before
			switch {
			case test.code == "":
				if a := api.Joined(t, api.Events(t, bytes.NewReader(x.Body))); a.Text != "word " || a.FinishReason != "stop" || !again {
					t.Errorf("%+v, the second target was asked: %t", a, again)
				}
			case !test.after:
				if got := api.Refused(t, x); got != api.Bad(http.StatusBadRequest, test.code, "messages") || again {
					t.Errorf("%+v, the second target was asked: %t", got, again)
				}
				if !strings.Contains(string(x.Body), "Too many pets") {
					t.Errorf("the server's reason is not told: %s", x.Body)
				}
			default:
				all := api.Events(t, bytes.NewReader(x.Body))
				last := all[len(all)-1].Data
				if !strings.HasPrefix(last, `{"error":`) || !strings.Contains(last, test.code) || !strings.Contains(last, "try again") || again {
					t.Errorf("it ends with %s, the second target was asked: %t", last, again)
				}
				if text := string(x.Body); strings.Contains(text, "[DONE]") || strings.Contains(text, `"finish_reason":"stop"`) || !strings.Contains(text, `"content":"word "`) {
					t.Errorf("what broke off passes for whole: %s", text)
				}
				if whole := api.Post(t, url, api.Body(api.Object{"model": test.first})); whole.Status != http.StatusBadGateway {
					t.Errorf("not streamed: status %d, body %s", whole.Status, whole.Body)
				}
			}
		})
	}
	x := api.Post(t, url, api.Body(api.Object{"model": "busy-alone"}))
	if x.Status != http.StatusServiceUnavailable || x.Header.Get("Retry-After") != "8" { // the longest that clients respect
		t.Errorf("of a busy server: status %d, Retry-After %q, body %s", x.Status, x.Header.Get("Retry-After"), x.Body)
	}
}
