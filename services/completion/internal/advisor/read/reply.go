package read

import (
	"embed"
	"strings"
	"sync"
)

//go:embed data/intents/talk-*.md
var talkFiles embed.FS

// Replies returns possible replies to small talk of a kind.
func Replies(kind Kind) []string { return allReplies()[kind] }

var allReplies = sync.OnceValue(func() map[Kind][]string { //nolint:gochecknoglobals // what is embedded, read once
	all := map[Kind][]string{}
	for _, kind := range AllKinds() {
		text, err := talkFiles.ReadFile("data/intents/" + string(kind) + ".md")
		if err != nil {
			continue // not small talk
		}
		replies, _, _ := strings.Cut(string(text), "# askings")
		for line := range strings.Lines(replies) {
			if reply, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
				all[kind] = append(all[kind], reply)
			}
		}
	}
	return all
})
