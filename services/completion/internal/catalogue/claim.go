package catalogue

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/meaning"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// A Claim is what a guide says about one thing, in the form in which people ask for it: "may no"
// for grapes, "often" for brushing. It answers all questions of that form about that thing, in any
// wording.
type Claim struct {
	Answer // its Questions name the thing, each in as few words as tell it from others
	Form   Form
	bound  *bound // for a figure: the range of right amounts
}

// addClaims reads the claims beside a guide: lines of "- form yes | thing / thing | text". The
// verdict is yes, no or depends; for figures, it is missing or the right amount: "- long most 6 hours | ...".
func addClaims(c *Catalogue, name string, text []byte) error {
	return beside(c, name, text, "- form yes, no or depends | thing / thing | answer", func(g *Guide, fields []string) error {
		form, verdict, _ := strings.Cut(fields[0], " ")
		limit, verdict := boundOf(Form(form), verdict)
		v, ok := map[string]string{"yes": "Yes", "no": "No", "depends": "It depends", "": ""}[verdict]
		if !ok {
			return errShape
		}
		if err := knownForm(Form(form)); err != nil {
			return err
		}
		answer := Answer{Guide: g, Questions: strings.Split(fields[1], " / "), Verdict: v, Text: strings.TrimSpace(fields[2])}
		c.claims.list = append(c.claims.list, &Claim{Answer: answer, Form: Form(form), bound: limit})
		return nil
	})
}

// claims finds claims by the things that they are about.
type claims struct {
	list  []*Claim
	by    map[string][]*thing // by each stem
	index *index
	quiet map[string]bool
}

// A thing is one way to name what a claim is about.
type thing struct {
	claim  *Claim
	name   string // its words, separated by blanks
	words  []weighed
	rarest int     // of words
	weight float32 // of all words
	said   map[string]bool
	around map[string]bool // what the guide is about
	place  meaning.Point
	kinds  kinds // that its name has, or else the guide
}

// A weighed is a word with its rarity and its position.
type weighed struct {
	stem   string
	rarity float32
	place  meaning.Point
}

func (s *claims) learn(x *index) {
	s.index, s.by, s.quiet = x, map[string][]*thing{}, map[string]bool{}
	for _, w := range formsOf.Quiet {
		s.quiet[w] = true
	}
	for _, claim := range s.list {
		around, others := set(claim.Guide.about()), kindsIn(words.Split(claim.Guide.Title))
		for _, name := range claim.Questions {
			split := words.Split(name)
			t := &thing{claim: claim, name: words.Join(split), words: s.weigh(split), said: set(name + "\n" + claim.Text), around: around, kinds: kindsIn(split).or(others)}
			t.place = x.space.Point(words.Split(name + "\n" + claim.Text))
			for i, w := range t.words {
				t.weight += w.rarity
				if w.rarity > t.words[t.rarest].rarity {
					t.rarest = i
				}
				if w.rarity >= 1 {
					s.by[w.stem] = append(s.by[w.stem], t)
				}
			}
		}
	}
}

func set(text string) map[string]bool {
	list := map[string]bool{}
	for _, s := range stems(text) {
		list[s] = true
	}
	return list
}

// weigh weighs each word once, by how few passages have it. A word that no passage has gets a low weight.
func (s *claims) weigh(list []words.Word) []weighed {
	const stranger, least, quiet = 3, 2, 0.3
	var out []weighed
	for i, w := range list {
		if slices.ContainsFunc(out, func(o weighed) bool { return o.stem == w.Stem }) {
			continue
		}
		rarity, known := s.index.rarity[words.Whole(w.Stem)]
		switch {
		case s.quiet[w.Text]:
			rarity = quiet
		case known:
			rarity = max(rarity, least)
		default:
			rarity = stranger
		}
		out = append(out, weighed{w.Stem, rarity, s.index.space.Point(list[i : i+1])})
	}
	return out
}

// fits returns how well a claim's form answers that of a question; 0: not at all. keeps is whether
// the claim's verdict applies to the question.
func fits(asked *Asked, claim *Claim) (share float32, keeps bool) {
	const same, near, far = 1, 0.92, 0.85
	type pair struct{ asked, claimed Form }
	for i, f := range asked.Forms {
		switch (pair{f, claim.Form}) {
		case pair{claim.Form, claim.Form}:
			share, keeps = same, true
			if i > 0 && figureOf(f) != nil {
				share = far
				if claim.bound != nil {
					share = near
				} else if f == FormAge {
					continue
				}
			}
		case pair{FormShould, FormMay}, pair{FormShould, FormNeed}, pair{FormWorry, FormNormal}, pair{FormWorry, FormVet}:
			share, keeps = same, true
		case pair{FormMay, FormNormal}, pair{FormMay, FormIs}, pair{FormIs, FormMay}, pair{FormNeed, FormIs}, pair{FormShould, FormIs}:
			share, keeps = near, true
		case pair{FormIs, FormNormal}, pair{FormIs, FormNeed}, pair{FormNormal, FormIs}, pair{FormNeed, FormMay}, pair{FormVet, FormNormal}, pair{FormNormal, FormVet}, pair{FormMay, FormNeed}, pair{FormIs, FormVet}:
			share = far
		default:
			continue
		}
		return share, keeps
	}
	return 0, false
}

// A claim answers a question by three measures: how much of its thing the question names, how much of the
// question it covers, and how close their meanings are.
const (
	thingShare   = 0.40
	askedOfClaim = 0.35
	senseShare   = 0.25
	leastOfThing = 0.80
	leastClaim   = 0.54
	alike        = 0.93 // of the best: equally good
	sameScale    = 0.12 // converts a likeness to the scale of answers
)

// A candidate is a thing that a question may be about, with its likeness, and whether its claim's verdict
// applies to the question.
type candidate struct {
	thing *thing
	like  float32
	keeps bool
}

// more reports whether a claim is more careful than another one that answers a question as well.
func (f *candidate) more(than *candidate, question []words.Word) bool {
	a, b := f.thing.claim, than.thing.claim
	if a.bound != nil && b.bound != nil && a.Form == b.Form && a.bound.unit == b.bound.unit {
		amount, ok := a.bound.amount(question)
		return ok && !a.bound.holds(amount) && b.bound.holds(amount)
	}
	return a.Form == FormMay && a.Verdict == "No" && b.Verdict == "Yes"
}

// ofFood returns the candidate about the food in a question, if the best candidate is about something
// else in it: "can guinea pigs eat carrots" is not about the company of guinea pigs.
func ofFood(list []candidate, best candidate, question []words.Word) candidate {
	fed := Fed(question)
	rare := best.thing.words[best.thing.rarest].stem
	at := slices.IndexFunc(question, func(w words.Word) bool { return w.Stem == rare })
	if len(fed) == 0 || best.thing.isFood() || at < 0 || question[at].Start >= fed[0].Start || slices.Contains(formsOf.Food.Feeds, question[at].Text) { // not an animal that eats
		return best
	}
	for _, f := range list {
		if f.thing.isFood() && f.keeps && f.thing.claim.Form == FormMay {
			return f
		}
	}
	return best
}

// several answers a question about feeding several things, each with its claim. It returns nil if there
// is only one.
func several(list []candidate, best candidate, question []words.Word) *Reply {
	const most, share = 4, 0.8
	if Fed(question) == nil {
		return nil
	}
	things := []*thing{best.thing}
	for _, f := range list {
		rare := f.thing.words[f.thing.rarest].stem
		known := slices.ContainsFunc(things, func(o *thing) bool {
			return o.claim == f.thing.claim || slices.ContainsFunc(o.words, func(w weighed) bool { return w.stem == rare }) ||
				adjoin(question, rare, o.words[o.rarest].stem)
		})
		if !known && f.thing.isFood() && f.keeps && f.thing.claim.Form == FormMay && f.like >= share*best.like && len(things) < most {
			things = append(things, f.thing)
		}
	}
	if len(things) == 1 {
		return nil
	}
	answer := Answer{Guide: best.thing.claim.Guide}
	for _, t := range things {
		var names []string
		for _, w := range question {
			if slices.ContainsFunc(list, func(f candidate) bool {
				return f.thing.claim == t.claim && f.thing.words[f.thing.rarest].stem == w.Stem
			}) {
				names = append(names, w.Text)
			}
		}
		answer.Text += "- **" + strings.Join(names, ", ") + "**: " + strings.ToLower(t.claim.Verdict) + ". " + t.claim.Text + "\n"
	}
	return &Reply{Answer: &answer, Form: FormMay, Several: true, Likeness: float64(min(1, best.like+sameScale))}
}

// spelled returns a question with misspelt words corrected: a word that no guide and no claim has becomes the
// word of a claim that it may be a misspelling of, if there is only one: "carots".
func (s *claims) spelled(question []words.Word) []words.Word {
	const least = 5
	var out []words.Word
	for i, w := range question {
		if _, known := s.index.rarity[words.Whole(w.Stem)]; known || s.quiet[w.Text] || len(w.Text) < least || len(s.by[w.Stem]) > 0 {
			continue
		}
		meant := ""
		for stem := range s.by {
			if len(stem) >= least-1 && words.Misspells(w.Stem, stem) {
				if meant != "" {
					meant = ""
					break
				}
				meant = stem
			}
		}
		if meant == "" {
			continue
		}
		if out == nil {
			out = slices.Clone(question)
		}
		out[i].Stem = meant
	}
	if out == nil {
		return question
	}
	return out
}

// adjoin reports whether two words are adjacent, like those of one thing: "raw chicken".
func adjoin(question []words.Word, a, b string) bool {
	for i := 1; i < len(question); i++ {
		v, w := &question[i-1], &question[i]
		if v.Clause == w.Clause && (v.Stem == a && w.Stem == b || v.Stem == b && w.Stem == a) {
			return true
		}
	}
	return false
}

// find returns the claim that answers a question in its form, or nil. Of claims that answer it equally
// well, it returns the most careful one.
func (s *claims) find(asked Asked, question []words.Word, named kinds, species []Species) *Reply {
	if len(asked.Forms) == 0 {
		return nil
	}
	var list []candidate
	question = s.spelled(question)
	weighed, place := s.weigh(question), s.index.space.Point(question)
	has, seen := map[string]bool{}, map[*thing]bool{}
	var parts []string
	for _, w := range weighed {
		has[w.stem] = true
	}
	if Fed(question) != nil {
		for _, w := range question {
			if slices.Contains(formsOf.Food.Parts, w.Text) {
				parts = append(parts, w.Stem)
			}
		}
	}
	for _, w := range weighed {
		for _, t := range s.by[w.stem] {
			share, keeps := fits(&asked, t.claim)
			if seen[t] || share == 0 || !t.isOf(species) || t.kinds.other(named) {
				continue
			}
			seen[t] = true
			own := t.named(weighed, has)
			if own < leastOfThing || t.claim.Form == FormMay && t.claim.Verdict == "Yes" && !t.names(parts) {
				continue
			}
			like := share * (thingShare*own + askedOfClaim*t.tells(weighed) + senseShare*max(0, place.Near(&t.place)))
			if like >= leastClaim {
				list = append(list, candidate{t, like, keeps})
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return cmp.Compare(b.like, a.like) })
	best := list[0]
	for _, f := range list {
		if f.like >= alike*best.like && f.keeps == best.keeps && f.more(&best, question) {
			best = f
			break
		}
	}
	best = ofFood(list, best, question)
	if best.thing.claim.Form == FormMay && !asked.Turned && !asked.Negated {
		if reply := several(list, best, question); reply != nil {
			return reply
		}
	}
	claim := best.thing.claim
	reply := &Reply{Answer: &claim.Answer, Form: claim.Form, Likeness: float64(min(1, best.like+sameScale))}
	if best.keeps && !asked.Open {
		reply.Verdict = best.thing.verdict(&asked, question)
		reply.Unmeasured = claim.bound != nil && reply.Verdict == "" && asked.Polar()
	}
	return reply
}

// isFood reports whether a thing is something that animals are fed with or poisoned by.
func (t *thing) isFood() bool {
	return t.claim.Guide.About("feeding") || t.claim.Guide.About(TopicPoison)
}

// names reports whether a thing's name has all of these words.
func (t *thing) names(stems []string) bool {
	return !slices.ContainsFunc(stems, func(s string) bool {
		return !slices.ContainsFunc(t.words, func(w weighed) bool { return w.stem == s })
	})
}

// isOf reports whether a thing may belong to one of these animals. If the question mentions no animal, it must
// name the thing by more than a word that may refer to anything.
func (t *thing) isOf(species []Species) bool {
	if len(species) > 0 {
		return slices.ContainsFunc(species, t.claim.Guide.Covers)
	}
	content := 0
	for _, w := range t.words {
		if w.rarity >= 1 {
			content++
		}
	}
	return content > 1
}

// verdict returns a claim's verdict on a question. It is the contrary of the claim's own if the question reverses
// it, and empty if a negation makes the question ambiguous.
func (t *thing) verdict(asked *Asked, question []words.Word) string {
	if asked.Negated && len(phrasesIn(t.name, formsOf.Negations)) == 0 {
		return ""
	}
	own := t.claim.Verdict
	if t.claim.bound != nil {
		return t.claim.bound.verdict(asked, question)
	}
	if len(phrasesIn(words.Join(question), formsOf.Deadly)) > 0 && len(phrasesIn(words.Join(words.Split(t.claim.Text)), formsOf.Death)) == 0 {
		return "" // bad, but nobody says how bad
	}
	turned := phrasesIn(words.Join(question), formsOf.Bad)
	if !asked.Turned || t.claim.Form == FormVet || slices.ContainsFunc(turned, func(w string) bool { return strings.Contains(t.name, w) }) {
		return own
	}
	switch t.claim.Form {
	case FormMay, FormNormal:
		return cmp.Or(contraryOf[own], own)
	default:
		return ""
	}
}

// named returns how much of a thing a question names. Food must be named by its exact
// word: a potato is not a tomato.
func (t *thing) named(question []weighed, has map[string]bool) (own float32) {
	const leastExact = 0.25
	var missing []int
	for i, k := range t.words {
		if has[k.stem] {
			own += k.rarity
		} else {
			missing = append(missing, i)
		}
	}
	if own < leastExact*t.weight || t.claim.Form == FormMay && slices.Contains(missing, t.rarest) {
		return 0
	}
	for _, i := range missing {
		share := t.words[i].kin(question)
		if share == 0 && i == t.rarest {
			return 0
		}
		own += share * t.words[i].rarity
	}
	return own / t.weight
}

// kin returns how much a word counts if the question has only a related word.
func (k *weighed) kin(question []weighed) float32 {
	const near, share = 0.55, 0.8
	for i := range question {
		if k.place.Near(&question[i].place) >= near {
			return share
		}
	}
	return 0
}

// tells returns how much of a question a claim covers.
func (t *thing) tells(question []weighed) float32 {
	const inText, inGuide = 0.7, 0.5
	var most, sum float32
	for _, w := range question {
		most += w.rarity
		switch {
		case slices.ContainsFunc(t.words, func(k weighed) bool { return k.stem == w.stem }):
			sum += w.rarity
		case t.said[w.stem]:
			sum += inText * w.rarity
		case t.around[w.stem]:
			sum += inGuide * w.rarity
		}
	}
	return sum / most
}
