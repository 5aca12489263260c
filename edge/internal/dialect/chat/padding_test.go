package chat_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

func padded(t *testing.T, key string, sequence uint64, text string) string {
	t.Helper()
	meta := metadata(&completionv1.StreamOptions{IncludeObfuscation: true, IncludeUsage: true})
	meta.ObfuscationKey = []byte(key)
	event := deltaEvent(&completionv1.Delta{Content: text})
	event.Sequence = sequence
	return encode(t, chat.NewChunkEncoder(meta), event)
}

// TestPaddedSizes checks that chunks have few different sizes, regardless of the lengths of the texts.
func TestPaddedSizes(t *testing.T) {
	sizes := map[int]bool{}
	for length := 1; length <= 96; length++ {
		sizes[len(padded(t, "key", 7, strings.Repeat("x", length)))] = true
	}
	if len(sizes) > 4 {
		t.Errorf("texts of 1 to 96 bytes make chunks of %d sizes", len(sizes))
	}
	for a := range sizes {
		for b := range sizes {
			if (a-b)%32 != 0 {
				t.Errorf("sizes %d and %d are not in step", a, b)
			}
		}
	}
}

func TestPaddingIsKeyed(t *testing.T) {
	first := padded(t, "key", 7, "dog")
	for _, test := range []struct {
		name  string
		other string
		same  bool
	}{
		{"replay", padded(t, "key", 7, "dog"), true},
		{"other event", padded(t, "key", 8, "dog"), false},
		{"other key", padded(t, "yek", 7, "dog"), false},
		{"no key", padded(t, "", 7, "dog"), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if (first == test.other) != test.same {
				t.Errorf("%s\n%s", first, test.other)
			}
		})
	}
}

// TestPaddingOrder checks that the bytes of one event do not depend on earlier events.
func TestPaddingOrder(t *testing.T) {
	c := chat.NewChunkEncoder(metadata(&completionv1.StreamOptions{IncludeObfuscation: true}))
	event := deltaEvent(&completionv1.Delta{Content: "dog"})
	first := encode(t, c, event)
	event.Sequence = 1
	second := encode(t, c, event)
	event.Sequence = 0
	if again := encode(t, c, event); again != first || second == first {
		t.Errorf("%s\n%s\n%s", first, second, again)
	}
}

func TestPaddingIsAMember(t *testing.T) {
	var chunk struct {
		Choices     []any
		Usage       *any
		Obfuscation string
	}
	text := padded(t, "key", 7, "dog")
	if err := json.Unmarshal([]byte(text), &chunk); err != nil || chunk.Obfuscation == "" || len(chunk.Choices) != 1 {
		t.Errorf("%s: %v", text, err)
	}
}
