package advisor

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Bounds on what is read: a prompt may be a book, and what a person looks for is not
// in the middle of it.
const (
	maxTurnHead  = 2 << 10 // bytes of a turn from its beginning
	maxTurnTail  = 4 << 10 // and up to its end
	maxRead      = 32 << 10
	maxSentences = 80 // of a turn
)

// A talk is a conversation as far as it is understood: one moment per turn of the
// user, the last one last.
type talk struct{ moments []moment }

// A moment is a turn of the user and what was known when it was taken.
type moment struct {
	parts   []*reading // the turn, sentence by sentence
	profile profile    // with what this turn said
	learned bool       // whether this turn said anything about the person
	asks    []ask      // what the turn asks, see plan

	shown []*catalogue.Pet // the pets of the answer before, in its order
	seen  []*catalogue.Pet // all pets of all answers before
	focus focus            // what was spoken of before this turn
	// talked holds the pets that the person asked about, in order.
	talked []*catalogue.Pet
}

// A focus is what "she", "it" and "they" may mean.
type focus struct {
	pets    []*catalogue.Pet
	breeds  []*catalogue.Breed
	species []catalogue.Species
}

// listen reads a conversation.
func (a *Advisor) listen(messages []chat.Message) *talk {
	t := &talk{}
	know := newProfile()
	var now moment
	for _, m := range recent(messages) {
		text := clip(m.Text())
		switch m.Role {
		case chat.RoleSystem, chat.RoleDeveloper:
			a.learnBriefing(&know, text)
		case chat.RoleAssistant:
			a.hear(&now, text)
		case chat.RoleUser:
			now.parts = a.readAll(text)
			now.learned, now.asks = false, nil
			for _, r := range now.parts {
				now.learned = know.learn(r) || now.learned
			}
			now.profile = know
			t.moments = append(t.moments, now)
			now.focus.move(now.parts)
			asks := t.plan(len(t.moments) - 1)
			now.focus.settle(asks)
			for _, k := range asks {
				if k.kind == kindPet || k.kind == kindCompare {
					for _, p := range k.pets {
						now.talked = appendNew(without(now.talked, []*catalogue.Pet{p}), p)
					}
				}
			}
		case chat.RoleTool:
		}
	}
	if len(t.moments) == 0 { // nobody but the system has spoken
		now.profile = know
		t.moments = []moment{now}
		t.plan(0)
	}
	return t
}

// recent drops the oldest messages beyond what is read; what sets the scene stays.
func recent(messages []chat.Message) []chat.Message {
	total := 0
	for i := len(messages) - 1; i >= 0; i-- {
		total += min(len(messages[i].Text()), maxTurnHead+maxTurnTail) + 64
		if total <= maxRead {
			continue
		}
		var kept []chat.Message
		for _, m := range messages[:min(i+1, 4)] {
			if m.Role == chat.RoleSystem || m.Role == chat.RoleDeveloper {
				kept = append(kept, m)
			}
		}
		return append(kept, messages[i+1:]...)
	}
	return messages
}

// clip shortens a long turn, between two words where it can.
func clip(text string) string {
	text = strings.ToValidUTF8(text, " ")
	if len(text) <= maxTurnHead+maxTurnTail {
		return text
	}
	head, tail := text[:maxTurnHead], text[len(text)-maxTurnTail:]
	return strings.ToValidUTF8(head, "") + ".\n" + strings.ToValidUTF8(tail, "")
}

func (a *Advisor) readAll(text string) []*reading {
	var parts []*reading
	for _, s := range sentences(text) {
		if len(parts) == maxSentences {
			break
		}
		if r := a.read(s); len(r.tokens) > 0 {
			parts = append(parts, r)
		}
	}
	return parts
}

var (
	thePerson  = regexp.MustCompile(`(?i)\b(?:the|this|our|a) (?:user|customer|client|visitor|adopter|person|caller|shopper|family)\b`)
	theirs     = regexp.MustCompile(`(?i)\b(?:their|his|her)\b`)
	personHas  = regexp.MustCompile(`(?i)\b(?:I has|they have|I who has)\b`)
	personIs   = regexp.MustCompile(`(?i)\b(?:I is|they are)\b`)
	personDoes = regexp.MustCompile(`(?i)\bI (live|work|want|own|rent|like|look)s\b`)
)

// learnBriefing takes what a system message says about the person, and leaves alone
// what it says about us.
func (a *Advisor) learnBriefing(know *profile, text string) {
	for _, s := range sentences(text) {
		told := thePerson.ReplaceAllString(s, "I")
		if told == s {
			continue
		}
		told = theirs.ReplaceAllString(told, "my")
		told = personHas.ReplaceAllString(told, "I have")
		told = personIs.ReplaceAllString(told, "I am")
		told = personDoes.ReplaceAllString(told, "I $1")
		know.learn(a.read(told))
	}
}

var bold = regexp.MustCompile(`\*\*([^*\n]{2,60})\*\*`)

// hear takes in an answer: the pets that it shows are what the next turn may point to.
func (a *Advisor) hear(now *moment, text string) {
	var shown []*catalogue.Pet
	add := func(p *catalogue.Pet) {
		if p != nil && !slices.Contains(shown, p) {
			shown = append(shown, p)
		}
	}
	for _, m := range bold.FindAllStringSubmatch(text, -1) {
		add(a.cat.PetNamed(m[1]))
	}
	if len(shown) == 0 { // an answer of another model
		for _, m := range a.cat.Names(text) {
			add(m.Pet)
		}
	}
	if len(shown) == 0 {
		return
	}
	now.shown = shown
	for _, p := range shown {
		now.seen = appendNew(now.seen, p)
	}
	// The person's own words say better than the answer what is meant.
	spoken := len(now.focus.breeds) > 0 || len(now.focus.pets) > 0 && slices.Contains(shown, now.focus.pets[0])
	if !spoken {
		now.focus = focus{pets: shown}
	}
}

// move turns to what a turn speaks of.
func (f *focus) move(parts []*reading) {
	var next focus
	for _, r := range parts {
		for _, p := range r.pets() {
			next.pets = appendNew(next.pets, p)
		}
		for _, b := range r.breeds() {
			next.breeds = appendNew(next.breeds, b)
		}
		for _, s := range r.subjects() {
			next.species = appendNew(next.species, s)
		}
	}
	switch {
	case len(next.pets) > 0 || len(next.breeds) > 0:
		*f = next
	case len(next.species) > 0 && !f.has(next.species):
		*f = next
	}
}

// settle turns to the pets that a turn pointed to without naming them.
func (f *focus) settle(asks []ask) {
	for _, k := range asks {
		switch {
		case len(k.pets) > 0 && k.kind == kindPet:
			*f = focus{pets: k.pets}
		case len(k.breeds) > 0 && len(k.pets) == 0 && (k.kind == kindBreed || k.kind == kindCompare):
			*f = focus{breeds: k.breeds}
		}
	}
}

// has reports whether the focus is on animals of one of species already, so that
// "how long does a dog like that live" does not turn away from it.
func (f *focus) has(species []catalogue.Species) bool {
	for _, p := range f.pets {
		if slices.Contains(species, p.Species) {
			return true
		}
	}
	for _, b := range f.breeds {
		if slices.Contains(species, b.Species) {
			return true
		}
	}
	return false
}

// kinds returns the species in focus.
func (f *focus) kinds() []catalogue.Species {
	list := f.species
	for _, b := range f.breeds {
		list = appendNew(list, b.Species)
	}
	for _, p := range f.pets {
		list = appendNew(list, p.Species)
	}
	return list
}

// subjects returns the species that a reading is about: what it wants, has or asks
// about, but not what a pet should get along with.
func (r *reading) subjects() []catalogue.Species {
	var list []catalogue.Species
	for _, m := range r.found["species"] {
		if role := r.roleOf(m); role != roleTogether && role != roleAllergy && role != roleExcluded && role != roleNotOwned {
			list = appendNew(list, catalogue.Species(m.value))
		}
	}
	for _, n := range r.names {
		switch {
		case n.Breed != nil:
			list = appendNew(list, n.Breed.Species)
		case n.Pet != nil:
			list = appendNew(list, n.Pet.Species)
		}
	}
	return list
}
