package asks

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
)

// circumstances are the facts about a person that bear on the choice of a pet.
var circumstances = map[string]string{ //nolint:gochecknoglobals // a table
	"apartment": "home", "house": "home", "garden": "home", "renting": "home", "dorm": "home",
	"baby": "children", "toddler": "children", "children": "children", "older-children": "children",
	"first-time": "experience", "experienced": "experience",
	"home-all-day": "hours", "half-day": "hours", "full-day": "hours", "travel": "hours", "day-help": "hours",
	"allergy": "allergy", "no-fur": "allergy", "frail": "strength", "elderly": "strength", "active-person": "strength",
	"low-budget": "budget", "quiet-wanted": "quiet", "alone": "company", "to-watch": "use", "hands-on": "use",
}

// Circumstances returns how many kinds of facts a turn tells that bear on the choice of a pet: the home, children, hours,
// allergies, and so on.
func Circumstances(t *read.Turn) int {
	told := map[string]bool{}
	for i := range t.Marks {
		m := &t.Marks[i]
		switch {
		case circumstances[m.Fact] != "":
			told[circumstances[m.Fact]] = true
		case m.Role == read.Owned && m.Species() != "":
			told["animals"] = true
		case m.Role == read.Allergic:
			told["allergy"] = true
		case m.Amount != nil && m.Attribute != nil && (m.Attribute.Name == "fee" || m.Attribute.Name == "upkeep"):
			told["budget"] = true
		case m.Amount != nil && m.Attribute != nil && m.Attribute.Name == "hours":
			told["hours"] = true
		}
	}
	return len(told)
}

// WithoutHelpers removes what the words for somebody who comes by mention besides: a dog walker is no dog.
func WithoutHelpers(t *read.Turn) {
	t.Marks = slices.DeleteFunc(t.Marks, func(m read.Mark) bool {
		return m.Fact != "day-help" && slices.ContainsFunc(t.Marks, func(o read.Mark) bool { return o.Fact == "day-help" && o.From <= m.From && m.To <= o.To })
	})
}

// Refuses reports whether a turn rules out what a fact says, or says that somebody is allergic to it.
func Refuses(t *read.Turn, fact string) bool {
	return slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		return m.Fact == fact && (m.Role == read.Unwanted || m.Role == read.Allergic)
	})
}

// Furless reports whether a turn rules out animals with fur.
func Furless(t *read.Turn) bool { return t.Has("no-fur") || Refuses(t, "furry") }

// Featherless reports whether a turn rules out animals with feathers.
func Featherless(t *read.Turn) bool { return t.Has("no-feathers") || Refuses(t, "feathery") }
