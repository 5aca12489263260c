package advisor

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// recommending looks for a pet.
func recommending(m *moment, r *reading, k *ask) bool {
	if r.grim() || r.cohabits() {
		return false
	}
	if r.has("ask", "more") && (len(m.shown) > 0 || len(r.tokens) <= 6 || m.learned) && !r.careTopic() {
		k.kind, k.more = kindRecommend, len(m.seen) > 0
		return true
	}
	if len(k.species) == 1 && len(r.names) == 0 && r.petForChild(m) {
		k.kind, k.value = kindCare, "or recommend"
		return true
	}
	if !r.has("ask", "recommend") {
		return false
	}
	if r.begins("are", "is", "would", "do") && len(k.species) == 1 && !r.says("right for", "for me", "for us", "you") {
		k.kind, k.value = kindCare, "or recommend" // "are guinea pigs good pets for toddlers?"
		return true
	}
	if r.careTopic() && (r.carer() || !r.strongWish() || r.goods()) || r.carer() && !r.says("choose", "pick", "decide") {
		return false
	}
	if !r.strongWish() && len(k.species) == 0 && !r.has("animal") && len(r.breeds()) == 0 && !m.learned {
		return false
	}
	k.kind = kindRecommend
	return true
}

// grim reports whether a sentence tells of harm: then nothing is recommended, even
// where it is not clear what happened.
func (r *reading) grim() bool {
	if r.longAgo() {
		return false
	}
	hurt := slices.ContainsFunc(r.found["strike"], func(m mention) bool {
		return m.value == "done" && r.word(m.from) != "bit" && !r.negated(m) || r.word(m.from) == "bit" && !oneOf(r.word(m.from-1), "a", "little", "tiny", "wee", "quite")
	})
	return hurt || r.bleeds() || r.has("danger", "poison") && !r.negated(r.found["danger"][0])
}

// cohabits reports whether the reading asks which animals may be kept together.
func (r *reading) cohabits() bool {
	return r.yesOrNo() && r.says("with another", "with other", "with a second", "with one another", "in the same tank", "in one tank", "in the same cage", "in one cage", "next to another", "together with") &&
		r.says("keep", "kept", "live", "house", "put", "have", "share", "add", "be")
}

// goods reports whether what is to be recommended is a thing: "what food do you
// recommend for a kitten?".
func (r *reading) goods() bool {
	if !r.begins("what", "which", "whats") {
		return false
	}
	topics, asks := r.found["topic"], r.found["ask"]
	return len(topics) > 0 && len(asks) > 0 && topics[0].from < asks[0].from && !r.animalAt(0, asks[0].from-1)
}

// strongWish reports whether what is looked for is an animal, in so many words.
func (r *reading) strongWish() bool {
	for _, m := range r.found["ask"] {
		if m.value != "recommend" {
			continue
		}
		for i := m.from; i < m.to; i++ {
			if oneOf(r.word(i), "pet", "animal", "dog", "cat", "rabbit", "bird", "fish", "reptile", "breed", "adopt", "adopting", "match", "suit", "suits", "me", "us") {
				return true
			}
		}
		if r.animalAt(m.to, m.to+4) {
			return true
		}
	}
	return false
}

// careTopic reports whether the reading is about looking after an animal.
func (r *reading) careTopic() bool {
	for _, m := range r.found["topic"] {
		if !oneOf(m.value, "adoption", "before-adopting", "costs", "seniors", "young", "allergies", "children", "exercise", "company", "introductions", "first-days", "temperature", "water") {
			return true
		}
	}
	return r.has("symptom")
}

// wantsSpeech reports whether a bird is to talk.
func (r *reading) wantsSpeech() bool {
	return r.has("species", "bird") && !r.says("talk to", "talk about", "sing", "singing") &&
		r.says("talk", "talks", "talking", "talkative", "speak", "speaks", "speaking", "mimic", "mimics", "say words", "learn words")
}

var ofSpeech = regexp.MustCompile(`(?i)\b(?:talk(?:s|ative|ing)?|mimic\w*|learns? (?:\w+ )?words|says? (?:\w+ )?words|speaks?)\b`)

// speaks reports whether the facts on a breed tell of talking.
func speaks(b *catalogue.Breed) bool {
	return ofSpeech.MatchString(strings.Join(b.Temperament, " ") + " " + b.Summary + " " + b.Care)
}

var yearsOld = regexp.MustCompile(`\b\d{1,2} (?:year|yr)s? old`)

// petForChild reports whether the reading asks if an animal suits a child: "is a
// hamster a good first pet for a 5 year old?".
func (r *reading) petForChild(m *moment) bool {
	return m.profile.children == yes && r.yesOrNo() && !r.careTopic() && !r.aboutOwn() &&
		(r.has("children") || yearsOld.MatchString(digits(r.lower))) &&
		r.says("pet", "pets", "good for", "suitable", "right for", "ok for", "okay for", "have a", "get a", "keep a", "own a")
}
