package layout

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// between separates the things within an item.
var between = regexp.MustCompile(`, and |, | and `)

// Without removes what contains one of some stems from an answer's lists, and adds adding, if any, to the last one.
func Without(blocks []string, stems []string, adding string) []string {
	out := slices.Clone(blocks)
	last := -1
	for i, block := range out {
		var lines []string
		for line := range strings.Lines(block) {
			mark := item.FindString(line)
			if mark == "" {
				lines = append(lines, strings.TrimRight(line, "\n"))
				continue
			}
			last = i
			if kept := without(strings.TrimSpace(line[len(mark):]), stems); kept != "" {
				lines = append(lines, mark+kept)
			}
		}
		out[i] = strings.Join(lines, "\n")
	}
	if adding != "" && last >= 0 {
		out[last] += "\n- " + strings.ToUpper(adding[:1]) + adding[1:] + "."
	}
	return out
}

// without returns an item without the things that contain one of some stems.
func without(text string, stems []string) string {
	things := between.Split(strings.TrimSuffix(text, "."), -1)
	kept := slices.DeleteFunc(slices.Clone(things), func(thing string) bool {
		return slices.ContainsFunc(words.Split(thing), func(w words.Word) bool { return slices.Contains(stems, w.Stem) })
	})
	if len(kept) == 0 || len(kept) == len(things) {
		return map[bool]string{true: text}[len(kept) > 0]
	}
	joined := strings.Join(kept, ", ")
	return strings.ToUpper(joined[:1]) + joined[1:] + "."
}
