package compose

import (
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// things describes n wanted pets as a noun phrase: "quiet female cats under $100".
func (c *composer) things(wants []plan.Condition, n int) string {
	var before, after []string
	noun, nouns := "pet", "pets"
	for i := range wants {
		w := &wants[i]
		text := wish(w)
		switch {
		case w.Of != "":
			after = appendNew(after, "for "+text)
		case w.Op == catalogue.Is && (w.Attribute.Name == "species" || w.Attribute.Name == "breed" || w.Attribute.Name == "group" && noun == "pet" && !coatGroup(w.Names[0])):
			noun, nouns = c.nouns(w)
		case adjective(w):
			before = appendNew(before, text)
		default:
			after = appendNew(after, behind(w, text))
		}
	}
	if n != 1 {
		noun = nouns
	}
	if len(after) > 0 {
		noun += " " + strings.Join(after, ", ")
	}
	return strings.Join(append(before, noun), " ")
}

// nouns returns the singular and the plural of what is wanted.
func (c *composer) nouns(w *plan.Condition) (one, many string) {
	var ones, manies []string
	for _, name := range w.Names {
		text := strings.ReplaceAll(name, "-", " ")
		if b := c.cat.Breed(name); b != nil {
			text = b.Name
		}
		ones = append(ones, text)
		if text == string(catalogue.Fish) || w.Attribute.Name == "group" && strings.HasSuffix(text, "ed") {
			manies = append(manies, text)
			continue
		}
		manies = append(manies, plural(text))
	}
	return strings.Join(ones, " or "), strings.Join(manies, " or ")
}

// adjective reports whether a condition precedes the noun.
func adjective(w *plan.Condition) bool {
	if w.Op != catalogue.Is || len(w.Names) == 0 {
		return false
	}
	switch w.Attribute.Name {
	case "sex":
		return w.Names[0] != "group"
	case "age", "size", "coat", "temperament", "energy":
		return true
	case "ailment":
		return !strings.Contains(needOf(w), " ")
	case "group":
		return coatGroup(w.Names[0])
	case "noise":
		return w.Names[0] == "low"
	}
	return false
}

// coatGroup reports whether a group describes an animal rather than naming its kind.
func coatGroup(name string) bool {
	switch name {
	case "hairless", "long-haired", "short-haired", "purebred", "mixed", "lap":
		return true
	}
	return false
}

// behind returns a condition in the form that follows the noun.
func behind(w *plan.Condition, text string) string {
	switch {
	case w.Attribute.Type == catalogue.Number && len(w.Names) == 0, strings.HasPrefix(text, "good with"), w.Attribute.Name == "home",
		w.Attribute.Name == "ailment", w.Attribute.Name == "diet", strings.HasPrefix(text, "not for"):
		return text
	case strings.HasPrefix(text, "no ") && (w.Attribute.Name == "species" || w.Attribute.Name == "breed" || w.Attribute.Name == "group" && !coatGroup(w.Names[0])):
		return "but " + text
	case w.Op == catalogue.Not:
		return "not " + strings.TrimPrefix(text, "no ")
	case w.Attribute.Name == "sex":
		return "in a pair or group"
	case w.Attribute.Name == "beginner" || w.Attribute.Name == "allergy":
		return "that are " + text
	}
	return "with " + text
}

// request repeats the basis of a recommendation: first the animal, then the person.
func (c *composer) request(wants []plan.Condition) string {
	var own, of []plan.Condition
	for _, w := range wants {
		if w.Of != "" {
			of = append(of, w)
		} else {
			own = append(own, w)
		}
	}
	var parts []string
	if len(own) > 0 {
		parts = append(parts, article(c.things(own, 1)))
	}
	for i := range of {
		parts = appendNew(parts, wish(&of[i]))
	}
	return list(parts)
}
