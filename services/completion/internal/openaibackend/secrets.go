package openaibackend

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// secrets are texts that only a server may see.
type secrets []string

// minSecret is the minimum length of a header's word, in bytes, to count as a secret.
const minSecret = 8

func newSecrets(key string, headers map[string]string) (s secrets) {
	if key != "" {
		s = append(s, key)
	}
	for _, value := range headers {
		for word := range strings.FieldsSeq(value) {
			if len(word) >= minSecret {
				s = append(s, word)
			}
		}
	}
	return s
}

// in reports whether text holds one of the secrets.
func (s secrets) in(text string) bool {
	return slices.ContainsFunc(s, func(secret string) bool { return strings.Contains(text, secret) })
}

// errWithheld replaces a cause whose text holds a secret: a server may repeat what it
// was sent.
var errWithheld = errors.New("the server's message is withheld: it repeats the key")

// withhold returns err, or errWithheld if err holds a secret.
func (s secrets) withhold(err error) error {
	var f *route.Failure
	if !errors.As(err, &f) || f.Shown.Err == nil || !s.in(f.Shown.Err.Error()) {
		return err
	}
	discreet, shown := *f, *f.Shown
	shown.Err = errWithheld
	discreet.Shown = &shown
	if s.in(shown.Message) {
		shown.Message = route.Broken(nil).Shown.Message
		return discreet.Because("")
	}
	return &discreet
}

// paramPath matches a field's path.
var paramPath = regexp.MustCompile(`^[a-z_]+([.\[][a-z0-9_.\[\]]*)?$`)

func param(name string, s secrets) string {
	if len(name) > 200 || !paramPath.MatchString(name) || s.in(name) {
		return ""
	}
	return name
}

// maxReason bounds how much of a server's own words is passed on, in bytes.
const maxReason = 500

// reason returns a server's words about the caller's request, if they may be shown.
func reason(text string, s secrets) string {
	text = strings.TrimRight(strings.ToValidUTF8(strings.TrimSpace(text), ""), ".")
	switch {
	case text == "" || strings.Contains(text, "://"), s.in(text):
		return ""
	case len(text) > maxReason:
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}
