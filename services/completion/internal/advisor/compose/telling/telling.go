// Package telling finds the sentence of a guide that answers a question.
package telling

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/excerpt"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// surelyFirst is how much better a sentence must fit than a passage's first one, which was written to answer its
// heading.
const surelyFirst = 0.1

// Best returns the sentence of a passage that answers a question best, by its words and by its meaning, and the first
// one. They are the same unless another one is clearly better.
func Best(cat *catalogue.Catalogue, question, text string) (best, first string) {
	a := askedFor(cat, question)
	var most float32
	for _, s := range sentences(text, false) {
		score, _ := a.fits(s)
		if first == "" {
			best, first, most = s, s, score+surelyFirst
		} else if score > most {
			best, most = s, score
		}
	}
	return best, first
}

// Figure returns the sentence, or the list's item, with the figure that a question wants, and its passage. wanted
// reports whether the question wants a figure at all.
func Figure(cat *catalogue.Catalogue, question string, hits []catalogue.Hit) (told string, from *catalogue.Passage, wanted bool) {
	const rank = 0.5 // the weight of being in the first passage
	const tie = 0.85 // of the best: as likely meant
	form := catalogue.FormOf(words.Split(question))
	dimension := form.Figure()
	if dimension == "" || len(hits) == 0 {
		return "", nil, false
	}
	a := askedFor(cat, question)
	var most float32
	for _, h := range hits {
		if !h.Answers() || h.Score < tie*hits[0].Score {
			continue
		}
		for _, s := range sentences(h.Text, true) {
			score, named := a.fits(s)
			if !dimension.Tells(s) || !named {
				continue
			}
			if score += rank * float32(h.Score/hits[0].Score); score > most {
				told, from, most = s, h.Passage, score
			}
		}
	}
	return told, from, true
}

// Unheard returns the food in a question that no found passage names, or "".
func Unheard(question string, hits []catalogue.Hit) string {
	fed := catalogue.Fed(words.Split(question))
	if len(fed) == 0 {
		return ""
	}
	known := map[string]bool{}
	for _, h := range hits {
		for _, w := range words.Split(h.Text + "\n" + strings.Join(h.Askings, "\n")) {
			known[w.Stem] = true
		}
	}
	for _, w := range fed {
		if known[w.Stem] {
			return ""
		}
	}
	return question[fed[0].Start:fed[len(fed)-1].End]
}

// sentences returns the sentences of a passage and, with elements, the items of its lists: an item says little by
// itself, but may have the figure.
func sentences(text string, elements bool) []string {
	var list []string
	for line := range strings.Lines(text) {
		line, element := strings.CutPrefix(strings.TrimSpace(line), "- ")
		if line == "" || element && !elements {
			continue
		}
		list = append(list, excerpt.Split(line)...)
	}
	return list
}

// asked is what a question asks for.
type asked struct {
	cat   *catalogue.Catalogue
	words []words.Word
	stems map[string]bool
}

func askedFor(cat *catalogue.Catalogue, question string) *asked {
	const long = 3 // shorter words say little
	a := &asked{cat: cat, words: words.Split(question), stems: map[string]bool{}}
	for _, w := range a.words {
		if len(w.Stem) > long {
			a.stems[w.Stem] = true
		}
	}
	return a
}

// fits returns how well a sentence answers, and whether it names anything from the question.
func (a *asked) fits(sentence string) (score float32, named bool) {
	const few = 4
	said := words.Split(sentence)
	place, at := a.cat.Place(a.words), a.cat.Place(said)
	seen := map[string]bool{}
	for _, w := range said {
		if a.stems[w.Stem] {
			seen[w.Stem] = true
		}
	}
	return place.Near(&at) + float32(len(seen))/float32(max(few, len(a.stems))), len(seen) > 0
}

// joining are the words that join a question to what stands before or behind it.
var joining = []string{"and", "also", "but", "plus", "so", "or", "then"} //nolint:gochecknoglobals // a table

// Question returns a question as it may stand before its answer: without what joins it to others, with a capital and
// its mark; "" for several sentences.
func Question(text string) string {
	text = strings.TrimRight(strings.TrimSpace(text), "?!.,; ")
	if strings.ContainsAny(text, "?!\n;*") || strings.Contains(text, ". ") {
		return ""
	}
	if at := strings.LastIndex(text, ": "); at >= 0 {
		text = text[at+2:]
	}
	for changed := true; changed; {
		changed = false
		for _, w := range joining {
			if rest, ok := strings.CutPrefix(strings.ToLower(text), w+" "); ok {
				text, changed = text[len(text)-len(rest):], true
			}
			if rest, ok := strings.CutSuffix(strings.ToLower(text), " "+w); ok {
				text, changed = strings.TrimRight(text[:len(rest)], ", "), true
			}
		}
	}
	if len(text) > 3 && text[0] >= '1' && text[0] <= '9' && strings.ContainsRune(").", rune(text[1])) {
		text = strings.TrimSpace(text[2:])
	}
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "?"
}
