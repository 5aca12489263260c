package asks

import (
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// mostOfGroup is how many breeds stand for a group.
const mostOfGroup = 3

// wide are the groups that say how an animal looks and not what it is.
var wide = []string{"hairless", "long-haired", "short-haired", "mixed", "purebred", "lap", "small mammal"} //nolint:gochecknoglobals // a table

// Grouped returns the breeds of each group that words from up to to name and that is no breed by itself, such as
// poodles: those that the store has first.
func Grouped(cat *catalogue.Catalogue, t *read.Turn, from, to int) (list [][]*catalogue.Breed) {
	for _, m := range t.Marks {
		if m.From < from || m.To > to || m.Attribute == nil || m.Attribute.Name != "group" || m.Value == "" || m.Role != read.Plain || slices.Contains(wide, m.Value) {
			continue
		}
		var here, away []*catalogue.Breed
		for _, b := range cat.Breeds() {
			switch {
			case !slices.Contains(b.Groups, m.Value):
			case slices.ContainsFunc(cat.Pets(), func(p *catalogue.Pet) bool { return p.Breed == b }):
				here = append(here, b)
			default:
				away = append(away, b)
			}
		}
		if here = append(here, away...); len(here) > 0 {
			list = append(list, here[:min(len(here), mostOfGroup)])
		}
	}
	return list
}
