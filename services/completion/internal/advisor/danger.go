package advisor

import (
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// urgent is an animal in danger, or a question for a dose.
func urgent(m *moment, r *reading, k *ask) bool {
	if r.has("medicine") && r.has("dose") && !r.has("ingest") && !r.fed() {
		k.kind = kindDose
		k.orOwn(m)
		return true
	}
	h, victims := r.harmed()
	if h == "" && !r.danger(m, k) {
		return false
	}
	k.kind, k.harm = kindEmergency, h
	if h == "" {
		k.harm = r.harmOf(k)
	}
	// Whoever did the harm is not who needs the help.
	if len(victims) > 0 {
		k.species = victims
	}
	k.orOwn(m)
	return true
}

// danger reports whether something has happened, or what to do if it happens; not
// whether somebody wants to know what would be dangerous.
func (r *reading) danger(m *moment, k *ask) bool {
	real := !r.has("hypothetical") || r.says("my", "our", "she", "he", "just", "what if")
	switch {
	case r.says("prevent", "avoid", "how do i know if", "insurance", "signs of", "symptoms of", "in the past", "as a child", "as a kid", "when i was", "years ago", "months ago", "ever bitten", "prone to", "last year", "survived"):
		return false
	case r.has("danger") && real && !r.has("danger", "poison"):
		return !r.mild()
	case r.has("danger", "poison") && real && !r.begins("is", "are", "which", "can", "what plants", "what foods"):
		return true
	case r.has("ingest") && (r.has("toxin") || r.has("object") || r.has("symptom")) && r.happened():
		return true
	case r.has("fasting") && real:
		return r.mustEat(m, k)
	}
	return false
}

// mild tells words that sound of danger and are not: a bloated belly is, "limp" in
// "limping" or "a burned out owner" are not.
func (r *reading) mild() bool {
	return r.says("limps") && !r.has("danger", "trauma", "bleeding") || r.says("burned out", "burnt out", "electric fence")
}

// happened tells "he ate chocolate" from "can he eat chocolate".
func (r *reading) happened() bool {
	for _, m := range r.found["ingest"] {
		if oneOf(r.word(m.from), "eat", "eats", "swallow") && !r.eatsNow(m) && !r.says("what if", "what to do if", "what should i do if", "what do i do if") {
			continue
		}
		if r.negated(m) || r.says("can i give", "before") {
			continue
		}
		return true
	}
	return false
}

// eatsNow tells a slip for the past tense, "my dog eat chocolate", from a question.
func (r *reading) eatsNow(m mention) bool {
	if r.asks() || r.says("will", "would", "if", "when", "cant", "never", "sometimes", "usually", "lets", "let") || m.from == 0 {
		return false
	}
	last := r.victimAt(m.from - 1)
	return last.found && !last.person || oneOf(r.word(m.from-1), "he", "she", "it", "just")
}

// mustEat reports whether the animal is one for which a day without food is an
// emergency.
func (r *reading) mustEat(m *moment, k *ask) bool {
	kinds := k.species
	if len(kinds) == 0 {
		kinds = m.about()
	}
	for _, s := range kinds {
		if s == catalogue.Rabbit || s == catalogue.GuineaPig || s == catalogue.Hamster || s == catalogue.Bird {
			return true
		}
	}
	return false
}

func (k *ask) orOwn(m *moment) {
	if len(k.species) == 0 {
		k.species = m.about()
	}
}
