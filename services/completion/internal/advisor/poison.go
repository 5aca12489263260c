package advisor

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// toxinAsked returns what may be poisonous and is asked about.
func (r *reading) toxinAsked() string {
	if !r.has("topic", "feeding", "poison") && !r.says("bad for", "safe for", "ok for", "dangerous for", "give", "have") {
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
