package catalogue

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/meaning"
)

// Required shares, in percent, of left-out askings for which the right guide is first, and the right passage among
// the first three.
const (
	leastGuideFirst   = 50
	leastPassageThree = 64
)

// TestRetrieval leaves out every fifth asking of each passage, indexes the rest, and searches for those left out: so
// will people ask who have not written the data. With the race detector it only uses every fourth guide, which is
// easier.
func TestRetrieval(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	oneIn := 1
	if raced {
		oneIn = 4
		t.Log("with the race detector: every fourth guide")
	}
	n := leaveOut(t, c, oneIn)
	t.Log(n)
	if n.percent(n.guide) < leastGuideFirst || n.percent(n.three) < leastPassageThree {
		t.Errorf("want the guide first for %d %% and the passage among three for %d %%", leastGuideFirst, leastPassageThree)
	}
}

// found counts askings, and for how many the right guide or passage was found.
type found struct{ asked, guide, first, three int }

func (f found) percent(n int) float64 { return 100 * float64(n) / float64(max(1, f.asked)) }

func (f found) String() string {
	return fmt.Sprintf("of %d askings the guide is first for %.1f %%, the passage first for %.1f %% and among three for %.1f %%",
		f.asked, f.percent(f.guide), f.percent(f.first), f.percent(f.three))
}

// leaveOut searches for every fifth asking of each passage in an index of the others, with a space of meanings that
// has not seen it. The first askings of a passage are plainer than the last, so passages begin at different ones. It
// uses one in oneIn guides.
func leaveOut(t *testing.T, c *Catalogue, oneIn int) found {
	t.Helper()
	const fifth = 5
	held, passages := map[*Passage][]string{}, 0
	var guides []*Guide
	for i, g := range c.guides {
		if i%oneIn != 0 {
			continue
		}
		guides = append(guides, g)
		for _, p := range g.Passages {
			all := p.Askings
			p.Askings = nil
			for i, asking := range all {
				if i%fifth == passages%fifth {
					held[p] = append(held[p], asking)
				} else {
					p.Askings = append(p.Askings, asking)
				}
			}
			passages++
		}
	}
	c.guides = guides
	data, err := meaning.Train(c.Meanings())
	if err != nil {
		t.Fatal(err)
	}
	space, err := meaning.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	c.Relearn(space)
	var n found
	for p, askings := range held {
		for _, asking := range askings {
			n.count(p, c.Search(Query{Text: asking, Species: spokenOf(c, asking), Limit: 3}))
		}
	}
	return n
}

// count adds an asking of a passage and its hits.
func (f *found) count(p *Passage, hits []Hit) {
	f.asked++
	if len(hits) == 0 {
		return
	}
	if hits[0].Passage == p {
		f.first++
	}
	if hits[0].Guide == p.Guide {
		f.guide++
	}
	if slices.ContainsFunc(hits, func(h Hit) bool { return h.Passage == p }) {
		f.three++
	}
}

// spokenOf returns the species that a text mentions by a word of the table of attributes.
func spokenOf(c *Catalogue, text string) []Species {
	padded := " " + strings.Join(stems(text), " ") + " "
	var list []Species
	for _, v := range c.Attribute("species").Values {
		for _, w := range v.Words {
			if strings.Contains(padded, " "+strings.Join(stems(w), " ")+" ") && !slices.Contains(list, Species(v.Name)) {
				list = append(list, Species(v.Name))
			}
		}
	}
	return list
}
