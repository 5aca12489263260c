package layout

import (
	"regexp"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/excerpt"
)

// YesOrNo returns the yes or no with which a text begins; "" if it does not.
func YesOrNo(text string) string {
	for _, word := range []string{"Yes", "No"} {
		if rest, ok := strings.CutPrefix(Plain(text), word); ok && rest != "" && strings.ContainsRune(":,. ", rune(rest[0])) {
			return word + "."
		}
	}
	return ""
}

// Number returns the first number of a text.
func Number(text string) string {
	from := strings.IndexAny(text, "0123456789")
	if from < 0 {
		return ""
	}
	rest := text[from:]
	if to := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != ',' }); to >= 0 {
		rest = rest[:to]
	}
	return strings.TrimRight(rest, ".,")
}

// First returns the first n sentences of a text, without its markup.
func First(text string, n int) string {
	flat := Plain(strings.ReplaceAll(text, "\n\n", " "))
	sentences := excerpt.Split(flat)
	return strings.Join(sentences[:min(n, len(sentences))], " ")
}

// Sentences keeps the first n sentences of an answer's blocks. Headings and a mere yes or no do not count.
func Sentences(blocks []string, n int) string {
	var kept []string
	for _, s := range excerpt.Split(Plain(strings.Join(Points(blocks), " "))) {
		switch {
		case strings.HasSuffix(s, "?"):
			continue
		case len(strings.Fields(s)) == 1:
			n++
		}
		if len(kept) < n {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, " ")
}

// UpTo shortens a text to at most n words, at the end of a sentence if possible.
func UpTo(text string, n int) string {
	if excerpt.Words(text) <= n {
		return text
	}
	kept := ""
	for _, s := range excerpt.Split(Plain(text)) {
		if excerpt.Words(kept)+excerpt.Words(s) > n {
			break
		}
		kept += s + " "
	}
	if kept == "" {
		kept = strings.Join(strings.Fields(Plain(text))[:n], " ")
	}
	return strings.TrimSpace(kept)
}

// Plain removes Markdown from a text.
func Plain(text string) string {
	text = strings.NewReplacer("**", "", "*", "", "`", "", "\n- ", "\n").Replace(text)
	return strings.TrimPrefix(text, "- ")
}

// Simple returns the first points in fewer words: without brackets, and without what follows a semicolon.
func Simple(points []string, n int) string {
	kept := make([]string, 0, n)
	for _, p := range points[:min(n, len(points))] {
		p = bracketed.ReplaceAllString(p, "")
		if before, _, cut := strings.Cut(p, ";"); cut {
			p = before
		}
		kept = append(kept, p)
	}
	return Prose(kept)
}

var bracketed = regexp.MustCompile(` \([^)]*\)`)

// Prose joins points into running text.
func Prose(points []string) string {
	var b strings.Builder
	for _, p := range points {
		b.WriteString(p)
		if p != "" && !strings.ContainsRune(".!?:*", rune(p[len(p)-1])) {
			b.WriteByte('.')
		}
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}
