package plan

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// cards counts the pets on whose cards a stem occurs: rare stems are the most telling.
type cards map[string]int

func newCards(pets []*catalogue.Pet) cards {
	c := cards{}
	for _, pet := range pets {
		seen := map[string]bool{}
		for _, w := range words.Split(cardOf(pet)) {
			if !seen[w.Stem] {
				seen[w.Stem] = true
				c[w.Stem]++
			}
		}
	}
	return c
}

// cardOf returns the sentences about a pet.
func cardOf(pet *catalogue.Pet) string { return pet.SpecialNeeds + " " + pet.Story }

// look looks for the answer to a part on the card of the one pet that it is about.
func (c cards) look(t *read.Turn, a *part, item *Item, before *Focus) {
	pets := t.Pets(0, len(t.Words))
	if len(pets) == 0 && t.HasIn(&read.Sentence{From: a.from, To: a.to}, "pronoun") {
		pets = before.Pets
	}
	if len(pets) != 1 || item.Kind != read.KindGuide && item.Kind != read.KindPet || item.Kind == read.KindGuide && item.Answer != nil && item.Answer.Form == "" {
		return
	}
	surely := len(item.Hits) > 0 && item.Hits[0].Surely()
	if item.Kind == read.KindGuide && surely || t.HasIn(&read.Sentence{From: a.from, To: a.to}, "process") && item.Kind == read.KindGuide {
		return
	}
	if item.Card = c.aptSentence(t, a, pets[0]); item.Card != "" && item.Kind == read.KindGuide {
		item.Kind, item.Pets = read.KindPet, pets
	}
}

// aptSentence returns the sentence of a pet's card that fits the words of a part best, or "".
func (c cards) aptSentence(t *read.Turn, a *part, pet *catalogue.Pet) string {
	const few, short = 4, 4 // most cards with a rare word, least letters of a word
	asked := map[string]bool{}
	name := strings.ToLower(pet.Name)
	for i := a.from; i < a.to; i++ {
		w := t.Words[i]
		animal := slices.ContainsFunc(t.Marks, func(m read.Mark) bool { return m.From <= i && i < m.To && m.Pet == nil && m.Species() != "" })
		if !animal && !strings.Contains(name, w.Stem) && len(w.Text) >= short && c[w.Stem] > 0 && c[w.Stem] <= few {
			asked[w.Stem] = true
		}
	}
	best, most := "", 1 // one common word proves nothing
	for _, s := range strings.SplitAfter(cardOf(pet), ". ") {
		n := 0
		for _, w := range words.Split(s) {
			if asked[w.Stem] {
				n++
				if c[w.Stem] <= 2 || s == pet.SpecialNeeds+" " {
					n++
				}
			}
		}
		if n > most {
			best, most = strings.TrimSpace(s), n
		}
	}
	return best
}
