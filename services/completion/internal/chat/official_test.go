package chat_test

import (
	"os"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// TestOfficialTexts sets the members that are plain text in the contract to each of the values that OpenAI's
// types define.
func TestOfficialTexts(t *testing.T) {
	text, err := os.ReadFile("../../../../edge/internal/dialect/chat/testdata/official.txt")
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]func(*chat.Request, string){
		"service_tier": func(r *chat.Request, v string) { r.ServiceTier = v },
		"messages.content.image_url.detail": func(r *chat.Request, v string) {
			r.Messages[0].Parts = []chat.Part{{Kind: chat.PartImage, ImageURL: "https://x.test", ImageDetail: v}}
		},
		"messages.content.input_audio.format": func(r *chat.Request, v string) {
			r.Messages[0].Parts = []chat.Part{{Kind: chat.PartAudio, AudioData: "AA==", AudioFormat: v}}
		},
	}
	tried := 0
	for line := range strings.Lines(string(text)) {
		path, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
		if set[path] == nil || value == "" {
			continue
		}
		tried++
		r := &chat.Request{Model: "m", Messages: []chat.Message{{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: "a"}}}}}
		set[path](r, value)
		if err := r.Validate(); err != nil {
			t.Errorf("%s is %s: %v", path, value, err)
		}
	}
	if tried < 12 {
		t.Errorf("%d texts", tried)
	}
}
