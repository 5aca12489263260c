package reckon

import (
	"slices"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// TestCompanyKnowsTheStore checks that the table of company only has animals of the store, and all of its groups.
func TestCompanyKnowsTheStore(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	is := func(name string) bool {
		return cat.Breed(name) != nil || slices.ContainsFunc(cat.Pets(), func(p *catalogue.Pet) bool { return string(p.Species) == name })
	}
	for _, pair := range known().Pairs {
		if (pair.No == "") == (pair.Slow == "") || len(pair.Of) == 0 || len(pair.With) == 0 {
			t.Errorf("%v with %v is not one of no and slow", pair.Of, pair.With)
		}
		for _, name := range slices.Concat(pair.Of, pair.With) {
			if !is(name) {
				t.Errorf("%s is no species and no breed", name)
			}
		}
	}
	for _, p := range cat.Pets() {
		if n := members(p, ""); (n > 1) != (p.Sex == catalogue.Group) {
			t.Errorf("%s are %d animals", p.Name, n)
		}
	}
	for id := range known().Members {
		if cat.Pet(id) == nil {
			t.Errorf("%s is no pet", id)
		}
	}
}

// TestNobodyIsPutWithItsPrey checks that each pair of pets that the cards forbid is forbidden, in either order.
func TestNobodyIsPutWithItsPrey(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	forbids := func(p, o *catalogue.Pet) bool {
		return p.Species != catalogue.Fish && (o.Species == catalogue.Cat && p.GoodWith.Cats == catalogue.No || o.Species == catalogue.Dog && p.GoodWith.Dogs == catalogue.No)
	}
	for _, p := range cat.Pets() {
		for _, o := range cat.Pets() {
			if p == o {
				continue
			}
			a, _ := with(p, o)
			b, _ := with(o, p)
			if forbidden := forbids(p, o) || forbids(o, p); forbidden != (a == catalogue.No || b == catalogue.No) && (p.Species == catalogue.Dog || p.Species == catalogue.Cat) {
				t.Errorf("%s with %s: %s and %s", p.Name, o.Name, a, b)
			}
		}
	}
}
