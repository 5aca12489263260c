package chat_test

import (
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// TestForeignTools sends a tool that is not a function to servers without declared capabilities, and to models that ignore tools.
func TestForeignTools(t *testing.T) {
	req := &chat.Request{
		Model: "m", Messages: []chat.Message{{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: "Hi"}}}},
		Tools: []chat.Tool{{Foreign: true, More: `{"google_search":{}}`}},
	}
	if err := req.Validate(); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		able  chat.Capabilities
		param string // the one that is refused
	}{
		{chat.Capabilities{Tools: chat.Used, OtherTools: chat.Used}, ""},
		{chat.Capabilities{Tools: chat.Ignored, OtherTools: chat.Ignored}, ""},
		{chat.Capabilities{Tools: chat.Used}, "tools[0].type"},
		{chat.Capabilities{}, "tools"},
	} {
		if err := test.able.Check(req); (err == nil) != (test.param == "") || err != nil && err.Param != test.param {
			t.Errorf("%+v: %v, want %q", test.able, err, test.param)
		}
	}
	req.Tools[0].More = ""
	if err := req.Validate(); err == nil || err.Param != "tools[0].function.name" {
		t.Errorf("a tool of nothing: %v", err)
	}
}
