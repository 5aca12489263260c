package catalogue

import (
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// TestAskings checks that each passage has at least ten askings, all different.
func TestAskings(t *testing.T) {
	const least = 10
	c := shop(t)
	owner := map[string]string{}
	for _, g := range c.Guides() {
		for _, p := range g.Passages {
			if got := len(p.Askings); got < least {
				t.Errorf("%s (%s) has %d askings", p.ID, p.Heading, got)
			}
			for _, asking := range p.Askings {
				key := strings.Join(stems(asking), " ")
				if key == "" || asking != strings.TrimSpace(asking) || !strings.Contains(asking, " ") && len(words.Split(asking)) == 0 {
					t.Errorf("%s: asking %q", p.ID, asking)
				}
				if owner[key] == p.ID {
					t.Errorf("%s: asking %q twice", p.ID, asking)
				}
				owner[key] = p.ID
			}
		}
	}
}

// TestCoats checks that coats use the words of the table of attributes, without which nobody finds them.
func TestCoats(t *testing.T) {
	c := shop(t)
	coat := c.Attribute("coat")
	for _, p := range c.Pets() {
		for _, name := range p.Coat {
			if coat.Rank(name) < 0 {
				t.Errorf("%s: the table has no coat %q", p.ID, name)
			}
		}
		if len(p.Coat) == 0 && (p.Species == Dog || p.Species == Cat) {
			t.Errorf("%s has no coat", p.ID)
		}
	}
}

// TestGroups checks that every group of the table has breeds, and that every group of breeds is in the table.
func TestGroups(t *testing.T) {
	c := shop(t)
	group := c.Attribute("group")
	for _, b := range c.Breeds() {
		for _, name := range b.Groups {
			if group.Rank(name) < 0 {
				t.Errorf("%s: the table has no group %q", b.ID, name)
			}
		}
		for _, name := range b.Traits {
			if c.Attribute("temperament").Rank(name) < 0 {
				t.Errorf("%s: the table has no temperament %q", b.ID, name)
			}
		}
		if !slices.IsSorted(b.Groups) || !slices.IsSorted(b.Traits) || len(slices.Compact(slices.Clone(b.Groups))) != len(b.Groups) {
			t.Errorf("%s: groups %q, traits %q", b.ID, b.Groups, b.Traits)
		}
	}
	for _, v := range group.Values {
		if !slices.ContainsFunc(c.Breeds(), func(b *Breed) bool { return slices.Contains(b.Groups, v.Name) }) {
			t.Errorf("no breed is of the group %q", v.Name)
		}
	}
}
