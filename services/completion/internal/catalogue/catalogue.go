package catalogue

import (
	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
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

	names    *names
	synonyms synonyms

	index     bleve.Index
	analyzer  analysis.Analyzer
	passages  map[string]*Passage
	frequency map[string]int  // in how many passages a stemmed term occurs
	terms     []string        // the keys of frequency, sorted
	words     map[string]bool // every word as it is spelled
}

// Close frees the search index. The catalogue is not used afterwards.
func (c *Catalogue) Close() error { return c.index.Close() }

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

// Knows reports whether a word occurs anywhere in the data as it is spelled, in
// lower case. A word that does is not a misspelling of another one.
func (c *Catalogue) Knows(word string) bool { return c.words[word] }
