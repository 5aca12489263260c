package ask

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/internal/config"
)

const (
	respond      = "POST /v1/responses"
	respondAgain = "GET /v1/responses/resp_c1?stream=true"
)

// Frames of a response, as the edge writes them to a POST.
const (
	begin     = "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_c1\"}}\n\n"
	oneDelta  = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":1,\"delta\":\"Cats\"}\n\n"
	twoDelta  = "event: response.refusal.delta\ndata: {\"type\":\"response.refusal.delta\",\"sequence_number\":2,\"delta\":\" purr.\"}\n\n"
	arguments = "event: response.function_call_arguments.delta\ndata: {\"type\":\"response.function_call_arguments.delta\",\"sequence_number\":3,\"delta\":\"{}\"}\n\n"
	alive     = "event: keepalive\ndata: {\"type\":\"keepalive\",\"sequence_number\":1}\n\n"
	complete  = "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":4,\"response\":{\"id\":\"resp_c1\",\"error\":null}}\n\n"
	cutShort  = "event: response.incomplete\ndata: {\"type\":\"response.incomplete\",\"sequence_number\":2,\"response\":{\"id\":\"resp_c1\",\"error\":null}}\n\n"
	gone      = "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":2,\"response\":{\"id\":\"resp_c1\",\"error\":{\"code\":\"upstream_error\",\"message\":\"The model failed.\"}}}\n\n"
)

// responding is [asking] through the other API.
func responding(t *testing.T, e *edge) (f *follower, out io.Reader) {
	t.Helper()
	f, text, _ := asking(t, e)
	f.api = responseAPI{}
	return f, text
}

// streamOf is [stream] for a response.
func streamOf(text string, silent time.Duration) http.HandlerFunc {
	next := stream(text, silent)
	return func(w http.ResponseWriter, r *http.Request) { next(renamed{w}, r) }
}

// renamed sets the id of the response in its API's form.
type renamed struct{ http.ResponseWriter }

// Write implements http.ResponseWriter.
func (w renamed) Write(b []byte) (int, error) {
	w.Header().Set(id, "resp_c1")
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w renamed) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// TestResponseWays checks the requests about responses and the output for all kinds of answers of the edge.
func TestResponseWays(t *testing.T) {
	t.Parallel()
	problemOf := func(code string) string {
		return "event: error\ndata: {\"type\":\"error\",\"sequence_number\":1,\"error\":{\"message\":\"No.\",\"code\":\"" + code + "\"}}\n\n"
	}
	first := []string{respond}
	twice := []string{respond, respondAgain + "&starting_after=1"}
	for name, tt := range map[string]struct {
		steps     []http.HandlerFunc
		raw, json bool
		want      []string
		out, fail string
	}{
		"whole":      {steps: []http.HandlerFunc{streamOf(begin+oneDelta+alive+twoDelta+arguments+complete, 0)}, want: first, out: "Cats purr.\n"},
		"incomplete": {steps: []http.HandlerFunc{streamOf(begin+oneDelta+cutShort, 0)}, want: first, out: "Cats\n"},
		"failed":     {steps: []http.HandlerFunc{streamOf(begin+oneDelta+gone, 0)}, want: first, out: "Cats\n", fail: "The model failed."},
		"lost":       {steps: []http.HandlerFunc{streamOf(begin+oneDelta, 0), streamOf(twoDelta+complete, 0)}, want: twice, out: "Cats purr.\n"},
		"lost before its first event": {
			steps: []http.HandlerFunc{streamOf(beat, 0), streamOf(begin+oneDelta+complete, 0)}, want: []string{respond, respondAgain}, out: "Cats\n",
		},
		"lost after a heartbeat": {
			steps: []http.HandlerFunc{streamOf(begin+oneDelta+alive, 0), streamOf(alive+twoDelta+complete, 0)}, want: twice, out: "Cats purr.\n",
		},
		"this connection's error": {
			steps: []http.HandlerFunc{streamOf(begin+oneDelta+problemOf("overloaded"), 0), streamOf(twoDelta+complete, 0)}, want: twice, out: "Cats purr.\n",
		},
		"a lost completion": {steps: []http.HandlerFunc{streamOf(begin+oneDelta+problemOf("completion_lost"), 0)}, want: first, out: "Cats\n", fail: "No."},
		"raw": {
			raw: true, steps: []http.HandlerFunc{streamOf(begin+oneDelta+twoDelta[:9], 0), streamOf(twoDelta+complete, 0)}, want: twice,
			out: begin + oneDelta + twoDelta + complete,
		},
		"json": {
			json: true, steps: []http.HandlerFunc{streamOf(oneDelta+alive+complete, 0)}, want: first,
			out: dataOf(oneDelta) + dataOf(complete),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := &edge{steps: tt.steps}
				f, out := responding(t, e)
				f.Raw, f.JSON = tt.raw, tt.json
				err := f.follow(t.Context())
				synctest.Wait() // until each request is recorded
				if tt.fail == "" && err != nil || tt.fail != "" && (err == nil || err.Error() != tt.fail) {
					t.Errorf("it ended with %v, want %q", err, tt.fail)
				}
				if diff := cmp.Diff(tt.want, e.seen); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				text, _ := io.ReadAll(out) // reading memory does not fail
				if diff := cmp.Diff(tt.out, string(text)); diff != "" {
					t.Errorf("output (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// dataOf returns the data of a frame, with a newline.
func dataOf(frame string) string {
	_, data, _ := strings.Cut(frame, "data: ")
	return strings.TrimSuffix(data, "\n")
}

// TestResponseInterrupted checks that an interrupted question leaves no response behind.
func TestResponseInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &edge{steps: []http.HandlerFunc{streamOf(begin, time.Hour), refuse(200, "")}}
		f, _ := responding(t, e)
		ctx, interrupt := context.WithTimeout(t.Context(), 5*time.Second)
		defer interrupt()
		if err := f.follow(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if err := f.interrupted(ctx); !errors.Is(err, config.ErrInterrupted) {
			t.Error(err)
		}
		synctest.Wait()
		if diff := cmp.Diff([]string{respond, "POST /v1/responses/resp_c1/cancel"}, e.seen); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

// TestRequest checks the request bodies for each API.
func TestRequest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		by   api
		want string
	}{
		"chat":      {chatAPI{}, `{"max_tokens":7,"messages":[{"content":"Cats?","role":"user"}],"model":"m","stream":true}`},
		"responses": {responseAPI{}, `{"input":"Cats?","max_output_tokens":7,"model":"m","stream":true}`},
	} {
		got, err := json.Marshal(tt.by.request("m", question("Cats?"), 7))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %v, %s, want %s", name, err, got, tt.want)
		}
	}
}

// TestAPIOf checks which API follows an id.
func TestAPIOf(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]api{"resp_X": responseAPI{}, "chatcmpl-X": chatAPI{}, "nope": chatAPI{}, "": chatAPI{}} {
		if got := apiOf(id); got != want {
			t.Errorf("%q is followed by %T, want %T", id, got, want)
		}
	}
}
