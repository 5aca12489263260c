package advisor

import (
	"fmt"
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
var openers = [...]string{"choosing-the-right-pet", "adoption-process", "before-adopting-any-pet"} //nolint:gochecknoglobals // a table

// onward returns follow-up questions to an answer: about its pets, about other passages of its guides, and about the
// store. The advisor can answer each from the catalogue, and the conversation has not had it yet. There are none if
// an animal may be in danger or somebody needs comfort, and none in languages other than that of the guides.
func (a *Advisor) onward(messages []chat.Message, pl *plan.Plan, pets []chat.Pet) []string {
	if pl.Turn.Language != nil || pl.Turn.Foreign || pl.Verdict.Level != triage.None || grave(&pl.Items[0]) {
		return nil
	}
	var had []string
	for _, m := range messages {
		if m.Role == chat.RoleUser {
			had = append(had, m.Text())
		}
	}
	var list []string
	for _, question := range slices.Concat(aboutPets(pl, pets), a.besides(pl), a.aboutKinds(pl), a.headings(nil, openers[:]...)) {
		asked := slices.ContainsFunc(had, func(text string) bool { return strings.EqualFold(strings.TrimSpace(text), question) })
		if !asked && !slices.Contains(list, question) {
			list = append(list, question)
		}
	}
	return list[:min(len(list), mostOnward)]
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

// aboutPets returns questions about an answer's pets, except those already answered.
func aboutPets(pl *plan.Plan, pets []chat.Pet) []string {
	if len(pets) == 0 {
		return nil
	}
	var list []string
	first := pets[0].Name
	if len(pets) > 1 && pl.Items[0].Kind != read.KindCompare {
		list = append(list, fmt.Sprintf("Compare %s and %s.", first, pets[1].Name))
	}
	for _, of := range [...]struct{ attribute, question string }{
		{"beginner", "Is %s good for a first-time owner?"},
		{"upkeep", "What does %s cost per month?"},
		{"children", "Is %s good with children?"},
		{"exercise", "How much exercise does %s need?"},
	} {
		if !slices.ContainsFunc(pl.Turn.Marks, func(m read.Mark) bool { return m.Attribute != nil && m.Attribute.Name == of.attribute }) {
			list = append(list, fmt.Sprintf(of.question, first))
		}
	}
	return list
}

// besides returns the questions of the answer's guides that it has not answered.
func (a *Advisor) besides(pl *plan.Plan) []string {
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

// aboutKinds returns questions about the kinds of animals in a conversation.
func (a *Advisor) aboutKinds(pl *plan.Plan) []string {
	var list []string
	for _, s := range pl.Frame.Focus.Kinds() {
		for _, g := range a.cat.Guides() {
			if slices.Equal(g.Species, []catalogue.Species{s}) && (g.About(catalogue.TopicBefore) || g.About(catalogue.TopicCosts)) {
				list = append(list, a.headings(nil, g.ID)...)
			}
		}
	}
	return list
}

// headings returns the questions that passages of guides answer, without those in told and first aid.
func (a *Advisor) headings(told map[*catalogue.Passage]bool, guides ...string) []string {
	var list []string
	for _, id := range guides {
		for _, p := range a.cat.Guide(id).Passages {
			if !told[p] && !p.Guide.About(catalogue.TopicEmergency) {
				list = append(list, p.Heading)
			}
		}
	}
	return list
}
