package read

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// A Reader reads turns. It is safe for concurrent use.
type Reader struct {
	cat       *catalogue.Catalogue
	phrases   *phrases
	lexicon   lexicon
	languages []*Language
	edits     edits
	model     *linear // predicts the kinds of answers
	whose     *linear // predicts whom words are about
}

// lexicon is data/lexicon.yaml.
type lexicon struct {
	Cues    map[string][]string
	Facts   map[string][]string
	Exact   map[string][]string
	Ask     map[string][]string
	Numbers map[string]float64
	Slang   map[string]string
	Compare map[string][]string
	Style   map[string][]string
	Edits   map[string][]string
	Tongues map[string][]string
}

//go:embed data/lexicon.yaml
var lexiconText []byte

// The groups of phrases that are no attributes.
const (
	groupCue     = "cue"
	groupFact    = "fact"
	groupExact   = "exact"
	groupAsk     = "ask"
	groupCompare = "compare"
	groupStyle   = "style"
)

// The prefixes of an attribute's groups.
const (
	valueOf = "value:"
	askFor  = "about:"
	moreOf  = "more:"
	lessOf  = "less:"
)

// New returns a reader of turns about a catalogue, with the embedded models.
func New(cat *catalogue.Catalogue) (*Reader, error) {
	return NewWith(cat, nil, nil)
}

// NewWith returns a reader with models from [Train] and [TrainWhose]; nil: the embedded ones.
func NewWith(cat *catalogue.Catalogue, kinds, whose []byte) (*Reader, error) {
	r, err := untrained(cat)
	if err != nil {
		return nil, err
	}
	if kinds == nil {
		kinds = modelData
	}
	if whose == nil {
		whose = whoseData
	}
	if r.model, err = loadLinear(kinds, len(allKinds), slots); err != nil {
		return nil, fmt.Errorf("model.bin: %w", err)
	}
	if r.whose, err = loadLinear(whose, len(Whose{}), whoseSlots); err != nil {
		return nil, fmt.Errorf("whose.bin: %w", err)
	}
	return r, nil
}

// untrained returns a reader without models, which considers all kinds equally likely.
func untrained(cat *catalogue.Catalogue) (*Reader, error) {
	r := &Reader{cat: cat, phrases: newPhrases()}
	if err := yaml.UnmarshalWithOptions(lexiconText, &r.lexicon, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("lexicon.yaml: %w", err)
	}
	// The order is fixed, so that every process reads a turn alike: a replica that takes a completion over composes
	// it again.
	for _, of := range []struct {
		group string
		lists map[string][]string
	}{
		{groupCue, r.lexicon.Cues},
		{groupFact, r.lexicon.Facts},
		{groupAsk, r.lexicon.Ask},
		{groupCompare, r.lexicon.Compare},
		{groupStyle, r.lexicon.Style},
		{groupExact, r.lexicon.Exact},
	} {
		for _, name := range slices.Sorted(maps.Keys(of.lists)) {
			r.phrases.add(of.group, name, of.lists[name])
		}
	}
	for _, a := range cat.Attributes() {
		r.phrases.add(askFor+a.Name, "", a.Ask)
		r.phrases.add(moreOf+a.Name, "", a.More)
		r.phrases.add(lessOf+a.Name, "", a.Less)
		for _, v := range a.Values {
			r.phrases.add(valueOf+a.Name, v.Name, v.Words)
		}
	}
	r.model, r.whose = untaught(len(allKinds), slots), untaught(len(Whose{}), whoseSlots)
	var err error
	r.languages, err = readLanguages()
	r.edits = newEdits(&r.lexicon, r.languages)
	return r, err
}

// Bounds on what is read of a turn: its beginning and its end. A prompt may be a book, but people do not hide their
// question in the middle.
const (
	maxHead      = 2 << 10 // bytes
	maxTail      = 4 << 10
	maxSentences = 60
	maxFound     = 240 // phrases
	maxAmounts   = 40
)

// bounded returns the first and the last elements of a list that is longer than n, because elements are compared with
// each other.
func bounded[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	return append(list[:n/2:n/2], list[len(list)-n/2:]...)
}

// Clip shortens a long turn to the part that is read.
func Clip(text string) string {
	text = strings.ToValidUTF8(text, " ")
	if len(text) <= maxHead+maxTail {
		return text
	}
	head, tail := text[:maxHead], text[len(text)-maxTail:]
	return strings.ToValidUTF8(head, "") + ".\n" + strings.ToValidUTF8(tail, "")
}

// Turn reads what a person said.
func (r *Reader) Turn(text string) *Turn {
	t := &Turn{Written: text, Text: Clip(text)}
	r.translate(t)
	t.Words = words.Split(t.Text)
	r.correct(t)
	found := bounded(r.phrases.find(t.Words), maxFound)
	r.mark(t, found)
	r.sentences(t)
	r.style(t, found)
	r.edits.read(t, found)
	return t
}

// correct replaces misspelled words by known ones.
func (r *Reader) correct(t *Turn) {
	for i := range t.Words {
		w := &t.Words[i]
		if full, ok := r.lexicon.Slang[w.Text]; ok && (w.Text != "y" || i+1 < len(t.Words) && t.Words[i+1].Text == "o") {
			w.Text, w.Stem = full, words.Stem(full)
			continue
		}
		if r.phrases.known[w.Text] || r.cat.Knows(w.Text) || slices.ContainsFunc(words.Singulars(w.Text), r.cat.Knows) || w.Capital && !w.Opens {
			continue
		}
		if better := r.phrases.correct(w.Text); better != "" && len(r.cat.Names(t.Text[w.Start:w.End])) == 0 {
			w.Text, w.Stem = better, words.Stem(better)
		}
	}
}

// sentences splits the turn into sentences, and a second question from a first.
func (r *Reader) sentences(t *Turn) {
	from := 0
	for i := 1; i <= len(t.Words) && len(t.Asks) < maxSentences; i++ {
		second := i < len(t.Words) && !t.inAmount(i) && (asksOn(t, from, i) || i-from > 3 && numbered(t, i)) || i < len(t.Words) && !t.inAmount(i) && joins(t.Words[i-1].Text) && (i-from > 3 && t.opens(i) && len(t.Words)-i > 1 || t.ranksAgain(from, i))
		if i < len(t.Words) && t.Words[i].Sentence == t.Words[i-1].Sentence && !second {
			continue
		}
		end := len(t.Text)
		if i < len(t.Words) {
			end = t.Words[i].Start
		}
		text := strings.TrimSpace(t.Text[t.Words[from].Start:end])
		ranks := second && !t.opens(i)
		s := Sentence{Text: text, From: from, To: i, Question: strings.Contains(text, "?") || t.asks(from, i) || ranks && t.asksAt(from) || t.first(from, i, "wonders") != nil}
		s.Kinds = r.kinds(r.features(t, from, i))
		t.Asks = append(t.Asks, s)
		from = i
	}
}

// inAmount reports whether a word is within an amount: "leave at 7 and are back at 5".
func (t *Turn) inAmount(word int) bool {
	return slices.ContainsFunc(t.Marks, func(m Mark) bool { return m.Amount != nil && m.From < word && word < m.To })
}

// ranksAgain reports whether a word begins a second animal with a rank: "the cheapest dog and the cheapest cat".
func (t *Turn) ranksAgain(from, word int) bool {
	at := func(i int) bool {
		return slices.ContainsFunc(t.Marks, func(m Mark) bool { return m.Order != 0 && m.From == i })
	}
	if !at(word) && (wordAt(t, word) != "the" || !at(word+1)) {
		return false
	}
	ranked := slices.IndexFunc(t.Marks, func(m Mark) bool { return m.Order != 0 && m.From >= from && m.To < word })
	return ranked >= 0 && slices.ContainsFunc(t.Marks, func(m Mark) bool {
		return (m.Species() != "" || m.Fact == "any-pet") && m.From >= t.Marks[ranked].To && m.To < word
	})
}

const mostLead = 6 // words before the first one of a question

// leadsIn returns how many words, from one on, may introduce a question: "also", "at", "1.".
func leadsIn(t *Turn, word int) int {
	n := 0
	for i := range t.Marks {
		if m := &t.Marks[i]; m.From == word && (m.Fact == "leads-in" || m.Amount != nil && m.Attribute == nil && m.To == word+1) {
			n = max(n, m.To-word)
		}
	}
	return n
}

// asksOn reports whether another question follows a comma: "when does he need shots, how often does he eat". A clause
// such as "when he eats, what ..." is no question.
func asksOn(t *Turn, from, word int) bool {
	const fewWords = 3
	begins := from
	for i := from + 1; i < word && !t.opens(begins); i++ { // "three questions: how much does he eat, can he ..."
		if t.Words[i].Clause != t.Words[i-1].Clause && t.At("asks-on", i) {
			begins = i
		}
	}
	if t.Words[word].Clause == t.Words[word-1].Clause || word-from <= fewWords || len(t.Words)-word <= fewWords || !t.At("asks-on", word) || !t.opens(begins) {
		return false
	}
	return !t.At("while", begins) || t.At("asks-if", begins+1)
}

// numbered reports whether a word is the number of a question: "2) how often to clean it 3) can they ...".
func numbered(t *Turn, word int) bool {
	w, next := t.Words[word], word+1
	return len(w.Text) == 1 && w.Text[0] >= '1' && w.Text[0] <= '9' && w.End < len(t.Text) && strings.ContainsRune(").:", rune(t.Text[w.End])) &&
		next < len(t.Words) && (t.opens(next) || t.At("asks-on", next) || t.At("asks-if", next))
}

// joins reports whether a word may join a second question to a first.
func joins(word string) bool {
	return word == "and" || word == "also" || word == "plus" || word == "but"
}

// opens reports whether a question begins at a word: "is it", "can cats".
func (t *Turn) opens(word int) bool {
	return slices.ContainsFunc(t.Marks, func(m Mark) bool {
		return m.From == word && (m.Fact == "opener" || m.Fact == "asks-if" && (animalAt(t, m.To) || t.At("pronoun", m.To)))
	})
}

// animalAt reports whether an animal is named at a word.
func animalAt(t *Turn, word int) bool {
	return slices.ContainsFunc(t.Marks, func(m Mark) bool { return m.From == word && (m.Pet != nil || m.Species() != "") })
}

// asks reports whether a question begins with words from up to to, or with one of their clauses: "hello, how much is
// he".
func (t *Turn) asks(from, to int) bool {
	for i, next := from, from; i < to; i++ {
		if i == next && i-from <= mostLead {
			next += leadsIn(t, i)
		}
		if i > from && t.Words[i].Clause != t.Words[i-1].Clause && t.At("asks-on", i) {
			return true // "our sows: how often do I trim nails"
		}
		if (i == from || i == next || t.Words[i].Clause != t.Words[i-1].Clause && i-from < 3) && t.opens(i) {
			return true
		}
	}
	return false
}

// Kinds returns the probabilities of the kinds for the whole turn.
func (r *Reader) Kinds(t *Turn) Kinds { return r.kinds(r.features(t, 0, len(t.Words))) }
