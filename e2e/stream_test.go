package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/sse"
)

// A recording is a stream as it came.
type recording struct {
	ID     string // of the completion
	Header http.Header
	Raw    string
	Blocks []string // Raw, cut after each blank line
	Events []sse.Event
}

// record creates a completion and takes its stream down.
func record(t *testing.T, url string, members object, headers ...string) recording {
	t.Helper()
	return recorded(t, post(t, url, streamed(members), headers...))
}

func recorded(t *testing.T, x exchange) recording {
	t.Helper()
	if x.Status != http.StatusOK {
		t.Fatalf("status %d, body %s", x.Status, x.Body)
	}
	raw := string(x.Body)
	blocks := strings.SplitAfter(raw, "\n\n")
	if rest := blocks[len(blocks)-1]; rest != "" {
		t.Fatalf("the stream ends in the middle of a block: %q", rest)
	}
	return recording{
		ID: x.Header.Get("X-Completion-Id"), Header: x.Header, Raw: raw,
		Blocks: blocks[:len(blocks)-1], Events: events(t, bytes.NewReader(x.Body)),
	}
}

func eventID(completion string, sequence int) string {
	return fmt.Sprintf("%s.%d", completion, sequence)
}

var (
	completionID = regexp.MustCompile(`^chatcmpl-[A-Z2-7]{26}$`)
	requestID    = regexp.MustCompile(`^req_[0-9a-f]{32}$`)
)

func TestStreamHeaders(t *testing.T) {
	t.Parallel()
	r := record(t, fast(t).URL(), nil, "Accept: application/json", "Accept-Encoding: gzip, br, zstd")
	for name, want := range map[string]string{
		"Content-Type":           "text/event-stream; charset=utf-8",
		"Cache-Control":          "no-store, no-transform",
		"X-Accel-Buffering":      "no",
		"X-Content-Type-Options": "nosniff",
		"Content-Encoding":       "",
		"Content-Length":         "",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !completionID.MatchString(r.ID) {
		t.Errorf("X-Completion-Id is %q", r.ID)
	}
	if id := r.Header.Get("X-Request-Id"); !requestID.MatchString(id) {
		t.Errorf("X-Request-Id is %q", id)
	}
}

// TestStreamBytes holds a stream against the profile that all clients can read: one
// form of block and nothing else.
func TestStreamBytes(t *testing.T) {
	t.Parallel()
	r := record(t, fast(t).URL(), nil)
	last := len(r.Blocks) - 1
	// The role, each token, the finish reason, the usage and the end.
	if want := 1 + someTokens + 1 + 1 + 1; len(r.Blocks) != want {
		t.Errorf("%d blocks, want %d", len(r.Blocks), want)
	}
	for i, block := range r.Blocks {
		retry, data := "", `\{.*\}`
		switch i {
		case 0:
			retry = "retry: [1-9][0-9]*\n"
		case last:
			data = `\[DONE\]`
		}
		form := regexp.MustCompile("^data: " + data + "\n" + retry + "id: " + regexp.QuoteMeta(eventID(r.ID, i)) + "\n\n$")
		if !form.MatchString(block) {
			t.Errorf("block %d is %q", i, block)
		}
	}
	if id := r.Events[last].ID.String(); len(id) > 128 {
		t.Errorf("the id %s has %d bytes", id, len(id))
	}
	a := joined(t, r.Events)
	if diff := cmp.Diff(whole(t, fast(t).URL()), a); diff != "" {
		t.Errorf("(-not streamed +streamed)\n%s", diff)
	}
}

// TestChunks checks each chunk, member by member: what is null is there.
func TestChunks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		members  object
		hasUsage bool
	}{
		{"with usage", object{"max_tokens": 3}, true},
		{"without usage", object{"max_tokens": 3, "stream_options": nil}, false},
		{"usage not wanted", object{"max_tokens": 3, "stream_options": object{"include_usage": false}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := record(t, fast(t).URL(), test.members)
			common := decode(t, r.Events[0].Data)
			var want []object
			add := func(delta object, reason any) {
				chunk := chunkLike(t, r, common)
				chunk["choices"] = []any{object{"index": 0.0, "delta": delta, "logprobs": nil, "finish_reason": reason}}
				if test.hasUsage {
					chunk["usage"] = nil
				}
				want = append(want, chunk)
			}
			add(object{"role": "assistant", "content": "", "refusal": nil}, nil)
			for _, token := range []string{"Before", " adopting", " a"} {
				add(object{"content": token}, nil)
			}
			add(object{}, "length")
			if test.hasUsage {
				chunk := chunkLike(t, r, common)
				chunk["choices"], chunk["usage"] = []any{}, fullUsage(16, 3)
				want = append(want, chunk)
			}
			var got []object
			for _, e := range r.Events[:len(r.Events)-1] {
				got = append(got, decode(t, e.Data))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// chunkLike returns what all chunks of a completion have in common.
func chunkLike(t *testing.T, r recording, first object) object {
	t.Helper()
	for _, name := range []string{"created", "system_fingerprint", "service_tier"} {
		if first[name] == nil {
			t.Errorf("the first chunk has no %s", name)
		}
	}
	return object{
		"id": r.ID, "object": "chat.completion.chunk", "model": model, "created": first["created"],
		"system_fingerprint": first["system_fingerprint"], "service_tier": first["service_tier"],
	}
}

func fullUsage(prompt, completion float64) object {
	return object{
		"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
		"prompt_tokens_details": object{"cached_tokens": 0.0, "audio_tokens": 0.0},
		"completion_tokens_details": object{
			"reasoning_tokens": 0.0, "audio_tokens": 0.0,
			"accepted_prediction_tokens": 0.0, "rejected_prediction_tokens": 0.0,
		},
	}
}

func decode(t *testing.T, text string) object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return o
}
