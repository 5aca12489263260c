package read

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// A Language is one that people write besides English: how to recognise it, what to say in it, and which of its words
// are understood.
type Language struct {
	Code string `yaml:"-"`
	Name string
	// Words are frequent words by which the language is recognised.
	Words []string
	// Emergency and Poison say that this can be an emergency and whom to call, Note that the guides are in English,
	// and Unsure that the question was not understood. In a language that is not read, Note says which ones are, and
	// whom to call about an animal in danger.
	Emergency, Poison, Note, Unsure string
	// Scripts are scripts of Unicode that identify the language.
	Scripts []string
	// Glossary maps words to English. Phrases are found before their words.
	Glossary map[string]string
	// Endings may be removed from a word that the glossary lacks, or replaced: "en", "oes:ao".
	Endings []string
	// Joints may stand between the parts of a compound; none if the language has no compounds.
	Joints []string

	common  map[string]bool
	phrases map[string][]saying // by first word, the longest first
	texts   map[string]string   // the advisor's sentences, by key in data/phrases.txt
	care    map[string]string   // short versions of guides, by guide and heading
}

// A saying is a foreign phrase with its English. If it has a tail, some words stand between the first ones and the
// tail, and in English at an asterisk: this covers separable verbs and split constructions.
type saying struct {
	words, tail []string
	english     string
}

// between stands for up to maxBetween other words in a phrase.
const (
	between    = "*"
	maxBetween = 4
)

//go:embed data/languages.yaml
var languagesText []byte

//go:embed data/glossary.txt
var glossaryText string

//go:embed data/phrases.txt
var phrasesText string

//go:embed data/care.txt
var careText string

func readLanguages() ([]*Language, error) {
	byCode := map[string]*Language{}
	if err := yaml.UnmarshalWithOptions(languagesText, &byCode, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("languages.yaml: %w", err)
	}
	for _, l := range byCode {
		l.texts, l.care = map[string]string{}, map[string]string{}
	}
	err := readTable(glossaryText, byCode, func(l *Language, english, said string) {
		for one := range strings.SplitSeq(said, ",") {
			if key := folded(one); key != "" {
				l.Glossary[key] = english
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("glossary.txt: %w", err)
	}
	if err := readTable(phrasesText, byCode, (*Language).phrased); err != nil {
		return nil, fmt.Errorf("phrases.txt: %w", err)
	}
	if err := readCare(careText, byCode); err != nil {
		return nil, fmt.Errorf("care.txt: %w", err)
	}
	var list []*Language
	for code, l := range byCode {
		l.Code, l.common = code, map[string]bool{}
		l.gather()
		for _, w := range l.Words {
			l.common[w] = true
		}
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b *Language) int { return strings.Compare(a.Code, b.Code) })
	return list, nil
}

// readTable reads a table whose first line names its columns' languages.
func readTable(text string, languages map[string]*Language, put func(l *Language, key, said string)) error {
	var columns []*Language
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "|")
		if columns == nil {
			for _, code := range fields[1:] {
				l := languages[strings.TrimSpace(code)]
				if l == nil {
					return fmt.Errorf("%q is no language", code)
				}
				columns = append(columns, l)
			}
			continue
		}
		if len(fields) != len(columns)+1 {
			return fmt.Errorf("%q has not %d fields", line, len(columns)+1)
		}
		for i, l := range columns {
			said := strings.TrimSpace(fields[i+1])
			if said == "" {
				return fmt.Errorf("%q has an empty field", line)
			}
			put(l, strings.TrimSpace(fields[0]), said)
		}
	}
	return nil
}

// phrased adds a phrase. Questions are also added to the glossary, those with two names up to the first name.
func (l *Language) phrased(key, said string) {
	l.texts[key] = said
	if !strings.HasSuffix(key, "?") && !strings.Contains(key, "{}") {
		return
	}
	for _, text := range []*string{&key, &said} {
		if *text = strings.Trim(*text, " ?¿."); strings.Count(*text, "{}") > 1 {
			*text, _, _ = strings.Cut(*text, "{}")
		}
	}
	l.Glossary[folded(strings.ReplaceAll(said, "{}", between))] = strings.ReplaceAll(key, "{}", between)
}

// readCare reads short versions of guides: below "## guide: heading", one line per language.
func readCare(text string, languages map[string]*Language) error {
	key := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			key = heading
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		code, text, ok := strings.Cut(line, ": ")
		l := languages[code]
		if !ok || l == nil || key == "" {
			return fmt.Errorf("%q is not \"language: text\" below a heading", line)
		}
		l.care[key] = text
	}
	return nil
}

// Speaks reports whether the advisor answers in the language.
func (l *Language) Speaks() bool { return l != nil && len(l.texts) > 0 }

// Foreign returns the language, or nil if it is English.
func (l *Language) Foreign() *Language {
	if l.Code == English {
		return nil
	}
	return l
}

// Say returns the sentence for a key of data/phrases.txt, with in filled in; "" if there is no such key.
func (l *Language) Say(key string, in ...string) string {
	said := l.texts[key]
	for _, s := range in {
		said = strings.Replace(said, "{}", s, 1)
	}
	return said
}

// Care returns a short version of a guide's section; "" if there is only English.
func (l *Language) Care(guide, heading string) string { return l.care[guide+": "+heading] }

// CareKeys returns the guides and headings for which [Language.Care] has a text.
func (l *Language) CareKeys() []string { return slices.Sorted(maps.Keys(l.care)) }

// folded converts a text into the form in which words are compared.
func folded(text string) string {
	if before, after, ok := strings.Cut(text, between); ok {
		return folded(before) + " " + between + " " + folded(after)
	}
	var list []string
	for _, w := range words.Split(text) {
		list = append(list, w.Text)
	}
	return strings.Join(list, " ")
}

// gather collects the phrases of the glossary.
func (l *Language) gather() {
	l.phrases = map[string][]saying{}
	for key, english := range l.Glossary {
		if first, _, ok := strings.Cut(key, " "); ok {
			before, after, _ := strings.Cut(key, between)
			l.phrases[first] = append(l.phrases[first], saying{strings.Fields(before), strings.Fields(after), english})
		}
	}
	for _, list := range l.phrases {
		slices.SortFunc(list, func(a, b saying) int {
			return cmp.Or(cmp.Compare(len(b.words)+len(b.tail), len(a.words)+len(a.tail)), slices.Compare(a.words, b.words), slices.Compare(a.tail, b.tail))
		})
	}
}

// phrase returns the longest phrase at the beginning of a text, and the ends of its first words, of the words
// between, and of its tail.
func (l *Language) phrase(text []words.Word) (s saying, from, to, end int) {
	for _, s := range l.phrases[text[0].Text] {
		from := len(s.words)
		if !startsWith(text, s.words) {
			continue
		}
		if len(s.tail) == 0 {
			return s, from, from, from
		}
		for to := from + 1; to <= from+maxBetween && to < len(text); to++ {
			if text[to].Clause != text[0].Clause {
				break
			}
			if startsWith(text[to:], s.tail) {
				return s, from, to, to + len(s.tail)
			}
		}
	}
	return saying{}, 0, 0, 0
}

// startsWith reports whether a text begins with words.
func startsWith(text []words.Word, with []string) bool {
	return len(with) <= len(text) && slices.EqualFunc(with, text[:len(with)], func(a string, b words.Word) bool { return a == b.Text })
}

// translate finds the language of a turn, and translates its known words into English.
func (r *Reader) translate(t *Turn) {
	split := words.Split(t.Text)
	t.Language = r.languageOf(split)
	if t.Language == nil {
		t.Foreign = words.OtherScript(t.Text)
		if t.Foreign {
			t.Language = r.writtenIn(t.Text)
		}
		return
	}
	t.Foreign = !t.Language.Speaks()
	if len(split) == 0 || t.Foreign {
		return
	}
	last := split[len(split)-1].End
	t.Text = t.Text[:split[0].Start] + r.render(t.Language, t.Text, split) + t.Text[last:]
}

// render returns words of a text in English, with the text between them.
func (r *Reader) render(l *Language, text string, split []words.Word) string {
	var b strings.Builder
	at := split[0].Start
	for i := 0; i < len(split); i++ {
		w := split[i]
		s, from, to, end := l.phrase(split[i:])
		english, ok := s.english, end > 0
		if from < to {
			english = strings.Replace(english, between, r.render(l, text, split[i+from:i+to]), 1)
		}
		if !ok {
			end = 1
			if english, ok = r.english(l, text[w.Start:w.End], &w); !ok {
				continue
			}
		}
		b.WriteString(text[at:w.Start])
		b.WriteString(english)
		i += end - 1
		at = split[i].End
	}
	b.WriteString(text[at:split[len(split)-1].End])
	return b.String()
}

// english returns the English of a word: from the glossary, after an elided article, with another ending, or from its
// parts.
func (r *Reader) english(l *Language, written string, w *words.Word) (string, bool) {
	name := len(r.cat.Names(written)) > 0
	if name && w.Capital && w.Start > 0 {
		return "", false // within a sentence, "Coco" is not what it means in Portuguese
	}
	if english, ok := l.Glossary[w.Text]; ok {
		return english, true
	}
	if english, ok := l.elided(written); ok {
		return english, true
	}
	if name || r.cat.Knows(w.Text) {
		return "", false
	}
	if english, ok := l.inflected(w.Text); ok {
		return english, true
	}
	return l.compound(w.Text)
}

// leastStem is the least length of a word without its ending, and leastPart of a part of a compound.
const (
	leastStem = 4
	leastPart = 3
)

// inflected returns the English of a word whose ending differs from the glossary's.
func (l *Language) inflected(word string) (string, bool) {
	for _, e := range l.Endings {
		ending, instead, _ := strings.Cut(e, ":")
		stem, ok := strings.CutSuffix(word, ending)
		if !ok || len(stem) < leastStem {
			continue
		}
		if english, ok := l.Glossary[stem+instead]; ok {
			return english, true
		}
		if n := len(stem); instead == "" && stem[n-1] == stem[n-2] {
			if english, ok := l.Glossary[stem[:n-1]]; ok {
				return english, true
			}
		}
	}
	return "", false
}

// compound returns the English of a word that consists of two words of the glossary. It prefers the longest first
// part.
func (l *Language) compound(word string) (string, bool) {
	if len(l.Joints) == 0 {
		return "", false
	}
	for i := len(word) - leastPart; i >= leastPart; i-- {
		second, ok := l.Glossary[word[i:]]
		if !ok {
			second, ok = l.inflected(word[i:])
		}
		if !ok || l.common[word[i:]] {
			continue
		}
		for _, joint := range l.Joints {
			if first, ok := l.Glossary[strings.TrimSuffix(word[:i], joint)]; ok && strings.HasSuffix(word[:i], joint) && !l.common[strings.TrimSuffix(word[:i], joint)] {
				return first + " " + second, true
			}
		}
	}
	return "", false
}

// elided returns the English of a word after an article without its vowel: l'eau.
func (l *Language) elided(word string) (string, bool) {
	i := strings.IndexAny(word, "'’")
	if i < 0 || i > 5 {
		return "", false
	}
	rest := words.Fold(strings.TrimLeft(word[i:], "'’"))
	if english, ok := l.Glossary[rest]; ok {
		return english, true
	}
	return l.inflected(rest)
}

// languageOf returns the language of most words, or nil for English.
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
		if l.Speaks() {
			n = r.says(l, split)
		} else { // it is recognised only by frequent words
			for i := 0; i < len(split) && len(l.common) > 0; i++ {
				if l.common[split[i].Text] {
					n += 2
				}
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

// says returns how much of a text is in a language.
func (r *Reader) says(l *Language, split []words.Word) (n int) {
	for i, w := range split {
		if s, _, _, end := l.phrase(split[i:]); end > 0 {
			n += len(s.words) + len(s.tail) // a match of several words is hardly a coincidence
		}
		_, known := l.Glossary[w.Text]
		switch {
		case l.common[w.Text]:
			n += 2
		case known && !r.cat.Knows(w.Text):
			n++
		}
	}
	return n
}

// writtenIn returns the language of a text's script, or nil. Japanese also has letters of Chinese, so it comes first.
func (r *Reader) writtenIn(text string) *Language {
	for _, l := range r.languages {
		for _, script := range l.Scripts {
			if strings.ContainsFunc(text, func(c rune) bool { return unicode.Is(unicode.Scripts[script], c) }) {
				return l
			}
		}
	}
	return nil
}
