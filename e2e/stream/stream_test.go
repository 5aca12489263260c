package stream

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

func TestStreamHeaders(t *testing.T) {
	t.Parallel()
	r := api.Record(t, rig.Fast(t).URL(), nil, "Accept: application/json", "Accept-Encoding: gzip, br, zstd")
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
	if !api.CompletionID.MatchString(r.ID) {
		t.Errorf("X-Completion-Id is %q", r.ID)
	}
	if id := r.Header.Get("X-Request-Id"); !api.RequestID.MatchString(id) {
		t.Errorf("X-Request-Id is %q", id)
	}
}

// TestStreamBytes checks that a stream has only the form of blocks that all clients can read.
func TestStreamBytes(t *testing.T) {
	t.Parallel()
	r := api.Record(t, rig.Fast(t).URL(), nil)
	last := len(r.Blocks) - 1
	// The role, each token, the finish reason, the usage and the end.
	if want := 1 + api.SomeTokens + 1 + 1 + 1; len(r.Blocks) != want {
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
		form := regexp.MustCompile("^data: " + data + "\n" + retry + "id: " + regexp.QuoteMeta(api.EventID(r.ID, i)) + "\n\n$")
		if !form.MatchString(block) {
			t.Errorf("block %d is %q", i, block)
		}
	}
	if id := r.Events[last].ID.String(); len(id) > 128 {
		t.Errorf("the id %s has %d bytes", id, len(id))
	}
	a := api.Joined(t, r.Events)
	if diff := cmp.Diff(api.Whole(t, rig.Fast(t).URL()), a); diff != "" {
		t.Errorf("(-not streamed +streamed)\n%s", diff)
	}
}

// TestChunks checks each chunk, member by member, including nulls.
func TestChunks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		members  api.Object
		hasUsage bool
	}{
		{"with usage", api.Object{"max_tokens": 3}, true},
		{"without usage", api.Object{"max_tokens": 3, "stream_options": nil}, false},
		{"usage not wanted", api.Object{"max_tokens": 3, "stream_options": api.Object{"include_usage": false}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := api.Record(t, rig.Fast(t).URL(), test.members)
			common := api.Decode(t, r.Events[0].Data)
			var want []api.Object
			add := func(delta api.Object, reason any) {
				chunk := chunkLike(t, r, common)
				chunk["choices"] = []any{api.Object{"index": 0.0, "delta": delta, "logprobs": nil, "finish_reason": reason}}
				if test.hasUsage {
					chunk["usage"] = nil
				}
				want = append(want, chunk)
			}
			add(api.Object{"role": "assistant", "content": "", "refusal": nil}, nil)
			for _, token := range []string{"A", " cat", " stays"} {
				add(api.Object{"content": token}, nil)
			}
			add(api.Object{}, "length")
			if test.hasUsage {
				chunk := chunkLike(t, r, common)
				chunk["choices"], chunk["usage"] = []any{}, fullUsage(16, 3)
				want = append(want, chunk)
			}
			var got []api.Object
			for _, e := range r.Events[:len(r.Events)-1] {
				got = append(got, api.Decode(t, e.Data))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// chunkLike returns what all chunks of a completion have in common.
func chunkLike(t *testing.T, r api.Recording, first api.Object) api.Object {
	t.Helper()
	for _, name := range []string{"created", "system_fingerprint", "service_tier"} {
		if first[name] == nil {
			t.Errorf("the first chunk has no %s", name)
		}
	}
	return api.Object{
		"id": r.ID, "object": "chat.completion.chunk", "model": api.Model, "created": first["created"],
		"system_fingerprint": first["system_fingerprint"], "service_tier": first["service_tier"],
	}
}

func fullUsage(prompt, completion float64) api.Object {
	return api.Object{
		"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
		"prompt_tokens_details": api.Object{"cached_tokens": 0.0, "audio_tokens": 0.0},
		"completion_tokens_details": api.Object{
			"reasoning_tokens": 0.0, "audio_tokens": 0.0,
			"accepted_prediction_tokens": 0.0, "rejected_prediction_tokens": 0.0,
		},
	}
}
