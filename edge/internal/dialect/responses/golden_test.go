package responses_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/responses"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// answerTo returns the events of an answer with something of each requested kind.
func answerTo(p *completionv1.CompletionParams) events {
	list := events{}.delta(&completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT})
	if p.GetReasoningEffort() != completionv1.ReasoningEffort_REASONING_EFFORT_UNSPECIFIED {
		list = list.delta(&completionv1.Delta{Reasoning: "Who is calm?"})
	}
	if tools := p.GetTools(); len(tools) > 0 {
		list = list.call(0, "call_1", tools[0].GetFunction().GetName(), `{"a":`).call(0, "", "", `1}`)
		return list.finish(completionv1.FinishReason_FINISH_REASON_TOOL_CALLS).done()
	}
	list = list.text("Lu").text("na.")
	if p.MaxCompletionTokens != nil {
		return list.finish(completionv1.FinishReason_FINISH_REASON_LENGTH).done()
	}
	return list.finish(completionv1.FinishReason_FINISH_REASON_STOP).done()
}

// TestStreams compares the stream of an answer to each body of testdata/requests, byte for byte, because
// clients may be reading such a stream while the version changes.
func TestStreams(t *testing.T) {
	bodies, err := filepath.Glob("testdata/requests/*.in.json")
	if err != nil || len(bodies) < 30 {
		t.Fatalf("%d bodies, %v", len(bodies), err)
	}
	for _, name := range bodies {
		t.Run(filepath.Base(name), func(t *testing.T) {
			body, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			r, fault := responses.New().Decode(body, nil)
			if fault != nil {
				t.Fatal(fault)
			}
			meta := metadata(r.Params)
			meta.StreamOptions, meta.ObfuscationKey = r.Params.GetStreamOptions(), []byte("0123456789abcdef")
			got := strings.Join(project(t, meta, answerTo(r.Params), dialect.Reader{}), "\n\n") + "\n\n"
			file := strings.Replace(name, ".in.json", ".out.txt", 1)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, []byte(got)) {
				t.Errorf("(-want +got):\n%s", cmp.Diff(string(want), got))
			}
		})
	}
}
