package catalogue

import (
	"fmt"
	"maps"
	"slices"
)

// traits maps wanted traits to the words in which breeds are described.
var traits = map[string][]string{ //nolint:gochecknoglobals // a table
	"affectionate": {"affectionate", "gentle", "loving", "sweet", "devoted", "cuddly", "friendly", "warm", "people-loving", "docile", "loyal", "attached"},
	"playful":      {"playful", "lively", "cheerful", "curious", "merry", "bouncy", "funny", "impish", "mischievous"},
	"independent":  {"independent", "self-reliant", "undemanding", "reserved", "solitary"},
	"clever":       {"intelligent", "clever", "trainable", "smart", "eager", "bright", "brilliant", "responsive", "food-motivated"},
	"talkative":    {"vocal", "talkative", "whistling", "musical", "chatty"},
	"protective":   {"protective", "watchful", "fearless", "confident"},
}

// smallMammals are the species that "small animal" means.
func smallMammals() []Species { return []Species{Rabbit, GuineaPig, Hamster} }

// linkGroups sets the groups and traits of each breed.
func (c *Catalogue) linkGroups(groups map[string][]string) error {
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		for _, id := range groups[group] {
			b := c.byBreed[id]
			if b == nil {
				return fmt.Errorf("groups.yaml: %s: there is no breed %q", group, id)
			}
			b.Groups = append(b.Groups, group)
		}
	}
	for _, b := range c.breeds {
		if contains(smallMammals(), b.Species) {
			b.Groups = append(b.Groups, "small mammal")
		}
		if (b.Species == Dog || b.Species == Cat) && !contains(b.Groups, "mixed") && !contains(b.Groups, "doodle") {
			b.Groups = append(b.Groups, "purebred")
		}
		for trait, described := range traits {
			if overlap(b.Temperament, described) {
				b.Traits = append(b.Traits, trait)
			}
		}
		slices.Sort(b.Traits)
		if !b.Species.Furry() {
			b.Groups = append(b.Groups, "hairless")
		}
		// A lap animal seeks people, and is light enough.
		if contains(b.Traits, "affectionate") && (b.Species == Cat || b.Species == Dog && b.Size.Rank() <= Small.Rank()) {
			b.Groups = append(b.Groups, "lap")
		}
		slices.Sort(b.Groups)
	}
	return nil
}
