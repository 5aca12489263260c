package catalogue

import (
	"fmt"
	"slices"
	"strings"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
	index "github.com/blevesearch/bleve_index_api"
)

// The fields of an indexed passage.
const (
	fieldHeading = "heading"
	fieldText    = "text"
	fieldGuide   = "guide" // title, summary and keywords of its guide
	fieldSpecies = "species"

	allSpecies = "all" // in fieldSpecies: the guide is about every species
)

// buildIndex indexes all passages in memory. It takes bleve's scorch and not its
// usual in-memory index, which knows no field lengths and so no BM25.
func (c *Catalogue) buildIndex() error {
	im := passageMapping()
	c.analyzer = im.AnalyzerNamed(en.AnalyzerName)
	c.synonyms = parseSynonyms(synonymGroups, c.stems)
	idx, err := bleve.NewUsing("", im, scorch.Name, scorch.Name, nil)
	if err != nil {
		return err
	}
	c.index = idx
	c.passages = map[string]*Passage{}
	c.frequency = map[string]int{}
	batch := idx.NewBatch()
	for _, g := range c.guides {
		for _, p := range g.Passages {
			c.passages[p.ID] = p
			if err := batch.Index(p.ID, p.document()); err != nil {
				return fmt.Errorf("%s: %w", p.ID, err)
			}
			c.countTerms(p)
		}
	}
	for term := range c.frequency {
		c.terms = append(c.terms, term)
	}
	slices.Sort(c.terms)
	return idx.Batch(batch)
}

func passageMapping() *mapping.IndexMappingImpl {
	text := bleve.NewTextFieldMapping()
	text.Analyzer = en.AnalyzerName
	text.Store, text.DocValues, text.IncludeTermVectors, text.IncludeInAll = false, false, false, false
	keyword := bleve.NewKeywordFieldMapping()
	keyword.Store, keyword.DocValues, keyword.IncludeTermVectors, keyword.IncludeInAll = false, false, false, false

	passage := bleve.NewDocumentStaticMapping()
	for _, field := range []string{fieldHeading, fieldText, fieldGuide} {
		passage.AddFieldMappingsAt(field, text)
	}
	passage.AddFieldMappingsAt(fieldSpecies, keyword)
	im := bleve.NewIndexMapping()
	im.DefaultMapping = passage
	im.ScoringModel = index.BM25Scoring
	return im
}

func (p *Passage) document() map[string]any {
	species := []string{allSpecies}
	if len(p.Guide.Species) > 0 {
		species = species[:0]
		for _, s := range p.Guide.Species {
			species = append(species, string(s))
		}
	}
	return map[string]any{
		fieldHeading: p.Heading,
		fieldText:    p.Text,
		fieldGuide:   p.Guide.about(),
		fieldSpecies: species,
	}
}

// about is what a guide as a whole is found by.
func (g *Guide) about() string {
	return g.Title + ". " + g.Summary + " " + strings.Join(g.Keywords, ", ")
}

func (c *Catalogue) countTerms(p *Passage) {
	p.terms = map[string]bool{}
	for _, term := range c.stems(p.Guide.about()) {
		p.terms[term] = false
	}
	for _, term := range c.stems(p.Heading + ". " + p.Text) {
		p.terms[term] = true
	}
	for term := range p.terms {
		c.frequency[term]++
	}
}

// stems returns the words of a text as the index holds them, in order.
func (c *Catalogue) stems(text string) []string {
	tokens := c.analyzer.Analyze([]byte(text))
	terms := make([]string, 0, len(tokens))
	for _, t := range tokens {
		terms = append(terms, string(t.Term))
	}
	return terms
}

// vocabulary returns every word of guides and of what is told about breeds and pets.
func (c *Catalogue) vocabulary() map[string]bool {
	words := map[string]bool{}
	add := func(texts ...string) {
		for _, text := range texts {
			for _, w := range wordsOf(text) {
				// A capital inside of a sentence marks a name, which is not what is
				// collected here.
				if !w.capital || w.opens {
					words[w.text] = true
				}
			}
		}
	}
	for _, g := range c.guides {
		add(g.about())
		for _, p := range g.Passages {
			add(p.Heading, p.Text)
		}
	}
	for _, b := range c.breeds {
		add(b.Summary, b.Care)
		add(b.Temperament...)
		add(b.Health...)
	}
	return words
}
