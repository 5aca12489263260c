package advisor

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// mostOnward is how many follow-up questions an answer offers.
const mostOnward = 3

// openers are guides whose questions suit everybody who looks for a pet.
var openers = [...]string{"choosing-the-right-pet", "adoption-process", "before-adopting-any-pet", "age-to-adopt", "holding-a-pet-and-paying"} //nolint:gochecknoglobals // a table

// onward returns follow-up questions to an answer, in its language: about its pets, about other passages of its
// guides, and about the store. The advisor can answer each from the catalogue, and the conversation has not had it
// yet. There are none if an animal may be in danger or somebody needs comfort.
func (a *Advisor) onward(messages []chat.Message, pl *plan.Plan, pets []chat.Pet) []string {
	tongue := pl.Turn.Language
	if tongue == nil && pl.Turn.Foreign || tongue != nil && !tongue.Speaks() || pl.Verdict.Level != triage.None || grave(&pl.Items[0]) {
		return nil
	}
	var had []string
	for _, m := range messages {
		if m.Role == chat.RoleUser {
			had = append(had, m.Text())
		}
	}
	var list []string
	for _, q := range slices.Concat(aboutPets(pl, pets), a.besides(pl), a.aboutKinds(pl), a.headings(nil, openers[:]...)) {
		question := q.in(tongue)
		if question == "" {
			continue
		}
		asked := slices.ContainsFunc(had, func(text string) bool { return strings.EqualFold(strings.TrimSpace(text), question) })
		if !asked && !slices.Contains(list, question) {
			list = append(list, question)
		}
	}
	return list[:min(len(list), mostOnward)]
}

// A question is a follow-up in English, with {} for each name.
type question struct {
	text  string
	names []string
}

// in returns the question in a language, or in English for nil; "" if the language has no phrase for it.
func (q question) in(tongue *read.Language) string {
	if tongue != nil {
		return tongue.Say(q.text, q.names...)
	}
	text := q.text
	for _, name := range q.names {
		text = strings.Replace(text, "{}", name, 1)
	}
	return text
}

// loss is the topic of guides about the death of an animal.
const loss catalogue.Topic = "loss"

// grave reports whether an answer should offer nothing.
func grave(item *plan.Item) bool {
	switch item.Kind {
	case read.KindEmergency, read.KindDose, read.KindCruelty, read.TalkSad:
		return true
	default:
		return len(item.Hits) > 0 && item.Hits[0].Guide.About(loss)
	}
}

// compared asks to compare two pets.
const compared = "Compare {} and {}."

// ofPet has questions about a pet, each with the attribute that answers it.
var ofPet = [...]struct{ attribute, question string }{ //nolint:gochecknoglobals // a table
	{"beginner", "Is {} good for a first-time owner?"},
	{"upkeep", "What does {} cost per month?"},
	{"children", "Is {} good with children?"},
	{"exercise", "How much exercise does {} need?"},
}

// aboutPets returns questions about an answer's pets, except those already answered.
func aboutPets(pl *plan.Plan, pets []chat.Pet) []question {
	if len(pets) == 0 {
		return nil
	}
	var list []question
	first := pets[0].Name
	if len(pets) > 1 && pl.Items[0].Kind != read.KindCompare {
		list = append(list, question{compared, []string{first, pets[1].Name}})
	}
	for _, of := range ofPet {
		if !slices.ContainsFunc(pl.Turn.Marks, func(m read.Mark) bool { return m.Attribute != nil && m.Attribute.Name == of.attribute }) {
			list = append(list, question{of.question, []string{first}})
		}
	}
	return list
}

// besides returns the questions of the answer's guides that it has not answered.
func (a *Advisor) besides(pl *plan.Plan) []question {
	var guides []string
	told := map[*catalogue.Passage]bool{}
	for i := range pl.Items {
		item := &pl.Items[i]
		if item.Answer != nil {
			guides = append(guides, item.Answer.Guide.ID)
		}
		for j, hit := range item.Hits {
			if told[hit.Passage] = told[hit.Passage] || hit.Answers(); j == 0 && hit.Answers() {
				guides = append(guides, hit.Guide.ID)
			}
		}
	}
	return a.headings(told, guides...)
}

// aboutKinds returns questions about the kinds of animals in a conversation: in English those to ask before an
// adoption, in other languages all that have a phrase.
func (a *Advisor) aboutKinds(pl *plan.Plan) []question {
	var list []question
	for _, s := range pl.Frame.Focus.Kinds() {
		for _, g := range a.cat.Guides() {
			first := pl.Turn.Language != nil || g.About(catalogue.TopicBefore) || g.About(catalogue.TopicCosts)
			if first && slices.Equal(g.Species, []catalogue.Species{s}) {
				list = append(list, a.headings(nil, g.ID)...)
			}
		}
	}
	return list
}

// headings returns the questions that passages of guides answer, without those in told and first aid.
func (a *Advisor) headings(told map[*catalogue.Passage]bool, guides ...string) []question {
	var list []question
	for _, id := range guides {
		for _, p := range a.cat.Guide(id).Passages {
			if !told[p] && !p.Guide.About(catalogue.TopicEmergency) {
				list = append(list, question{text: p.Heading})
			}
		}
	}
	return list
}
