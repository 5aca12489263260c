package compose

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Animals and figures in the words of another language.

// says describes one aspect of a pet in a few words, in the person's language.
func (c phrasebook) says(p *catalogue.Pet, attribute string) string { //nolint:funlen // one case for each attribute
	flag := func(ok bool) string { return attribute + "." + yesNo(ok) }
	switch attribute {
	case "species":
		return c.say(string(p.Species))
	case "breed", "group":
		return p.Breed.Name
	case "sex":
		return c.say(string(p.Sex))
	case "age":
		return c.ageOf(p.AgeMonths)
	case "fee":
		return c.say("fee", dollars(p.Price))
	case "upkeep":
		return c.say("upkeep", c.say("monthly", c.say("span", "$"+figure(p.Breed.MonthlyCost[0]), "$"+figure(p.Breed.MonthlyCost[1]))))
	case "size":
		return c.say("size." + string(p.Size))
	case "weight":
		return c.say("weight", c.span(p.Breed.WeightKg))
	case "energy":
		return c.say("energy." + string(p.Energy))
	case "noise":
		return c.say("noise." + string(p.Breed.Noise))
	case "shedding":
		return c.say("shedding." + string(p.Shedding))
	case "grooming":
		return c.say("grooming." + string(p.Breed.Grooming))
	case "allergy":
		return c.say(flag(p.Breed.AllergyFriendly || p.Species == catalogue.Fish || p.Species == catalogue.Reptile))
	case "children":
		return c.say("children." + string(p.GoodWith.Children))
	case "cats":
		return c.say("cats." + string(p.GoodWith.Cats))
	case "dogs":
		return c.say("dogs." + string(p.GoodWith.Dogs))
	case "home":
		return c.say("home." + string(p.Home))
	case "hours":
		if p.HoursAlone >= 24 {
			return c.say("hours.day")
		}
		return c.say("hours", strconv.Itoa(p.HoursAlone))
	case "beginner":
		return c.say(flag(p.Beginner))
	case "lifespan":
		return c.say("lifespan", c.span(p.Breed.LifespanYears))
	case "exercise":
		if p.Breed.ExerciseMinutes == 0 {
			return c.say("exercise.none")
		}
		return c.say("exercise", strconv.Itoa(p.Breed.ExerciseMinutes))
	case "needs", "ailment", "health":
		if p.SpecialNeeds == "" {
			return c.say("needs.none")
		}
		return c.say(p.SpecialNeeds)
	}
	return ""
}

// span formats a range of figures.
func (c phrasebook) span(v [2]float64) string {
	if v[0] == v[1] {
		return figure(v[0])
	}
	return c.say("span", figure(v[0]), figure(v[1]))
}

// ageOf formats an age in months as people say it.
func (c phrasebook) ageOf(months int) string {
	switch {
	case months < 1:
		return c.say("newborn")
	case months == 1:
		return c.say("month")
	case months == 12:
		return c.say("year")
	case months < 24:
		return c.say("months", strconv.Itoa(months))
	case months%12 == 6:
		return c.say("years-half", strconv.Itoa(months/12))
	case months%12 == 0 || months >= 120:
		return c.say("years", strconv.Itoa(months/12))
	}
	return c.say("years", strings.TrimSuffix(fmt.Sprintf("%.1f", float64(months)/12), ".0"))
}

// headline introduces a pet in a list.
func (c phrasebook) headline(p *catalogue.Pet) string {
	return c.say("headline", p.Name, p.Breed.Name, c.say(string(p.Species)), c.say(string(p.Sex)), c.ageOf(p.AgeMonths), dollars(p.Price))
}

// snag implements [phrasing].
func (c phrasebook) snag(p *catalogue.Pet, attribute string) string {
	if attribute == company {
		return c.say(company)
	}
	return c.says(p, attribute)
}

// labels repeats the wishes as understood, in a few words.
func (c phrasebook) labels(wants []plan.Condition) []string {
	var list []string
	for i := range wants {
		if s := c.label(&wants[i]); s != "" {
			list = appendNew(list, s)
		}
	}
	return list
}

var limits = map[catalogue.Op]string{ //nolint:gochecknoglobals // a table of words
	catalogue.Below: "below", catalogue.AtMost: "at-most", catalogue.Above: "above", catalogue.AtLeast: "at-least",
}

// lacks says that a pet is not what was wanted.
func (c phrasebook) lacks(w *plan.Condition) string {
	return c.say("not", w.Said)
}

// label names a condition; "" if the language has no words for it.
func (c phrasebook) label(w *plan.Condition) string {
	name, text := w.Attribute.Name, ""
	switch {
	case name == "home" && w.Number < 3:
		text = c.say("home." + string([]catalogue.Home{catalogue.Apartment, catalogue.House, catalogue.Garden}[int(w.Number)]))
	case name == "hours":
		text = c.say("hours", figure(w.Number))
	case name == "children" || name == "cats" || name == "dogs":
		text = c.say(name + map[bool]string{true: ".no", false: ".yes"}[w.Op == catalogue.AtMost])
	case w.Attribute.Type == catalogue.Number && len(w.Names) == 0:
		text = c.amount(name, w.Number)
		if key := limits[w.Op]; key != "" && text != "" {
			return c.say(key, text)
		}
	case name == "beginner" || name == "allergy":
		text = c.say(name + ".yes")
	case name == "species" || name == "sex":
		text = strings.Join(mapped(w.Names, func(s string) string { return c.say(s) }), " / ")
	case name == "breed":
		text = strings.Join(mapped(w.Names, func(s string) string {
			if b := c.cat.Breed(s); b != nil {
				return b.Name
			}
			return s
		}), " / ")
	case len(w.Names) > 0:
		text = c.say(name + "." + w.Names[0])
	}
	if w.Op == catalogue.Not && text != "" {
		return c.say("not", text)
	}
	return text
}

// amount formats an amount in its unit.
func (c phrasebook) amount(attribute string, v float64) string {
	switch attribute {
	case "fee":
		return dollars(int(v))
	case "upkeep":
		return c.say("monthly", dollars(int(v)))
	case "age":
		return c.ageOf(int(v + 0.5))
	case "weight":
		return figure(float64(int(v*10))/10) + " kg"
	}
	return ""
}
