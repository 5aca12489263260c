package body

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxPlainName is the maximum length of a caller's name that an error may repeat.
const maxPlainName = 64

// render returns a place in the text in OpenAI's spelling. A pointer does not tell an
// index from a name that is a number; the Decoder's stack does. A name that is not
// plain is the caller's own and may be anything, so the path ends before it and whole
// is false.
func (t *tokens) render(p jsontext.Pointer) (path string, whole bool) {
	var b strings.Builder
	level := 0
	for token := range p.Tokens() {
		level++
		if level <= t.text.StackDepth() {
			if kind, _ := t.text.StackIndex(level); kind == jsontext.KindBeginArray {
				b.WriteString("[" + token + "]")
				continue
			}
		}
		if !isPlain(token) {
			return b.String(), false
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(token)
	}
	return b.String(), true
}

// isPlain reports whether a name is 1 to 64 of [A-Za-z0-9_.-].
func isPlain(name string) bool {
	if name == "" || len(name) > maxPlainName {
		return false
	}
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}
