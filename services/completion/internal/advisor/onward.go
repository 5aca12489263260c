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

// mostOnward is how many questions an answer offers to go on with.
const mostOnward = 3

// openers are guides whose questions fit anybody who looks for a pet.
var openers = [...]string{"choosing-the-right-pet", "adoption-process", "before-adopting-any-pet"} //nolint:gochecknoglobals // a table

// onward returns questions to go on with after an answer: about the pets that it shows, what the guides of the answer
// have besides, and what the store has. Each is one that the advisor answers from what it knows, and that the
// conversation has not had. There are none where an animal may be in danger, or somebody is to be consoled, and none in
// other languages, which the guides do not speak.
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

// loss is the topic of guides for those whose animal has died, or is about to.
const loss catalogue.Topic = "loss"

// grave reports whether an answer is not the place to offer anything.
func grave(item *plan.Item) bool {
	switch item.Kind {
	case read.KindEmergency, read.KindDose, read.KindCruelty, read.TalkSad:
		return true
	default:
		return len(item.Hits) > 0 && item.Hits[0].Guide.About(loss)
	}
}

// aboutPets returns what may be asked of the pets that an answer shows, but for what was spoken of.
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

// besides returns the questions of the guides that an answer is from which it has not answered.
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

// aboutKinds returns what may be asked of the kinds of animals that a conversation is about.
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

// headings returns the questions that passages of guides answer, but for those told and for first aid.
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
