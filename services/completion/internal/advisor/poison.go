package advisor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// toxinAsked returns what may be poisonous and is asked about.
func (r *reading) toxinAsked() string {
	if !r.has("topic", "feeding", "poison") && !r.leans() && !r.says("bad for", "safe for", "ok for", "dangerous for", "ok to", "okay to", "safe to", "ok if", "okay if", "safe if", "is that ok", "is that safe", "on my", "give", "have", "use") {
		return ""
	}
	return r.toxins()
}

// toxinHits keeps passages that speak of the very thing, and looks for it among all
// animals where none of this one's does.
func (c *composer) toxinHits(hits []catalogue.Hit, toxin string) ([]catalogue.Hit, error) {
	about, err := c.cat.Search(c.ctx, catalogue.Query{Text: toxin, Species: c.species(), Topics: []catalogue.Topic{catalogue.TopicPoison}, Limit: 3})
	if err != nil {
		return nil, err
	}
	about = slices.DeleteFunc(about, func(h catalogue.Hit) bool { return h.Coverage < 0.6 })
	if len(about) == 0 {
		return nil, nil
	}
	rest := slices.DeleteFunc(slices.Clone(hits), func(h catalogue.Hit) bool {
		return !slices.ContainsFunc(about, func(o catalogue.Hit) bool { return o.Passage == h.Passage })
	})
	if len(rest) == 0 {
		return about, nil
	}
	return rest, nil
}

// toxinLead answers whether an animal may have something poisonous in a word, and
// says whom to call if it had.
func (c *composer) toxinLead() {
	r := c.ask.part
	kind := "pets"
	if s := c.species(); len(s) == 1 {
		kind = speciesPlural(s[0])
	}
	thing := list(r.toxinNames())
	call := "If your animal had any, call a vet or a poison line now, before it shows signs: " + poisonLines + "."
	switch {
	case r.says("toxic", "poisonous", "bad", "dangerous", "harmful", "harm", "kill", "unsafe") && r.yesOrNo():
		c.add(fmt.Sprintf("**Yes, that is dangerous:** keep %s away from %s, even in small amounts. %s", thing, kind, call))
	case r.yesOrNo() || r.leans() || r.says("is it ok", "is it okay", "is it safe", "is that ok", "is that okay", "is that safe", "can i", "can my", "can he", "can she", "could i", "should i", "may i", "ok to", "okay to", "safe to", "ok if", "okay if"):
		c.add(fmt.Sprintf("**No.** Keep %s away from %s, even in small amounts. %s", thing, kind, call))
	default:
		c.add(call)
	}
}

// warns reports whether a passage is about what is poisonous or must never be fed.
func warns(p *catalogue.Passage) bool {
	first := proseSentences(p.Text)
	return p.Guide.About(catalogue.TopicPoison) || len(first) > 0 && strings.Contains(first[0], " never ")
}

// yesOrNo reports whether the reading wants a yes or a no.
func (r *reading) yesOrNo() bool {
	return r.begins("is", "are", "can", "could", "may", "should", "do", "does", "would", "will")
}

// toxinNames returns each poisonous thing that is named, as it was written: gum beside
// xylitol is one thing.
func (r *reading) toxinNames() []string {
	var names []string
	last := -1
	for _, m := range r.found["toxin"] {
		words := make([]string, 0, m.to-m.from)
		for i := m.from; i < m.to; i++ {
			words = append(words, r.word(i))
		}
		name := strings.Join(words, " ")
		if m.from == last {
			names[len(names)-1] += " " + name
		} else {
			names = appendNew(names, name)
		}
		last = m.to
	}
	return names
}

// fromToxin begins a text with what it says of the poison that was named, where it
// speaks of another one first. Lists are left alone.
func (r *reading) fromToxin(text string) string {
	if strings.Contains(text, "\n- ") {
		return text
	}
	said := proseSentences(text)
	for _, name := range r.toxinNames() {
		words := strings.Fields(name)
		for _, w := range append([]string{name}, words...) {
			w = strings.TrimSuffix(w, "s")
			if len(w) < 4 || oneOf(w, "poison", "human", "free", "sugar", "chewing") && w != name {
				continue
			}
			i := slices.IndexFunc(said, func(s string) bool { return strings.Contains(strings.ToLower(s), w) })
			if i < 0 {
				continue
			}
			return strings.Join(said[i:], " ")
		}
	}
	return text
}
