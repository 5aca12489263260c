// Package person keeps what is known of the person whom a pet is for. What follows for a pet is not its matter.
package person

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A Person is who a pet is for, as far as known. Zero fields are unknown.
type Person struct {
	Home      catalogue.Home
	Renting   bool
	Children  bool
	Youngest  int // age of the youngest child in years; -1: unknown
	Allergy   bool
	Owned     []catalogue.Species
	Away      int  // hours a day in which nobody is home; -1: unknown
	DayHelp   bool // somebody comes by when nobody is home
	Travels   bool
	Beginner  bool
	Frail     bool
	Elderly   bool
	Minor     bool // under eighteen
	Gift      bool
	LowBudget bool
}

// Unknown returns a person of whom nothing is known.
func Unknown() Person { return Person{Youngest: -1, Away: -1} }

// learns maps facts of the lexicon to what they say about a person.
var learns = map[string]func(*Person){ //nolint:gochecknoglobals // a table
	"apartment": func(p *Person) { p.Home = catalogue.Apartment },
	"house": func(p *Person) {
		if p.Home != catalogue.Garden {
			p.Home = catalogue.House
		}
	},
	"garden":         func(p *Person) { p.Home = catalogue.Garden },
	"renting":        func(p *Person) { p.Renting = true },
	"baby":           func(p *Person) { p.Children, p.Youngest = true, 0 },
	"toddler":        func(p *Person) { p.Children, p.Youngest = true, youngest(p.Youngest, 2) },
	"children":       func(p *Person) { p.Children = true },
	"older-children": func(p *Person) { p.Children, p.Youngest = true, youngest(p.Youngest, 10) },
	"no-children":    func(p *Person) { p.Children, p.Youngest = false, -1 },
	"first-time":     func(p *Person) { p.Beginner = true },
	"experienced":    func(p *Person) { p.Beginner = false },
	"home-all-day":   func(p *Person) { p.Away = 2 },
	"half-day":       func(p *Person) { p.Away = 5 },
	"full-day":       func(p *Person) { p.Away = max(p.Away, 8) },
	"day-help":       func(p *Person) { p.DayHelp = true },
	"travel":         func(p *Person) { p.Travels = true },
	"frail":          func(p *Person) { p.Frail = true },
	"elderly":        func(p *Person) { p.Elderly = true },
	"gift":           func(p *Person) { p.Gift = true },
	"low-budget":     func(p *Person) { p.LowBudget = true },
	"allergy":        func(p *Person) { p.Allergy = true },
}

// HalfDay is how many hours a pet is alone for whom somebody comes by at noon.
const HalfDay = 4

// Alone returns how many hours a day a pet is alone; -1: unknown.
func (p *Person) Alone() int {
	if p.DayHelp {
		return min(p.Away, HalfDay)
	}
	return p.Away
}

// Learn adds what a turn tells of the person.
func (p *Person) Learn(t *read.Turn) {
	for i := range t.Marks {
		m := &t.Marks[i]
		if m.Fact == "" || m.Role == read.Unwanted && m.Fact != "apartment" && m.Fact != "no-cage" && m.Fact != "no-walks" && m.Fact != "garden" {
			continue
		}
		switch learn := learns[m.Fact]; {
		case m.Fact == "house" && t.At("house-training", m.From):
		case m.Fact == "garden" && m.Role == read.Unwanted:
			if p.Home == "" || p.Home == catalogue.Garden {
				p.Home = catalogue.House // without a garden, it may be a house
			}
		case learn != nil:
			learn(p)
		}
	}
	for i := range t.Marks {
		p.learnAmount(t, &t.Marks[i])
	}
	for i := range t.Marks {
		if m := &t.Marks[i]; m.Species() != "" && (m.Role == read.Owned || m.Of == read.Other) {
			p.Owned = appendNew(p.Owned, m.Species())
		}
	}
}

func youngest(known, age int) int {
	if known < 0 {
		return age
	}
	return min(known, age)
}

// learnAmount adds a number about the person: the age of a child or an adult, or the hours in which nobody is home.
func (p *Person) learnAmount(t *read.Turn, m *read.Mark) {
	if m.Amount == nil || t.At("past-time", m.To) || t.Has("grief") && m.Role != read.Personal { // "15 years"
		return
	}
	years := m.Amount.Low
	if m.Attribute != nil && m.Attribute.Name == "age" {
		years /= 12
	}
	switch {
	case m.Attribute != nil && m.Attribute.Name == "hours" && m.Amount.Unit == "days" && t.Has("travel"):
	case m.Attribute != nil && m.Attribute.Name == "hours":
		s := t.Sentence(m.From)
		if m.Amount.Unit == read.Away || s != nil && t.HasIn(s, "away") {
			p.Away = int(m.Amount.High)
		}
	case m.Attribute != nil && m.Attribute.Name != "age":
	case m.Role == read.Personal && years >= 6 && years < 18 && asks.OfSpeaker(t, m):
		p.Minor = true
	case m.Attribute == nil && asks.CountsChildren(t, m):
	case asks.NearChild(t, m) && years < 18, m.Attribute != nil && years < 18 && m.Amount.Op == catalogue.Is && !m.Amount.Between && strings.HasPrefix(m.Amount.Unit, "y") && !asks.NextToAnimal(t, m):
		p.Children = true
		p.Youngest = youngest(p.Youngest, int(years))
	case (m.Role == read.Personal || m.Attribute != nil) && years >= 65 && years < 110: // older than any of our pets
		p.Elderly = true
	}
}

func appendNew[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list[:len(list):len(list)], v) // frames are copied
}
