package catalogue

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// A Form is what an answer must have to answer a question directly: a figure of some dimension, a choice, or a yes or
// no.
type Form string

// The forms known to the code. forms.yaml has those of other figures.
const (
	FormChoice Form = "or"
	FormMay    Form = "may"    // whether something may be done, given or left
	FormNeed   Form = "need"   // whether something is necessary
	FormShould Form = "should" // either of them
	FormNormal Form = "normal" // whether an observation is normal
	FormWorry  Form = "worry"  // the contrary
	FormVet    Form = "vet"    // whether a vet has to see it
	FormIs     Form = "is"     // whether something is so
	FormAge    Form = "age"    // the figure of an age
)

// An Asked is the form of a question.
type Asked struct {
	Forms []Form // the most likely first; none: unknown
	// Turned is set if a word such as "bad" or "over" reverses yes and no, Negated if the question has a negation.
	Turned, Negated bool
	// Open is set if a yes or no does not suffice: when must a vet see it? Loose is set if a figure is one of several
	// possible answers.
	Open, Loose bool
}

// Figure returns the dimension of the wanted figure, or "".
func (a *Asked) Figure() Form {
	if len(a.Forms) > 0 && !a.Loose && figureOf(a.Forms[0]) != nil {
		return a.Forms[0]
	}
	return ""
}

// Polar reports whether the question wants a yes or no.
func (a *Asked) Polar() bool {
	return !a.Open && slices.ContainsFunc(a.Forms, func(f Form) bool { return f != FormChoice && figureOf(f) == nil })
}

// differs reports whether one question wants a figure, and the other one something else.
func (a *Asked) differs(b *Asked) bool {
	return len(a.Forms) > 0 && len(b.Forms) > 0 && a.Figure() != b.Figure()
}

//go:embed forms.yaml
var formsData []byte

type formPhrases struct {
	Figures []*figure
	Polar   struct {
		Begins, After, Phrases, Open, Ends []string
		Kinds                              []struct {
			Kind  Form
			Asked []string
		}
	}
	Bad, Deadly, Death, Negations, Choice, NoChoice, Quiet, Enough []string

	Food struct {
		Feeds, Parts []string
		Banned       struct{ Asked, Modals, Nots, Fed, Headings []string }
	}

	Kinds, Strangers [][]string
	Cases            []struct{ Of, Told []string }

	Amounts struct {
		Measures       map[string]map[string]float64
		Spans, Numbers map[string]float64
		Under, Over    []string
	}
}

// A figure is a dimension: how people ask for it, and how texts tell it.
type figure struct {
	Form   Form
	Also   Form     // also answers loose questions: "when can"
	Polar  bool     // a question that has such a figure may want it, although it begins like one for yes or no
	Spans  []string // figures by themselves: "overnight"
	Asked  []string
	Figure string
	told   *regexp.Regexp
}

var formsOf = func() *formPhrases { //nolint:gochecknoglobals // a table
	var f formPhrases
	if err := decode("forms.yaml", formsData, &f); err != nil {
		panic(err) // embedded data, which every test reads
	}
	for _, g := range f.Figures {
		g.told = regexp.MustCompile(g.Figure)
		pad(g.Asked)
		pad(g.Spans)
	}
	for _, k := range f.Polar.Kinds {
		pad(k.Asked)
	}
	for _, list := range [][]string{f.Polar.Phrases, f.Bad, f.Negations, f.Choice, f.NoChoice, f.Enough, f.Deadly, f.Death, f.Amounts.Under, f.Amounts.Over} {
		pad(list)
	}
	for _, list := range slices.Concat(f.Kinds, f.Strangers) {
		pad(list)
	}
	for _, c := range f.Cases {
		pad(c.Of)
		pad(c.Told)
	}
	return &f
}()

// pad puts blanks around phrases, like those around words.
func pad(phrases []string) {
	for i, p := range phrases {
		phrases[i] = " " + p + " "
	}
}

func figureOf(f Form) *figure {
	for _, g := range formsOf.Figures {
		if g.Form == f {
			return g
		}
	}
	return nil
}

// Tells reports whether a text has a figure of this dimension.
func (f Form) Tells(text string) bool {
	g := figureOf(f)
	return g != nil && g.told.MatchString(text)
}

// FormOf returns the form of a question.
func FormOf(question []words.Word) (a Asked) {
	text := words.Join(question)
	for _, g := range formsOf.Figures {
		if len(phrasesIn(text, g.Asked)) == 0 {
			continue
		}
		a.Forms, a.Loose = []Form{g.Form}, g.Also != ""
		if a.Loose {
			a.Forms = append(a.Forms, g.Also)
			if vet := formsOf.Polar.Kinds[0]; len(phrasesIn(text, vet.Asked)) > 0 {
				a.Forms, a.Open = []Form{vet.Kind}, true
			}
		}
		return a
	}
	if len(phrasesIn(text, formsOf.Choice)) > 0 && len(phrasesIn(text, formsOf.NoChoice)) == 0 {
		a.Forms = append(a.Forms, FormChoice)
	}
	from := polarFrom(question)
	if from < 0 {
		return a
	}
	text = words.Join(question[from:]) // what precedes it does not reverse the question
	a.Turned = slices.ContainsFunc([][]string{formsOf.Bad, formsOf.Amounts.Under, formsOf.Amounts.Over}, func(list []string) bool { return len(phrasesIn(text, list)) > 0 })
	a.Negated = len(phrasesIn(words.Join(question[from+1:]), formsOf.Negations)) > 0
	for _, k := range formsOf.Polar.Kinds {
		if len(phrasesIn(text, k.Asked)) > 0 {
			a.Forms = append(a.Forms, k.Kind)
		}
	}
	a.Forms = append(a.Forms, FormIs)
	enough := len(phrasesIn(text, formsOf.Enough)) > 0
	for _, g := range formsOf.Figures {
		if !slices.Contains(a.Forms, g.Form) && (enough || g.Polar && (g.told.MatchString(text) || len(phrasesIn(text, g.Spans)) > 0)) {
			a.Forms = append(a.Forms, g.Form)
		}
	}
	return a
}

// Fed returns the food in a question, in its own words, or nil.
func Fed(question []words.Word) []words.Word {
	for i, w := range question {
		if !slices.Contains(formsOf.Food.Feeds, w.Text) {
			continue
		}
		rest := question[i+1:]
		for len(rest) > 0 && slices.Contains(formsOf.Quiet, rest[0].Text) {
			rest = rest[1:]
		}
		for k, r := range rest {
			if r.Clause != w.Clause || slices.Contains(formsOf.Quiet, r.Text) {
				return rest[:k]
			}
		}
		return rest
	}
	return nil
}

// polarFrom returns the word from which a question can be answered by yes or no, or -1.
func polarFrom(question []words.Word) int {
	p := &formsOf.Polar
	if len(question) == 0 {
		return -1
	}
	for i, w := range question {
		if i > 0 && question[i-1].Clause == w.Clause && !slices.Contains(p.After, question[i-1].Text) {
			continue
		}
		if slices.Contains(p.Begins, w.Text) {
			return i
		}
	}
	if slices.Contains(p.Open, question[0].Text) || len(question) > 1 && slices.Contains(p.After, question[0].Text) && slices.Contains(p.Open, question[1].Text) {
		return -1
	}
	text, first := words.Join(question), -1
	for _, phrase := range p.Phrases {
		if at := strings.Index(text, phrase); at >= 0 && (first < 0 || at < first) {
			first = at
		}
	}
	if first >= 0 {
		return strings.Count(text[:first], " ")
	}
	if slices.Contains(p.Ends, question[len(question)-1].Text) {
		return 0
	}
	return -1
}

// phrasesIn returns the phrases in a text of words between blanks.
func phrasesIn(text string, phrases []string) []string {
	var list []string
	for _, p := range phrases {
		if strings.Contains(text, p) {
			list = append(list, p)
		}
	}
	return list
}

// knownForm returns an error unless a claim may have this form.
func knownForm(f Form) error {
	switch f {
	case FormChoice, FormMay, FormNeed, FormNormal, FormVet, FormIs:
		return nil
	case FormShould, FormWorry:
	default:
		if figureOf(f) != nil {
			return nil
		}
	}
	return fmt.Errorf("a claim cannot be of the form %q", f)
}
