package advisor

import (
	"context"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A draft is an answer in the making: paragraphs of Markdown, and what they are from.
type draft struct {
	blocks []string
	pets   []*catalogue.Pet
	breeds []*catalogue.Breed
	guides []*catalogue.Guide
}

func (d *draft) add(blocks ...string) {
	for _, b := range blocks {
		if b = strings.TrimSpace(b); b != "" {
			d.blocks = append(d.blocks, b)
		}
	}
}

func (d *draft) citePets(pets ...*catalogue.Pet) {
	for _, p := range pets {
		d.pets = appendNew(d.pets, p)
	}
}

func (d *draft) citeBreeds(breeds ...*catalogue.Breed) {
	for _, b := range breeds {
		d.breeds = appendNew(d.breeds, b)
	}
}

func (d *draft) cite(p *catalogue.Passage) { d.guides = appendNew(d.guides, p.Guide) }

// String returns the answer with its sources at the end.
func (d *draft) String() string {
	text := strings.Join(d.blocks, "\n\n")
	if s := d.sources(); s != "" {
		text += "\n\n" + s
	}
	return text
}

func (d *draft) sources() string {
	var parts []string
	if len(d.pets) > 0 {
		parts = append(parts, "pets in our store: "+join(d.pets, func(p *catalogue.Pet) string { return p.Name }))
	}
	if len(d.breeds) > 0 {
		parts = append(parts, "breed facts: "+join(d.breeds, func(b *catalogue.Breed) string { return b.Name }))
	}
	if len(d.guides) > 0 {
		parts = append(parts, "care guides: "+join(d.guides, func(g *catalogue.Guide) string { return g.Title }))
	}
	if len(parts) == 0 {
		return ""
	}
	return "*Sources: " + strings.Join(parts, "; ") + ".*"
}

func join[T any](list []T, name func(T) string) string {
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = name(v)
	}
	return strings.Join(names, ", ")
}

// A composer writes the answer to one ask.
type composer struct {
	*draft
	ctx   context.Context // a composer lives for one call
	cat   *catalogue.Catalogue
	at    *moment
	ask   ask
	voice voice
	know  *profile
}

// answer composes the answer to the last turn of a conversation.
func (a *Advisor) answer(ctx context.Context, t *talk, v voice) (*draft, error) {
	last := len(t.moments) - 1
	m := &t.moments[last]
	asks := t.plan(last)
	if len(asks) > 1 && v.length > short {
		v.length-- // two answers in the room of about one and a half
	}
	d := &draft{}
	for _, k := range asks {
		know := &m.profile
		if k.profile != nil {
			know = k.profile
		}
		c := composer{draft: d, ctx: ctx, cat: a.cat, at: m, ask: k, voice: v, know: know}
		if err := c.compose(); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (c *composer) compose() error {
	switch c.ask.kind {
	case kindEmergency:
		return c.emergency()
	case kindDose:
		return c.dose()
	case kindRecommend:
		return c.recommend()
	case kindWhy:
		c.why()
	case kindCompare:
		c.compare()
	case kindStock:
		c.stock()
	case kindPet:
		return c.aboutPets()
	case kindWhich:
		c.whichPet()
	case kindBreed:
		return c.aboutBreeds()
	case kindBefore:
		return c.beforeAdopting()
	case kindCost:
		return c.cost()
	case kindCare:
		return c.care()
	case kindAdvice:
		return c.advice()
	case kindUnsold:
		return c.unsold()
	case kindTalk:
		c.talk()
	case kindUnknown:
		c.dontKnow()
	}
	return nil
}

// search returns passages for a text on the ask's species and topics.
func (c *composer) search(text string, limit int, topics ...catalogue.Topic) ([]catalogue.Hit, error) {
	return c.cat.Search(c.ctx, catalogue.Query{Text: text, Species: c.species(), Topics: topics, Limit: limit})
}

// species returns what the ask is about, or what the conversation is about if there
// is only one thing that it may be.
func (c *composer) species() []catalogue.Species {
	if len(c.ask.species) > 0 {
		return c.ask.species
	}
	return c.at.about()
}
