package read

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// A Language is one that people write in besides English: how it is recognised, what is
// said in it, and the words of it that are understood.
type Language struct {
	Code string `yaml:"-"`
	Name string
	// Words are frequent words by which the language is recognised.
	Words []string
	// Emergency and Poison say that this can be an emergency and whom to call, Note that
	// the guides are in English, Unsure that the question was not understood.
	Emergency, Poison, Note, Unsure string
	// Glossary gives words in English.
	Glossary map[string]string

	common map[string]bool
}

//go:embed data/languages.yaml
var languagesText []byte

func readLanguages() ([]*Language, error) {
	byCode := map[string]*Language{}
	if err := yaml.UnmarshalWithOptions(languagesText, &byCode, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("languages.yaml: %w", err)
	}
	var list []*Language
	for code, l := range byCode {
		l.Code, l.common = code, map[string]bool{}
		for _, w := range l.Words {
			l.common[w] = true
		}
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b *Language) int { return strings.Compare(a.Code, b.Code) })
	return list, nil
}

// translate finds the language of a turn and puts the words that are known into English.
func (r *Reader) translate(t *Turn) {
	split := words.Split(t.Text)
	t.Language = r.languageOf(split)
	if t.Language == nil {
		t.Foreign = otherScript(t.Text)
		return
	}
	var b strings.Builder
	at := 0
	for _, w := range split {
		english, ok := t.Language.Glossary[w.Text]
		if !ok {
			english, ok = t.Language.elided(t.Text[w.Start:w.End])
		}
		if !ok {
			continue
		}
		b.WriteString(t.Text[at:w.Start])
		b.WriteString(english)
		at = w.End
	}
	b.WriteString(t.Text[at:])
	t.Text = b.String()
}

// elided returns the English of a word behind an article that has lost its vowel: l'eau.
func (l *Language) elided(word string) (string, bool) {
	i := strings.IndexAny(word, "'’")
	if i < 0 || i > 2 {
		return "", false
	}
	english, ok := l.Glossary[words.Fold(strings.TrimLeft(word[i:], "'’"))]
	return english, ok
}

// languageOf returns the language that most words are of, or nil for English.
func (r *Reader) languageOf(split []words.Word) *Language {
	var best *Language
	most, english := 0, 0
	for _, w := range split {
		if r.phrases.known[w.Text] || r.cat.Knows(w.Text) {
			english++
		}
	}
	for _, l := range r.languages {
		n := 0
		for _, w := range split {
			_, known := l.Glossary[w.Text]
			switch {
			case l.common[w.Text]:
				n += 2
			case known && !r.cat.Knows(w.Text):
				n++
			}
		}
		if n > most {
			best, most = l, n
		}
	}
	if most < 2 || most < english || most*3 < len(split) {
		return nil
	}
	return best
}

// otherScript reports whether most letters are not Latin.
func otherScript(text string) bool {
	letters, other := 0, 0
	for _, c := range text {
		if unicode.IsLetter(c) {
			letters++
			if !unicode.Is(unicode.Latin, c) {
				other++
			}
		}
	}
	return other*2 > letters
}
