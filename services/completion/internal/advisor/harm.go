package advisor

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A harm is what has happened, as far as the grammar of a sentence tells: who did
// what to whom. It says which advice is the right one.
type harm string

const (
	harmPerson    harm = "an animal bit a person"
	harmVenomous  harm = "a venomous animal bit or stung a person"
	harmBite      harm = "an animal bit a pet"
	harmVenom     harm = "sting, snake bite or toad"
	harmInjury    harm = "fall, blow or broken bone"
	harmSwallowed harm = "swallowed object"
	harmPoison    harm = "poison"
	harmFumes     harm = "fumes or smoke"
	harmBreath    harm = "breathing"
	harmBlood     harm = "blood"
	harmCollapse  harm = "collapse"
	harmCold      harm = "cold and limp"
	harmNerves    harm = "staggers, or looks wrong in the head"
	harmHeat      harm = "heatstroke"
	harmIllBird   harm = "a bird that looks ill"
)

// harmed returns what has happened to an animal or a person, or "". It is asked
// before anything else is, so that a bite, a poison or blood is never taken for a
// wish.
func (r *reading) harmed() (harm, []catalogue.Species) {
	if r.longAgo() {
		return "", nil
	}
	if h, victims := r.struck(); h != "" {
		return h, victims
	}
	asked := r.supposes()
	switch {
	case r.breathed():
		return harmFumes, nil
	case r.fed():
		return harmPoison, nil
	case r.has("ingest") && r.has("stinger", "toad") && r.happened():
		return harmVenom, nil
	case r.has("ingest") && r.has("object") && !r.has("toxin") && r.happened():
		return harmSwallowed, nil
	case r.has("ingest") && r.says("battery", "batteries") && r.happened():
		return harmSwallowed, nil
	case asked:
		return "", nil
	case r.gasps():
		return harmBreath, nil
	case r.bleeds():
		return harmBlood, nil
	case r.hurts():
		return harmInjury, nil
	case slices.Contains(r.subjects(), catalogue.Bird) && r.says("fluffed", "puffed") && r.says("bottom", "floor", "sleepy", "closed eyes", "eyes closed", "not moving", "sick", "all day"):
		return harmIllBird, nil
	}
	return "", nil
}

// longAgo reports whether a sentence tells of what is over.
func (r *reading) longAgo() bool {
	return r.says("last year", "years ago", "year ago", "months ago", "as a child", "as a kid", "in the past", "when i was", "survived", "prevent", "avoid", "signs of", "symptoms of", "insurance", "ever bitten", "ever bit", "history of")
}

// supposes reports whether a sentence asks in general, not after something happened:
// "is it bad if ...", "how much blood has a dog?".
func (r *reading) supposes() bool {
	return r.begins("is it", "is a", "is the", "are", "can", "could", "may", "would", "do dogs", "do cats", "do rabbits", "do birds", "do hamsters", "do you", "does a", "does the", "which", "how much", "how many", "how often", "how long", "how big", "what kind", "what is", "what are", "whats the", "what does", "how to", "how do i clip", "how do i trim", "should i get", "should i adopt") ||
		r.has("hypothetical") && !r.says("my", "our", "just")
}

// struck finds an animal's bite or sting and whom it hit. "The dog bit my cat" has the
// victim behind the verb, "my cat was bitten" before it; a present tense tells a habit.
func (r *reading) struck() (harm, []catalogue.Species) {
	for _, m := range r.found["strike"] {
		if m.value == "mark" {
			if h, victims := r.marked(m); h != "" {
				return h, victims
			}
			continue
		}
		if r.negated(m) || oneOf(r.word(m.to), "into", "of", "off", "the", "more", "less", "too") && r.word(m.from) == "bit" && r.word(m.to) != "the" ||
			r.word(m.from) == "bit" && oneOf(r.word(m.from-1), "a", "little", "tiny", "wee", "quite", "every", "each", "one", "last", "the") {
			continue
		}
		passive := r.passive(m)
		var v victim
		if passive {
			v = r.victimBefore(m.from)
		} else {
			v = r.victimAfter(m.to)
		}
		if !v.found && r.word(m.from) != "bit" {
			v = r.victimBefore(m.from) // "dog bitten on the leg"
			passive = true
		}
		if !v.found {
			continue
		}
		from, to := 0, m.from
		if passive {
			from, to = m.to, len(r.tokens)
		}
		return r.verdict(v, r.stinger(from, to, r.word(m.from))), v.species
	}
	return "", nil
}

// marked reads the nouns: "a wasp sting in my dog's mouth", "my dog has a snake bite".
// Flea bites and the like are no emergency.
func (r *reading) marked(m mention) (harm, []catalogue.Species) {
	stinger := r.stinger(max(0, m.from-2), m.from, r.word(m.from))
	aid := r.says("what to do", "what should i do", "what do i do", "treat", "treating", "first aid")
	if v := r.ownVictim(m); aid && !v.found && (stinger != "" || r.speciesAt(m.from-1) != "") && !r.has("ingest") {
		return r.verdict(victim{found: true, person: true}, stinger), nil // nobody is named: a person asks
	}
	by := stinger != "" || r.speciesAt(m.from-1) != ""
	if !by || r.supposes() || r.carer() && !r.says("my", "our") || r.negated(m) || oneOf(r.word(m.to), "kit", "suit", "sleeve", "work") {
		return "", nil
	}
	if v := r.ownVictim(m); v.found {
		return r.verdict(v, stinger), v.species
	}
	return "", nil
}

// stinger returns which kind of venomous animal is named between two tokens.
func (r *reading) stinger(from, to int, verb string) string {
	for _, m := range r.found["stinger"] {
		if m.from >= from && m.to <= to && !oneOf(r.word(m.from-1), "corn", "milk", "king", "pet", "my", "our") {
			return m.value
		}
	}
	if strings.HasPrefix(verb, "st") {
		return "insect"
	}
	return ""
}

func (r *reading) verdict(v victim, stinger string) harm {
	switch {
	case v.person && stinger != "":
		return harmVenomous
	case v.person:
		if r.says("play", "playing", "plays", "teething", "nipped", "playfully", "excited") && !r.has("danger") && !r.says("blood", "bleeding") {
			return "" // a puppy's teeth are a matter of training
		}
		return harmPerson
	case stinger != "":
		return harmVenom
	}
	return harmBite
}

// passive reports whether the one before a verb has suffered what it says.
func (r *reading) passive(m mention) bool {
	if r.word(m.to) == "by" {
		return true
	}
	for i := m.from - 1; i >= 0 && i >= m.from-3; i-- {
		if oneOf(r.word(i), "was", "were", "been", "got", "gets", "getting", "being", "is", "are", "be") {
			return true
		}
	}
	return false
}

// A victim is who was bitten or stung.
type victim struct {
	found, person bool
	species       []catalogue.Species
}

func (r *reading) victimBefore(at int) victim {
	for i := at - 1; i >= 0 && i >= at-7; i-- {
		if v := r.victimAt(i); v.found {
			if v.person && r.word(i) == "i" && oneOf(r.word(i+1), "think", "believe", "guess", "fear", "know", "saw", "suspect", "found") {
				continue
			}
			return v
		}
	}
	return victim{}
}

func (r *reading) victimAfter(at int) victim {
	for i := at; i < len(r.tokens) && i < at+5; i++ {
		if i > at && r.tokens[i].clause != r.tokens[at].clause {
			break
		}
		if oneOf(r.word(i), "and", "when", "while", "then", "by") {
			break
		}
		v := r.victimAt(i)
		// "Bit my hand": what is mine and no animal's is me. "Bit my dog's ear" is not.
		if own := oneOf(r.word(i), "my", "our"); own && !v.found {
			if next := r.victimAfterOwn(i + 1); next.found {
				return next
			}
			return victim{found: true, person: true}
		}
		if v.found {
			return v
		}
		if oneOf(r.word(i), "him", "her", "his", "it", "its", "them", "their") {
			if next := r.victimAt(i + 1); next.found {
				return next
			}
			// "My son's hamster bit him" hit the son.
			return victim{found: true, person: r.kinBefore(at)}
		}
	}
	return victim{}
}

// kinBefore reports whether a person other than the speaker is named before a token.
func (r *reading) kinBefore(at int) bool {
	for _, group := range []string{"people", "children"} {
		for _, m := range r.found[group] {
			if m.to <= at && !oneOf(r.word(m.from), "i", "me", "us", "myself") && !r.youngAnimal(m) {
				return true
			}
		}
	}
	return false
}

func (r *reading) victimAfterOwn(at int) victim {
	for i := at; i < at+3 && i < len(r.tokens); i++ {
		if v := r.victimAt(i); v.found && r.word(i) != "i" {
			return v
		}
	}
	return victim{}
}

// victimAt returns who is spoken of at a token.
func (r *reading) victimAt(i int) victim {
	for _, m := range r.found["species"] {
		if m.from == i {
			return victim{found: true, species: []catalogue.Species{catalogue.Species(m.value)}}
		}
	}
	for _, group := range []string{"people", "children"} {
		for _, m := range r.found[group] {
			if m.from == i && !r.youngAnimal(m) {
				return victim{found: true, person: true}
			}
		}
	}
	for _, n := range r.names {
		if i < len(r.tokens) && i >= 0 && r.tokens[i].start == n.Start {
			if n.Pet != nil {
				return victim{found: true, species: []catalogue.Species{n.Pet.Species}}
			}
			return victim{found: true, species: []catalogue.Species{n.Breed.Species}}
		}
	}
	for _, m := range r.found["animal"] {
		if m.from == i && oneOf(r.word(i), "pet", "animal", "horse", "ferret", "chinchilla", "rat", "mouse", "chicken", "duck", "goat") {
			return victim{found: true}
		}
	}
	return victim{}
}

// ownVictim returns whose a bite or sting is: an animal or a person that is "my"
// something, or I.
func (r *reading) ownVictim(at mention) victim {
	for i := range r.tokens {
		if i >= at.from-2 && i < at.to {
			continue
		}
		if oneOf(r.word(i), "my", "our") {
			if v := r.victimAfterOwn(i + 1); v.found {
				return v
			}
			if r.bodyAt(i+1) || r.bodyAt(i+2) || oneOf(r.word(i+1), "hand", "finger", "arm", "thumb", "ankle", "face", "lip") {
				return victim{found: true, person: true}
			}
		}
		if r.word(i) == "i" && oneOf(r.word(i+1), "have", "got", "had") {
			return victim{found: true, person: true}
		}
	}
	return victim{}
}

func (r *reading) bodyAt(i int) bool {
	for _, m := range r.found["body"] {
		if m.from == i {
			return true
		}
	}
	return false
}

// breathed reports whether an animal breathed in something harmful.
func (r *reading) breathed() bool {
	for _, in := range r.found["inhaled"] {
		if r.negated(in) || r.begins("can", "could", "is it", "should", "what happens") {
			continue
		}
		for _, f := range r.found["fumes"] {
			if f.from >= in.to && f.from-in.to <= 5 || in.from >= f.to && in.from-f.to <= 4 {
				return true
			}
		}
	}
	return false
}

// fed reports whether somebody gave an animal something poisonous. What a vet gave or
// prescribed is no poison, and neither is "his pill".
func (r *reading) fed() bool {
	if r.says("vet gave", "vet prescribed", "prescribed", "vet has given", "as directed", "vet told me to") || r.begins("can", "could", "should", "may", "is it", "when", "how often") {
		return false
	}
	for _, g := range r.found["given"] {
		if r.negated(g) {
			continue
		}
		for _, m := range r.found["toxin"] {
			if m.from < g.to || m.from-g.to > 9 {
				continue
			}
			vague := oneOf(r.word(m.from), "medication", "pill", "pills", "medications", "painkiller", "painkillers", "antihistamine", "essential")
			if vague && oneOf(r.word(m.from-1), "his", "her", "its", "the", "their", "flea", "worming", "heartworm", "daily", "allergy") {
				continue
			}
			return true
		}
	}
	return false
}

var (
	openMouth   = regexp.MustCompile(`\b(?:breath\w*|pant\w*) (?:\w+ ){0,4}mouth\b|\bmouth (?:\w+ ){0,3}breathing\b`)
	badBreath   = regexp.MustCompile(`\b(?:its|his|her|their) breathing (?:is|seems|looks|sounds|got|has become) (?:so |very |really |too )?(?:fast|heavy|hard|labou?red|weird|shallow|noisy|rapid|raspy|wrong|strange|loud)\b`)
	cantBreathe = regexp.MustCompile(`\b(?:trouble|troubles|struggl\w+|difficult\w*|hard time|problems?|barely|hardly|cant|cannot|can not|stopped|not|isnt|issues) (?:\w+ ){0,2}breath(?:e|ing)\b`)
)

// gasps reports whether an animal breathes with difficulty. Bad breath is none.
func (r *reading) gasps() bool {
	if !r.has("species") && len(r.names) == 0 && !r.has("animal") && !r.says("he", "she", "it", "his", "her", "its", "hes", "shes") {
		return false
	}
	if r.says("not having trouble", "no trouble", "bad breath", "breath smells", "breath stinks") {
		return false
	}
	return openMouth.MatchString(r.lower) && !r.has("species", "dog") || openMouth.MatchString(r.lower) && r.says("open mouth", "mouth open") && !r.says("panting", "pants") ||
		badBreath.MatchString(r.lower) || cantBreathe.MatchString(r.lower)
}

// bleeds reports whether an animal loses blood, from wherever.
func (r *reading) bleeds() bool {
	own := r.aboutOwn() || r.says("his", "her", "its", "he", "she", "it", "my", "our", "the")
	if !own || !r.has("species") && len(r.names) == 0 && !r.has("animal") && !r.says("he", "she", "it", "his", "her", "its") {
		return false
	}
	for i, t := range r.tokens {
		if !oneOf(t.text, "blood", "bloody", "bleeding", "bled", "bleeds") {
			continue
		}
		if oneOf(r.word(i+1), "python", "parrot", "parrots", "test", "tests", "type", "types", "pressure", "sugar", "work", "bank", "donor", "line", "lines", "group", "hound", "hounds", "feather", "feathers", "drive", "orange", "sample", "count", "values", "relative", "mice", "mouse", "prey") ||
			oneOf(r.word(i-1), "cold", "warm", "pure", "full", "mixed", "half", "draw", "royal", "give", "no", "without", "donate") || r.negated(mention{"", i, i + 1}) {
			continue
		}
		return true
	}
	return false
}

// hurts finds a blow or a broken limb: a word of injury near a part of an animal's
// body. The person's own back is not meant.
func (r *reading) hurts() bool {
	if !r.has("species") && len(r.pets())+len(r.breeds()) == 0 && !r.has("animal", "any") {
		return false
	}
	for _, b := range r.found["body"] {
		before := r.word(b.from - 1)
		if oneOf(before, "my", "our", "your", "bad") || oneOf(r.word(b.from), "back", "eye", "tail", "mouth", "nose", "foot", "feet") && !oneOf(before, "its", "his", "her", "the", "their", "a", "cats", "dogs", "front", "hind", "left", "right") {
			continue
		}
		for _, h := range r.found["hurt"] {
			gap := max(b.from-h.to, h.from-b.to)
			if gap <= 3 && r.tokens[h.from].sentence == r.tokens[b.from].sentence && !r.negated(h) {
				return true
			}
		}
	}
	return false
}

// guidesFor names the guides on what happened, the best first. Which of them covers
// the animal is used; where none does, general advice is all there is.
func (h harm) guidesFor() []string {
	switch h {
	case harmPerson:
		return []string{"bites-and-scratches-to-people"}
	case harmVenomous, harmNerves:
		return nil
	case harmBite:
		return []string{"injuries-of-small-pets", "bleeding-and-wounds"}
	case harmVenom:
		return []string{"stings-snake-bites-toads"}
	case harmInjury:
		return []string{"hit-by-car-falls-broken-bones", "injuries-of-small-pets"}
	case harmSwallowed:
		return []string{"swallowed-objects"}
	case harmPoison:
		return []string{"dog-poisoning", "cat-poisoning", "bird-emergencies"}
	case harmFumes:
		return []string{"bird-emergencies", "breathing-trouble"}
	case harmBreath:
		return []string{"breathing-trouble", "bird-emergencies", "small-mammal-emergencies", "reptile-emergencies"}
	case harmBlood:
		return []string{"bleeding-and-wounds"}
	case harmCollapse, harmCold:
		return []string{"collapse-and-cold", "small-mammal-emergencies", "bird-emergencies", "reptile-emergencies"}
	case harmHeat:
		return []string{"heatstroke"}
	case harmIllBird:
		return []string{"bird-emergencies"}
	}
	return nil
}

var hotDay = regexp.MustCompile(`\b(?:2[89]|3\d|4\d|8\d|9\d|10\d|11\d) (?:degrees|c|f|celsius|fahrenheit|deg)\b|\bheat\w*\b|\bhot\b|\bsun\b|\bsunny\b`)

// harmOf tells what is behind words of danger: a collapse after a run in the heat is
// heatstroke, legs that do not move after a fall are an injury.
func (r *reading) harmOf(k *ask) harm {
	fallen := r.says("fell", "fall", "dropped", "jumped", "landed", "stepped", "stuck", "caught", "hit", "kicked", "slipped")
	switch {
	case r.has("danger", "heat"), r.has("danger", "collapse") && hotDay.MatchString(r.lower):
		return harmHeat
	case r.has("danger", "trauma"),
		r.has("danger", "collapse") && (fallen || r.says("back legs", "hind legs", "paralyzed")):
		return harmInjury
	case r.has("danger", "collapse") && r.says("cold"):
		return harmCold
	case r.has("danger", "swelling"):
		return harmVenom
	case r.has("danger", "collapse"):
		return harmCollapse
	case r.has("danger", "nerves"):
		return harmNerves
	case r.has("danger", "poison"), r.has("ingest") && r.has("toxin"):
		return harmPoison
	case r.has("danger", "breathing"):
		return harmBreath
	case r.has("ingest") && r.has("object"):
		return harmSwallowed
	}
	return k.harm
}
