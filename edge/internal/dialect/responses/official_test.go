package responses_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/edge/internal/dialect/responses"
)

// TestOfficialFields sends each member of OpenAI's request, and each string that it may be, by itself. The
// decoder accepts it, or refuses the feature. No member of OpenAI's is unknown. testdata/official.txt is made
// from OpenAI's types.
func TestOfficialFields(t *testing.T) {
	text, err := os.ReadFile("testdata/official.txt")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for line := range strings.Lines(string(text)) {
		path, value, valued := strings.Cut(strings.TrimSpace(line), " = ")
		top, _, _ := strings.Cut(path, ".")
		var of any = map[string]any{}
		if valued {
			of = value
		}
		switch top {
		case "input", "tools", "tool_choice":
			if !valued || path != top+".type" && path != top+".role" && path != top {
				continue // the members depend on the type
			}
		case "conversation", "prompt", "context_management", "moderation", "access_programs", "background_options", "image":
			if path != top {
				continue // refused as a whole
			}
		}
		tried++
		_, fault := responses.New().Decode(bodyWith(t, path, of), nil)
		if fault == nil {
			continue
		}
		if fault.Code == "unknown_parameter" || valued && fault.Code == "invalid_value" && !strings.Contains(path, "call_id") {
			t.Errorf("%s: %s at %s: %s", strings.TrimSpace(line), fault.Code, fault.Param, fault.Message)
		}
	}
	if tried < 100 {
		t.Errorf("only %d lines were tried", tried)
	}
}

// bodyWith returns a body with the value at the path.
func bodyWith(t *testing.T, path string, value any) []byte {
	t.Helper()
	names := strings.Split(path, ".")
	for i := len(names) - 1; i >= 0; i-- {
		if i == 0 && (names[i] == "input" || names[i] == "tools" || names[i] == "include") {
			value = []any{value}
		}
		value = map[string]any{names[i]: value}
	}
	members := value.(map[string]any)
	if names[0] == "stream_options" {
		members["stream"] = true
	}
	body, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
