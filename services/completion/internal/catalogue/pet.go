package catalogue

import (
	"slices"
	"strings"
)

// A Pet is an animal for adoption, or a group that is placed together.
type Pet struct {
	ID           string   `yaml:"id"`
	Name         string   `yaml:"name"`
	Species      Species  `yaml:"species"`
	BreedID      string   `yaml:"breed"`
	Sex          Sex      `yaml:"sex"`
	AgeMonths    int      `yaml:"age_months"`
	Price        int      `yaml:"price"` // the adoption fee in US dollars
	Size         Size     `yaml:"size"`
	Energy       Level    `yaml:"energy"`
	GoodWith     GoodWith `yaml:"good_with"`
	Shedding     Level    `yaml:"shedding"`
	Home         Home     `yaml:"home"`
	HoursAlone   int      `yaml:"hours_alone"` // most hours alone on a usual day
	Beginner     bool     `yaml:"beginner"`
	SpecialNeeds string   `yaml:"special_needs"`
	Ailments     []string `yaml:"ailments"` // named as in the table of attributes
	Diet         []string `yaml:"diet"`     // food that not everybody can bear to feed, named as in the table
	Story        string   `yaml:"story"`
	Coat         []string `yaml:"coat"` // colours and markings, named as in the table

	Breed *Breed `yaml:"-"` // never nil
}

// A Breed is a breed of dogs or cats, or a species or variety of other animals.
type Breed struct {
	ID              string     `yaml:"id"`
	Name            string     `yaml:"name"`
	Species         Species    `yaml:"species"`
	Aliases         []string   `yaml:"aliases"`
	Origin          string     `yaml:"origin"`
	Size            Size       `yaml:"size"`
	WeightKg        [2]float64 `yaml:"weight_kg"`
	LifespanYears   [2]float64 `yaml:"lifespan_years"`
	Energy          Level      `yaml:"energy"`
	ExerciseMinutes int        `yaml:"exercise_minutes"` // per day
	Shedding        Level      `yaml:"shedding"`
	Grooming        Level      `yaml:"grooming"`
	AllergyFriendly bool       `yaml:"allergy_friendly"` // easier for many; no animal is free of allergens
	GoodWith        GoodWith   `yaml:"good_with"`
	Home            Home       `yaml:"home"`
	HoursAlone      int        `yaml:"hours_alone"`
	Beginner        bool       `yaml:"beginner"`
	Noise           Level      `yaml:"noise"`
	MonthlyCost     [2]float64 `yaml:"monthly_cost"` // US dollars
	Temperament     []string   `yaml:"temperament"`
	Health          []string   `yaml:"health"` // what the breed is prone to
	Summary         string     `yaml:"summary"`
	Care            string     `yaml:"care"`

	Groups []string `yaml:"-"` // see groups.yaml; sorted
	Traits []string `yaml:"-"` // Temperament in the words of questions; sorted
}

// A Guide is a care guide.
type Guide struct {
	ID       string    `yaml:"id"`
	Title    string    `yaml:"title"`
	Species  []Species `yaml:"species"` // empty: all
	Topics   []Topic   `yaml:"topics"`
	Keywords []string  `yaml:"keywords"`
	Summary  string    `yaml:"summary"`

	Passages []*Passage `yaml:"-"` // in reading order
}

// Covers reports whether the guide is about s, perhaps among others.
func (g *Guide) Covers(s Species) bool { return len(g.Species) == 0 || contains(g.Species, s) }

// About reports whether the guide is about topic t.
func (g *Guide) About(t Topic) bool { return contains(g.Topics, t) }

// A Passage is a section of a guide that answers one question.
type Passage struct {
	Guide   *Guide
	ID      string // "<guide id>#<number from 0>"
	Heading string
	Text    string // Markdown: paragraphs and lists
	// Askings are ways in which people ask for exactly this passage.
	Askings []string
}

// FirstAid reports whether the passage says what to do at once in an emergency.
func (p *Passage) FirstAid() bool {
	return p.Guide.About(TopicEmergency) && p == p.Guide.Passages[0]
}

// about returns the searchable description of a guide.
func (g *Guide) about() string {
	return g.Title + ". " + g.Summary + " " + strings.Join(g.Keywords, ", ")
}

func contains[T comparable](list []T, v T) bool {
	return slices.Contains(list, v)
}
