package chat_test

import (
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func TestTheNewerNameOfATokenLimitCounts(t *testing.T) {
	for _, test := range []struct {
		older, newer *int
		limit        int
		ok           bool
	}{{nil, nil, 0, false}, {new(5), nil, 5, true}, {nil, new(6), 6, true}, {new(5), new(6), 6, true}} {
		r := chat.Request{MaxTokens: test.older, MaxCompletionTokens: test.newer}
		if limit, ok := r.TokenLimit(); limit != test.limit || ok != test.ok {
			t.Errorf("TokenLimit: %d, %t, want %d, %t", limit, ok, test.limit, test.ok)
		}
	}
}

func TestTheTextOfAMessageIsThatOfItsParts(t *testing.T) {
	for _, test := range []struct {
		parts []chat.Part
		want  string
	}{
		{nil, ""},
		{[]chat.Part{{Kind: chat.PartText, Text: "dog"}}, "dog"},
		{[]chat.Part{{Kind: chat.PartImage, ImageURL: "u"}}, ""},
		{[]chat.Part{{Kind: chat.PartText, Text: "a "}, {Kind: chat.PartImage, ImageURL: "u"}, {Kind: chat.PartText, Text: "dog"}}, "a dog"},
		{[]chat.Part{{Kind: chat.PartText, Text: "a"}, {Kind: chat.PartRefusal, Text: "no"}}, "ano"},
		{[]chat.Part{{Kind: chat.PartRefusal, Text: "no"}}, "no"},
	} {
		m := chat.Message{Parts: test.parts}
		if got := m.Text(); got != test.want {
			t.Errorf("Text of %+v: %q, want %q", test.parts, got, test.want)
		}
	}
}
