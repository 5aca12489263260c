package compose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// wishes repeats the wishes in a few words.
func (c *composer) wishes(wants []plan.Condition) string {
	var list []string
	for i := range wants {
		list = appendNew(list, wish(&wants[i]))
	}
	return strings.Join(list, ", ")
}

// wish returns a condition as understood.
func wish(w *plan.Condition) string {
	if w.Of != "" {
		if w.Attribute.Name == "hours" {
			return fmt.Sprintf("%.0f hours alone", w.Number)
		}
		return w.Of
	}
	name := w.Attribute.Name
	value := strings.Join(w.Names, " or ")
	switch {
	case w.Attribute.Type == catalogue.Number && len(w.Names) == 0:
		return opWords[w.Op] + amountOf(name, w.Number)
	case name == "home" && w.Op == catalogue.AtLeast:
		return "in need of " + homeNames[int(w.Number)]
	case name == "home":
		return "for " + homeNames[int(w.Number)]
	case (name == "children" || name == "cats" || name == "dogs") && w.Op == catalogue.AtMost:
		return "not for a home with " + name
	case name == "children" || name == "cats" || name == "dogs":
		return "good with " + name
	case name == "ailment" || name == "diet":
		return needOf(w)
	case name == "breed":
		value = w.Said
	case name == "species" && w.Op == catalogue.Not && len(w.Names) > 2:
		return w.Said
	case name == "shedding" && slices.Contains(w.Names, string(catalogue.Low)):
		value = levelWords[name][string(catalogue.Low)]
	case len(w.Names) == 0:
		return w.Said // "quieter", than a pet that was shown
	case name == "energy" || name == "noise" || name == "shedding" || name == "grooming":
		value = levelWords[name][w.Names[0]]
	case name == "size" && len(w.Names) > 1:
		value = w.Names[min(1, len(w.Names)-1)] // small covers tiny, and large giant
		if w.Names[0] == "large" {
			value = "large"
		}
	case name == "sex" && value == "group":
		value = "pair or group"
	case name == "needs" && slices.Contains(w.Names, "no"):
		value = "no special needs"
	case name == "beginner" || name == "allergy" || name == "needs":
		value = flagWords[name]
	}
	value = strings.ReplaceAll(value, "-", " ")
	if w.Op == catalogue.Not {
		return "no " + value
	}
	return value
}

// needOf returns a wished or excluded need of a pet.
func needOf(w *plan.Condition) string {
	value := strings.Join(w.Names, " or ")
	switch {
	case w.Op == catalogue.Not && w.Attribute.Name == "diet":
		return "that eats no " + value
	case w.Op == catalogue.Not:
		return "without " + value
	case slices.Contains(w.Names, "deaf") || slices.Contains(w.Names, "blind") || slices.Contains(w.Names, "three-legged"):
		return value
	case w.Attribute.Name == "diet":
		return "that eats " + value
	}
	return "with " + value
}

var (
	opWords = map[catalogue.Op]string{ //nolint:gochecknoglobals // a table of words
		catalogue.Below: "under ", catalogue.AtMost: "up to ", catalogue.Above: "over ", catalogue.AtLeast: "from ", catalogue.Is: "", catalogue.Not: "not ",
	}
	levelWords = map[string]map[string]string{ //nolint:gochecknoglobals // a table of words
		"energy":   {"low": "calm", "medium": "moderately active", "high": "active"},
		"noise":    {"low": "quiet", "medium": "some noise", "high": "vocal"},
		"shedding": {"none": "no shedding", "low": "little shedding", "medium": "some shedding", "high": "much shedding"},
		"grooming": {"low": "little grooming", "medium": "some grooming", "high": "much grooming"},
	}
	homeNames = []string{"an apartment", "a house", "a house with a garden"}                                                    //nolint:gochecknoglobals // a table of words
	flagWords = map[string]string{"beginner": "easy to care for", "allergy": "easier with allergies", "needs": "special needs"} //nolint:gochecknoglobals // a table of words
)

// amountOf formats an amount in its unit.
func amountOf(attribute string, v float64) string {
	switch attribute {
	case "fee":
		return dollars(int(v))
	case "upkeep":
		return dollars(int(v)) + " a month"
	case "age":
		if v >= 12 {
			return figure(float64(int(v/12*10))/10) + " years old"
		}
		return figure(float64(int(v+0.5))) + " months old"
	case "hours":
		return figure(v) + " hours alone"
	case "weight":
		return fmt.Sprintf("%.0f lb", v*2.2046)
	case "exercise":
		return figure(v) + " minutes of exercise"
	}
	return figure(v)
}

// says describes one aspect of a pet in a few words; "" if that takes more.
func says(p *catalogue.Pet, attribute string) string { //nolint:funlen // one case for each attribute
	switch attribute {
	case "species":
		return "is " + article(strings.ToLower(speciesName(p.Species)))
	case "breed", "group":
		return "is " + article(p.Breed.Name)
	case "sex":
		return map[catalogue.Sex]string{catalogue.Female: "female", catalogue.Male: "male", catalogue.Group: "placed together"}[p.Sex]
	case "age":
		return ageOf(p)
	case "diet":
		return list(p.Diet)
	case "fee":
		return "fee " + dollars(p.Price)
	case "upkeep":
		return "about " + monthly(p.Breed) + " to keep"
	case "size":
		return string(p.Size) + " in size"
	case "weight":
		return "grows to " + weight(p.Breed)
	case "energy":
		return map[catalogue.Level]string{catalogue.Low: "calm", catalogue.Mid: "moderately active", catalogue.High: "very active"}[p.Energy]
	case "noise":
		return map[catalogue.Level]string{catalogue.Low: "a quiet kind", catalogue.Mid: "makes some noise", catalogue.High: "a loud kind"}[p.Breed.Noise]
	case "shedding":
		return shedWords(p.Shedding)
	case "grooming":
		return levelWords["grooming"][string(p.Breed.Grooming)]
	case "allergy":
		if p.Breed.AllergyFriendly || p.Species == catalogue.Fish || p.Species == catalogue.Reptile {
			return "easier on many people with allergies"
		}
		return "not a good choice with allergies or asthma"
	case "children":
		return childrenWords(p.GoodWith.Children)
	case "cats":
		return companyWords(p.GoodWith.Cats, "cats")
	case "dogs":
		return companyWords(p.GoodWith.Dogs, "dogs")
	case "home":
		return homeWords(p.Home)
	case "hours":
		return "can be alone for " + hoursCell(p.HoursAlone)
	case "beginner":
		if p.Beginner {
			return "suits a first-time owner"
		}
		return "needs an experienced owner"
	case "lifespan":
		return "lives " + span(p.Breed.LifespanYears) + " years"
	case "exercise":
		return exerciseCell(p.Breed) + " of exercise a day"
	case "temperament":
		return list(p.Breed.Temperament) + " by nature"
	case nature:
		if n := len(p.Breed.Temperament); n > 1 {
			return strings.Join(p.Breed.Temperament[:2], " and ") + " by nature"
		}
	case "coat":
		return strings.Join(p.Coat, " and ") + " coat"
	case "needs", "ailment":
		if p.SpecialNeeds == "" {
			return "no special needs"
		}
		return lowerFirst(trimStop(p.SpecialNeeds))
	}
	return ""
}
