package catalogue

import "slices"

// Species is a kind of animal that the store places.
type Species string

// The species.
const (
	Dog       Species = "dog"
	Cat       Species = "cat"
	Rabbit    Species = "rabbit"
	GuineaPig Species = "guinea-pig"
	Hamster   Species = "hamster"
	Bird      Species = "bird"
	Fish      Species = "fish"
	Reptile   Species = "reptile"
)

// AllSpecies returns every species, in the order in which they are listed.
func AllSpecies() []Species {
	return []Species{Dog, Cat, Rabbit, GuineaPig, Hamster, Bird, Fish, Reptile}
}

// Sex is the sex of a pet, or Group for several animals placed together.
type Sex string

// The sexes.
const (
	Female Sex = "female"
	Male   Sex = "male"
	Group  Sex = "group"
)

// Size is the size of an animal, compared with all animals in the store.
type Size string

// The sizes, ascending.
const (
	Tiny   Size = "tiny"
	Small  Size = "small"
	Medium Size = "medium"
	Large  Size = "large"
	Giant  Size = "giant"
)

// Rank orders sizes: larger is greater.
func (s Size) Rank() int { return slices.Index([]Size{Tiny, Small, Medium, Large, Giant}, s) }

// Level is how much of something an animal has or needs.
type Level string

// The levels, ascending. None is used for shedding only.
const (
	None Level = "none"
	Low  Level = "low"
	Mid  Level = "medium"
	High Level = "high"
)

// Rank orders levels: more is greater.
func (l Level) Rank() int { return slices.Index([]Level{None, Low, Mid, High}, l) }

// Home is a kind of dwelling. For an animal, it is the least that it needs.
type Home string

// The dwellings, ascending.
const (
	Apartment Home = "apartment"
	House     Home = "house"
	Garden    Home = "garden"
)

// Rank orders dwellings: more room is greater.
func (h Home) Rank() int { return slices.Index([]Home{Apartment, House, Garden}, h) }

// Tolerance is how an animal gets along with others.
type Tolerance string

// The tolerances. Older is only for children: school age and up. Slow is only for other animals: after a careful
// introduction.
const (
	Yes   Tolerance = "yes"
	Older Tolerance = "older"
	Slow  Tolerance = "slow"
	No    Tolerance = "no"
)

// GoodWith is how an animal gets along with children and with other animals.
type GoodWith struct {
	Children Tolerance `yaml:"children"`
	Cats     Tolerance `yaml:"cats"`
	Dogs     Tolerance `yaml:"dogs"`
}

// Topic is what a guide is about.
type Topic string

// The topics that code uses. Guides may use all of [AllTopics].
const (
	TopicAdoption  Topic = "adoption"
	TopicBefore    Topic = "before-adopting"
	TopicCosts     Topic = "costs"
	TopicEmergency Topic = "emergency"
	TopicPoison    Topic = "poison"
	TopicHealth    Topic = "health"
)

// AllTopics returns every topic that a guide may have.
func AllTopics() []Topic {
	return []Topic{
		TopicAdoption, TopicBefore, "feeding", "housing", TopicHealth, "training", "behavior", TopicCosts,
		"first-days", "travel", "seniors", "young", "allergies", "children", "introductions", TopicEmergency,
		TopicPoison, "grooming", "exercise", "vaccination", "neutering", "insurance", "loss", "enrichment",
		"litter", "water", "temperature", "company",
	}
}
