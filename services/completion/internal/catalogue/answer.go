package catalogue

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/meaning"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// An Answer directly answers one narrow question, such as "Can a fish live in a bowl?". A
// passage, in contrast, covers its whole subject.
type Answer struct {
	Guide     *Guide   // the guide with more about it
	Questions []string // ways to ask for just this
	Verdict   string   // "Yes" or "No"; empty if the question wants neither
	Text      string   // one to three sentences that can stand alone
}

// A Reply is an answer that was found for a question.
type Reply struct {
	*Answer
	// Verdict is "Yes" or "No" if the question wants one. It may be the contrary of the answer's own: "can it live
	// alone" may answer "does it need company".
	Verdict string
	// Form is the form of a claim that answers, or "".
	Form Form
	// Unmeasured is set if the question wants a yes or no about an amount, but does not name it.
	Unmeasured bool
	// Several is set for an answer about several things, each with its verdict.
	Several bool
	// Likeness is how similar the question is to one that the answer was written for, up to 1.
	Likeness float64
}

// Lead returns the answer, preceded by its verdict.
func (r *Reply) Lead() string {
	if r.Verdict == "" {
		return r.Text
	}
	return r.Verdict + ". " + r.Text
}

// contraryOf has the contrary of each verdict.
var contraryOf = map[string]string{"Yes": "No", "No": "Yes"} //nolint:gochecknoglobals // a table

// contrary is the prefix of a question that wants the contrary verdict.
const contrary = "!"

// addAnswers reads the answers beside a guide: lines of "- question / question | yes | text",
// whose verdict is yes, no or -.
func (c *Catalogue) addAnswers(name string, text []byte) error {
	return beside(c, name, text, "- question / question | yes, no or - | answer", func(g *Guide, fields []string) error {
		verdict, ok := map[string]string{"yes": "Yes", "no": "No", "-": ""}[fields[1]]
		if !ok {
			return errShape
		}
		c.answers.list = append(c.answers.list, &Answer{Guide: g, Questions: strings.Split(fields[0], " / "), Verdict: verdict, Text: strings.TrimSpace(fields[2])})
		return nil
	})
}

// errShape says that a line does not have the format of its file.
var errShape = errors.New("not of that shape")

// beside reads the lines of a file beside a guide. It calls add with the three fields of each line.
func beside(c *Catalogue, name string, text []byte, shape string, add func(g *Guide, fields []string) error) error {
	id := strings.TrimSuffix(path.Base(name), ".md")
	at := slices.IndexFunc(c.guides, func(g *Guide) bool { return g.ID == id })
	if at < 0 {
		return fmt.Errorf("%s: there is no guide %q", name, id)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		rest, ok := strings.CutPrefix(line, "- ")
		fields := strings.Split(rest, " | ")
		err := errShape
		if ok && len(fields) == 3 {
			err = add(c.guides[at], fields)
		}
		switch {
		case errors.Is(err, errShape):
			return fmt.Errorf("%s: %q is not %q", name, line, shape)
		case err != nil:
			return fmt.Errorf("%s: %q: %w", name, line, err)
		}
	}
	return nil
}

// answers finds answers by their questions.
type answers struct {
	list   []*Answer
	forms  []form
	by     map[string][]int32 // the forms that have a stem
	rarity map[string]float32 // of stems
}

// A form is one way to ask for an answer.
type form struct {
	answer  *Answer
	verdict string
	asked   Asked
	stems   []string // each once
	weight  float32  // of all stems
	place   meaning.Point
	kinds   kinds
}

func (a *answers) index(space *meaning.Space) {
	a.forms, a.by, a.rarity = nil, map[string][]int32{}, map[string]float32{}
	for _, answer := range a.list {
		others := kindsIn(words.Split(answer.Guide.Title))
		for _, q := range answer.Questions {
			q, other := strings.CutPrefix(q, contrary)
			split := words.Split(q)
			f := form{answer: answer, stems: distinct(split), place: space.Point(split), asked: FormOf(split), kinds: kindsIn(split).or(others)}
			if wantsVerdict(split) {
				f.verdict = answer.Verdict
			}
			if other {
				f.verdict = contraryOf[f.verdict]
			}
			for _, s := range f.stems {
				a.by[s] = append(a.by[s], int32(len(a.forms))) //nolint:gosec // there are not that many
			}
			a.forms = append(a.forms, f)
		}
	}
	n := float64(len(a.forms))
	for s, in := range a.by {
		a.rarity[s] = float32(math.Log(1 + n/float64(len(in))))
	}
	for i := range a.forms {
		a.forms[i].weight = a.weigh(a.forms[i].stems)
	}
}

// distinct returns the stems of a text, each once.
func distinct(split []words.Word) []string {
	var list []string
	for _, w := range split {
		if !slices.Contains(list, w.Stem) {
			list = append(list, w.Stem)
		}
	}
	return list
}

func (a *answers) weigh(stems []string) (sum float32) {
	unknown := float32(math.Log(1 + float64(len(a.forms))))
	for _, s := range stems {
		if r, ok := a.rarity[s]; ok {
			sum += r
		} else {
			sum += unknown
		}
	}
	return sum
}

// An answer was written for a question if they match by three measures: how much of the answer's own
// question the question contains, how much of the question that one contains, and how close their
// meanings are. An answer to nearly the same question may be wrong, so most of its words must
// occur.
const (
	ownShare      = 0.45
	askedShare    = 0.25
	nearShare     = 0.30
	leastOfOwn    = 0.62
	leastLikeness = 0.66
)

// Answer returns the answer to a question: one that was written for it, otherwise a claim of the
// wanted form, or nil. Species restricts it to answers about one of them.
func (c *Catalogue) Answer(question []words.Word, species []Species) *Reply {
	question = question[:min(len(question), maxQuery)]
	asked, named := FormOf(question), kindsIn(question)
	claimed := c.claims.find(asked, question, named, species)
	if claimed != nil && claimed.Several {
		return claimed // an answer covers at most one of the things
	}
	if len(species) == 0 && named.strangers != 0 {
		claimed = nil // no guide's claim is about that animal
	}
	reply := c.answers.find(asked, question, named, species, c.index.space.Point(question))
	if reply == nil || claimed != nil && claimed.over(reply, question) {
		return claimed
	}
	return reply
}

// over reports whether a claim answers better than an answer that was written for a similar question: it has a
// verdict that the other lacks, or the question is more certainly about its thing.
func (r *Reply) over(written *Reply, question []words.Word) bool {
	const nearlyIt, likelyIt = 0.85, 0.75
	switch {
	case r.Verdict != "" && written.Verdict == "":
		return wantsVerdict(question)
	case r.Verdict == written.Verdict:
		return written.Likeness < min(likelyIt, r.Likeness)
	default:
		return r.Verdict != "" && written.Likeness < min(nearlyIt, r.Likeness)
	}
}

// AnswerAfter returns the answer to a question, or the claim that answers it together with the preceding
// words, if only these name the thing or the amount, as in "He bites his tail. Is that bad?".
func AnswerAfter(c *Catalogue, before, question []words.Word, species []Species) *Reply {
	const saysLittle = 5 // words
	found := c.Answer(question, species)
	if found != nil && !found.Unmeasured || found == nil && len(question) > saysLittle {
		return found
	}
	both := append(slices.Clone(before), question...)
	both = both[:min(len(both), maxQuery)]
	if told := c.claims.find(FormOf(question), both, kindsIn(both), species); told != nil {
		return told
	}
	return found
}

// OfFood reports whether a question asks whether an animal may have something as food.
func OfFood(c *Catalogue, question []words.Word, species []Species) bool {
	found := c.Answer(question, species)
	return found != nil && found.Form == FormMay && found.Guide.About("feeding")
}

func (a *answers) find(asked Asked, question []words.Word, named kinds, species []Species, place meaning.Point) *Reply {
	stems := distinct(question)
	if len(stems) < 2 {
		return nil
	}
	for _, of := range species {
		for _, w := range words.Split(string(of)) { // the animal in the question, under any name
			if !slices.Contains(stems, w.Stem) {
				stems = append(stems, w.Stem)
			}
		}
	}
	total := a.weigh(stems)
	common := make([]float32, len(a.forms))
	for _, s := range stems {
		for _, f := range a.by[s] {
			common[f] += a.rarity[s]
		}
	}
	most := float32(leastLikeness)
	var best *form
	for i := range a.forms {
		if common[i] == 0 {
			continue
		}
		f := &a.forms[i]
		own := common[i] / f.weight
		if own < leastOfOwn || asked.differs(&f.asked) || f.kinds.strange(named) || f.answer.Guide.ofOthers(species) || len(species) > 0 && !slices.ContainsFunc(species, f.answer.Guide.Covers) {
			continue
		}
		if like := ownShare*own + askedShare*common[i]/total + nearShare*max(0, place.Near(&f.place)); like > most {
			best, most = f, like
		}
	}
	if best == nil {
		return nil
	}
	reply := &Reply{Answer: best.answer, Likeness: float64(most)}
	if asked.Polar() && asked.Negated == best.asked.Negated {
		reply.Verdict = best.verdict
		if asked.Turned != best.asked.Turned {
			reply.Verdict = contraryOf[best.verdict]
		}
	}
	return reply
}

// ofOthers reports whether a guide is about two kinds that meet, but a question names only one: perhaps two cats.
func (g *Guide) ofOthers(species []Species) bool {
	return len(species) == 1 && len(g.Species) > 1 && g.About("introductions")
}

// wantsVerdict reports whether a question can be answered by yes or no.
func wantsVerdict(question []words.Word) bool { return polarFrom(question) >= 0 }
