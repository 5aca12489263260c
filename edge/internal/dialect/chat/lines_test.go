package chat_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// TestNoTextEndsALine checks that a frame's data is one line even to readers that know more line endings than
// the SSE standard, and that the text is unchanged.
func TestNoTextEndsALine(t *testing.T) {
	const text = "a\u2028b\u2029c\u0085d\ve\fg\x1ch"
	const more = "a\u2028b\u2029c\u0085d" // in JSON, where no control character may stand
	event := deltaEvent(&completionv1.Delta{
		Content: text, Reasoning: text, Refusal: text, More: `{"x ` + "\u2028" + `":{"` + "\u2029" + `":["` + more + `"]}}`,
		ToolCalls: []*completionv1.ToolCallDelta{{
			Id: "call_1", FunctionName: "f", Arguments: text, More: `{"extra_content":"` + more + `","function":{"y":"` + more + `"}}`,
		}},
	})
	encoder := chat.NewChunkEncoder(metadata(nil))
	whole, err := encoder.Append(nil, event)
	if err != nil {
		t.Fatal(err)
	}
	_, body := chat.New().Failure(failure.InvalidValue("metadata."+text, text))
	for name, data := range map[string][]byte{
		"event": whole,
		"text":  encoder.AppendText(nil, 0, []byte(text), 1),
		"error": body,
	} {
		if strings.ContainsAny(string(data), "\u2028\u2029\u0085\n\r\v\f\x1c\x1d\x1e") {
			t.Errorf("%s: a line ends in %q", name, data)
		}
		if !json.Valid(data) || !strings.Contains(string(data), `a\u2028b\u2029c\u0085d`) {
			t.Errorf("%s: %s", name, data)
		}
	}
}
