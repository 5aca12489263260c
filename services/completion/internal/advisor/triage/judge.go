package triage

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Bounds on the work for a rule, so that no text takes long.
const (
	mostAnchors = 40
	mostNear    = 24
)

// A finding is a rule whose conditions a text meets.
type finding struct {
	*rule
	hits []hit
}

// judge applies all rules to a reading. It also returns why a finding was set aside.
func (r *reading) judge() ([]finding, string) {
	var found []finding
	aside := ""
	all := r.speciesNamed(-1)
	for _, rule := range r.rules {
		if !concerns(rule.species, all) {
			continue
		}
		hits, why := r.apply(rule)
		if hits != nil {
			found = append(found, finding{rule, hits})
		} else if why != "" && aside == "" {
			aside = rule.harm.why + " that " + why
		}
	}
	slices.SortStableFunc(found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(b.level, a.level), cmp.Compare(a.harm.order, b.harm.order))
	})
	return found, aside
}

// concerns reports whether a rule for some species applies to a text that names some.
func concerns(species, named []catalogue.Species) bool {
	return len(species) == 0 || slices.ContainsFunc(species, func(s catalogue.Species) bool {
		return slices.Contains(named, s) || s == unknown && len(named) == 0
	})
}

// unclear is the harm of a sign that is not understood.
const unclear = "unclear"

// unknown represents in the data a text that names no animal.
const unknown catalogue.Species = "unknown"

// apply returns the hits that meet a rule, or why such hits are set aside.
func (r *reading) apply(rule *rule) (hits []hit, why string) {
	for _, a := range rule.atoms {
		if !slices.ContainsFunc(a.sets, func(set int) bool { return len(r.hits[set]) > 0 }) {
			return nil, ""
		}
	}
	anchors := 0
	first := rule.atoms[0]
	for _, set := range first.sets {
		for _, h := range r.hits[set] {
			if !first.polarity(h) || r.unlessIn(rule, h) {
				continue
			}
			if anchors++; anchors > mostAnchors {
				return nil, why
			}
			list := r.rest(rule.atoms[1:], []hit{h})
			if list == nil || !slices.ContainsFunc(list, func(h hit) bool { return !r.tokens[h.start].earlier }) {
				continue
			}
			switch aside := r.setAside(rule.harm, h); {
			case aside != "" && !rule.harm.always:
				why = aside
			case !rule.harm.person && !rule.harm.agent && r.ofPerson(h):
				why = "befalls a person"
			case ofThing(r, h):
				why = "is said of a thing"
			case len(r.in("guess")) > 0 && guessed(r, h) && well(r):
				why = "is only guessed"
			case rule.harm.theirs && !r.ofPerson(h):
				why = "befalls an animal"
			default:
				return list, ""
			}
		}
	}
	return nil, why
}

// unlessIn reports whether a word that excludes a rule occurs in a hit's sentence.
func (r *reading) unlessIn(rule *rule, h hit) bool {
	for _, set := range rule.unless {
		if len(r.window(set, h, true)) > 0 {
			return true
		}
	}
	return false
}

// rest finds hits for the remaining atoms of a rule, after those already found.
func (r *reading) rest(atoms []atom, found []hit) []hit {
	if len(atoms) == 0 {
		return found
	}
	a, near := atoms[0], 0
	last := found[len(found)-1]
	for _, set := range a.sets {
		for _, h := range r.hitsFor(set, found[0], a) {
			if (a.negated || a.plain) && !a.polarity(h) || !joins(a, last, h) || overlaps(found, h) {
				continue
			}
			if near++; near > mostNear {
				return nil
			}
			if list := r.rest(atoms[1:], append(slices.Clip(found), h)); list != nil {
				return list
			}
		}
	}
	return nil
}

// hitsFor returns the hits of a set that an atom may use.
func (r *reading) hitsFor(set int, around hit, a atom) []hit {
	if a.far {
		return r.hits[set]
	}
	return r.window(set, around, a.same)
}

// window returns the hits of a set in a hit's sentence, and in those next to it unless same is set.
func (r *reading) window(set int, around hit, same bool) []hit {
	list := r.hits[set]
	reach := r.reach
	if same {
		reach = 0
	}
	at := r.tokens[around.start].Sentence
	from, _ := slices.BinarySearchFunc(list, at-reach, func(h hit, s int) int { return cmp.Compare(r.tokens[h.start].Sentence, s) })
	to, _ := slices.BinarySearchFunc(list, at+reach+1, func(h hit, s int) int { return cmp.Compare(r.tokens[h.start].Sentence, s) })
	return list[from:to]
}

// polarity reports whether a hit's denial is as an atom requires.
func (a *atom) polarity(h hit) bool {
	return a.either || a.negated && (h.denied || h.void) || !a.negated && !h.denied
}

// joins reports whether a hit's position is as an atom requires.
func joins(a atom, last, h hit) bool {
	if a.after && h.start < last.end {
		return false
	}
	return a.gap == 0 || max(h.start-last.end, last.start-h.end) < a.gap
}

func overlaps(found []hit, h hit) bool {
	return slices.ContainsFunc(found, func(f hit) bool { return h.start < f.end && f.start < h.end })
}

// speciesNamed returns the animals that a text names, or else those of the conversation. The nearest to a token come
// first, with those in its sentence before all others. Without a token (-1), they are in the text's order.
func (r *reading) speciesNamed(at int) []catalogue.Species {
	type place struct {
		species  catalogue.Species
		distance int
	}
	var places []place
	for set, s := range r.species {
		if s == "" {
			continue
		}
		for _, h := range r.hits[set] {
			d := h.start
			if at >= 0 {
				if d = 2 * (h.start - at); d < 0 {
					d = -d - 1
				}
				if r.tokens[h.start].Sentence != r.tokens[at].Sentence {
					d += 1 << 20
				}
			}
			places = append(places, place{s, d})
		}
	}
	if len(places) == 0 {
		return slices.Clone(r.talkedOf)
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(a.distance, b.distance) })
	var list []catalogue.Species
	for _, p := range places {
		if !slices.Contains(list, p.species) {
			list = append(list, p.species)
		}
	}
	return list
}

// namesSpecies reports whether a text itself names an animal.
func (r *reading) namesSpecies() bool {
	for set, s := range r.species {
		if s != "" && len(r.hits[set]) > 0 {
			return true
		}
	}
	return false
}

// judge turns a reading into a verdict.
func (t *Triage) judge(r *reading) Verdict {
	found, aside := r.judge()
	v := Verdict{Why: aside, Waits: r.has("waits"), Handles: r.has("handles"), Besides: Besides{Ahead: r.has("ahead"), Well: well(r)}}
	found = slices.DeleteFunc(found, func(f finding) bool {
		refusal := f.harm.id == Cruelty || f.harm.id == Dose
		if refusal && v.Refusal == "" {
			v.Refusal, v.Why = f.harm.id, f.harm.why
			v.Words = r.spans(f.hits)
			v.Guides = f.harm.guides["any"]
		}
		return refusal
	})
	v.says = saysIn(r)
	if g := firstOf(r, r.griefs); g != nil {
		v.Grief, v.Solace, v.NoOther = g.harm.why, g.harm.guides["any"][0], r.has("gr-no-new")
		if r.has("gr-sure") && !r.has("gr-others") {
			found = slices.DeleteFunc(found, func(f finding) bool { return !f.harm.person })
		}
	}
	if n := r.normal(found); n != nil && v.Refusal == "" {
		v.Normal, v.Known, v.Harm, v.Why = true, n.harm.knownHelp, n.harm.id, n.harm.why
		v.Species = r.concerned(*n)
		v.Guides = guidesFor([]finding{*n}, v.Species)
		v.Words = r.spans(n.hits)
		return v
	}
	if len(found) > 0 && found[0].level == Caution && found[0].harm.id == unclear && well(r) {
		found, v.Why = nil, found[0].harm.why+", of an animal that is well otherwise"
	}
	if len(found) == 0 || v.Refusal == Cruelty && !r.factual(found[0]) {
		v.Harm = v.Refusal
		v.Species = r.speciesNamed(-1)
		return v
	}
	top := found[0]
	v.Level, v.Harm, v.Person = top.level, top.harm.id, top.harm.person
	v.Says = saidOf(v.says, v.Harm)
	v.Sole = !slices.ContainsFunc(found, func(f finding) bool { return f.level == top.level && f.harm.id != top.harm.id })
	v.Present = slices.ContainsFunc(top.hits, func(h hit) bool {
		told := r.sentences[r.tokens[h.start].Sentence]
		return (told.present || told.dated || told.statement) && !told.past
	})
	v.Species = r.concerned(top)
	v.Guides = guidesFor(found, v.Species)
	v.Look = r.lookFor(top)
	for _, f := range found {
		if f.harm == top.harm {
			v.Words = append(v.Words, r.spans(f.hits)...)
		}
	}
	slices.SortFunc(v.Words, func(a, b Span) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	v.Words = slices.Compact(v.Words)
	v.Why = top.harm.why
	return v
}

// normal returns a finding of something normal that resembles a harm, if it explains every clear harm that was found,
// and if there is no red flag.
func (r *reading) normal(harms []finding) *finding {
	named := r.speciesNamed(-1)
	for _, rule := range r.normals {
		if !concerns(rule.species, named) || slices.ContainsFunc(rule.unless, r.stated) {
			continue
		}
		if slices.ContainsFunc(harms, func(f finding) bool { return f.level > Caution && !slices.Contains(rule.harm.over, f.harm.id) }) {
			continue
		}
		bare := *rule
		bare.unless = nil
		if hits, _ := r.apply(&bare); hits != nil {
			return &finding{rule, hits}
		}
	}
	return nil
}

// firstOf returns the first rule that holds.
func firstOf(r *reading, rules []*rule) *rule {
	for _, rule := range rules {
		if hits, _ := r.apply(rule); hits != nil {
			return rule
		}
	}
	return nil
}

// saysIn returns what holds of the rules about other statements and questions in a danger.
func saysIn(r *reading) []*harm {
	var list []*harm
	named := r.speciesNamed(-1)
	for _, rule := range r.answers {
		if !concerns(rule.species, named) || slices.Contains(list, rule.harm) {
			continue
		}
		if hits, _ := r.apply(rule); hits != nil {
			list = append(list, rule.harm)
		}
	}
	return list
}

// saidOf returns what to say about these if the danger is a harm.
func saidOf(says []*harm, id string) []string {
	var list []string
	for _, h := range says {
		if len(h.over) == 0 || slices.Contains(h.over, id) {
			list = append(list, h.why)
		}
	}
	return list
}

// stated reports whether a phrase of a set is stated anywhere: not denied, not only guessed, and not about a person.
func (r *reading) stated(set int) bool {
	return slices.ContainsFunc(r.hits[set], func(h hit) bool {
		return !h.denied && !h.void && !guessed(r, h) && !r.ofPerson(h)
	})
}

// factual reports whether a finding is about something that has happened: then the writer gets help, whatever else
// the words may mean.
func (r *reading) factual(f finding) bool {
	s := r.sentences[r.tokens[f.hits[0].start].Sentence]
	return f.level >= Today && (s.act || s.statement)
}

// concerned returns the species of a text, beginning with the one that is probably in danger.
func (r *reading) concerned(f finding) []catalogue.Species {
	list := r.speciesNamed(f.hits[0].start)
	for _, s := range slices.Backward(f.harm.first) {
		if i := slices.Index(list, s); i >= 0 {
			list = append([]catalogue.Species{s}, slices.Delete(list, i, i+1)...)
		}
	}
	return list
}

// guidesFor returns the guides of all findings as urgent as the first, for the species in danger.
func guidesFor(found []finding, species []catalogue.Species) []string {
	var list []string
	key := string(unknown)
	if len(species) > 0 {
		key = string(species[0])
	}
	for _, f := range found {
		guides, ok := f.harm.guides[key]
		if !ok {
			guides = f.harm.guides["any"]
		}
		for _, g := range guides {
			if f.level == found[0].level && !slices.Contains(list, g) {
				list = append(list, g)
			}
		}
		if f.harm.person != found[0].harm.person {
			break
		}
	}
	return list
}

// lookFor returns the words for a search in the guides.
func (r *reading) lookFor(f finding) string {
	var list []string
	take := func(h hit) {
		for i := h.start; i < h.end; i++ {
			w := r.tokens[i].Text
			if a := r.tokens[i].alternates; len(a) > 0 {
				w = a[0]
			}
			if !slices.Contains(list, w) {
				list = append(list, w)
			}
		}
	}
	for _, set := range f.harm.look {
		for _, h := range r.hits[set] {
			if h.end-h.start > 0 && len(list) < 8 {
				take(h)
			}
		}
	}
	if len(list) == 0 {
		for _, h := range f.hits {
			take(h)
		}
	}
	return strings.Join(list, " ")
}

// spans returns the positions of hits in the last turn.
func (r *reading) spans(hits []hit) []Span {
	var list []Span
	for _, h := range hits {
		if t := r.tokens[h.start]; !t.earlier {
			list = append(list, Span{t.Start, r.tokens[h.end-1].End})
		}
	}
	return list
}
