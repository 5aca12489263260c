package catalogue

import (
	"cmp"
	"strconv"
	"strings"
)

// A Catalogue holds the store's pets, breeds and guides.
type Catalogue struct {
	pets    []*Pet
	breeds  []*Breed
	guides  []*Guide
	byBreed map[string]*Breed
	byPet   map[string]*Pet
	byGuide map[string]*Guide
	digest  string

	attributes []*Attribute
	groups     map[string][]string

	names   *names
	index   *index
	answers answers
	claims  claims
	words   map[string]bool // every word as it is spelled
}

// Digest identifies the data: equal digests hold equal data.
func (c *Catalogue) Digest() string { return c.digest }

// Pets returns all pets in the order in which they were listed.
func (c *Catalogue) Pets() []*Pet { return c.pets }

// Breeds returns all breeds, by species and name.
func (c *Catalogue) Breeds() []*Breed { return c.breeds }

// Guides returns all guides, by id.
func (c *Catalogue) Guides() []*Guide { return c.guides }

// Pet returns the pet with an id, or nil.
func (c *Catalogue) Pet(id string) *Pet { return c.byPet[id] }

// Breed returns the breed with an id, or nil.
func (c *Catalogue) Breed(id string) *Breed { return c.byBreed[id] }

// Guide returns the guide with an id, or nil.
func (c *Catalogue) Guide(id string) *Guide { return c.byGuide[id] }

// PassageAt returns the passage that a place such as "seizures/4" names, or nil. Without a number, it
// returns the guide's first passage.
func PassageAt(c *Catalogue, place string) *Passage {
	id, number, _ := strings.Cut(place, "/")
	g := c.Guide(id)
	n, err := strconv.Atoi(cmp.Or(number, "0"))
	if g == nil || err != nil || n < 0 || n >= len(g.Passages) {
		return nil
	}
	return g.Passages[n]
}

// Knows reports whether a word, in lower case, occurs anywhere in the data with this
// spelling. Such a word is not a misspelling of another one.
func (c *Catalogue) Knows(word string) bool { return c.words[word] }
