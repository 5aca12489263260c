package read

import (
	"embed"
	"strings"
)

//go:embed data/intents/talk-*.md
var talkFiles embed.FS

// Replies returns what may be answered to small talk of a kind.
func Replies(kind Kind) []string {
	text, err := talkFiles.ReadFile("data/intents/" + string(kind) + ".md")
	if err != nil {
		return nil
	}
	replies, _, _ := strings.Cut(string(text), "# askings")
	var list []string
	for line := range strings.Lines(replies) {
		if reply, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
			list = append(list, reply)
		}
	}
	return list
}
