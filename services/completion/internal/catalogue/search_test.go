package catalogue

import (
	"context"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSearch(t *testing.T) {
	c := fixture(t)
	for _, test := range []struct {
		name string
		q    Query
		want string // id of the best passage; "": none covers the question
	}{
		{"plain words", Query{Text: "how do I set up a litter box"}, "cat-litter#0"},
		{"stemming", Query{Text: "peeing outside of boxes"}, "cat-litter#1"},
		{"synonym", Query{Text: "my kitty urinates elsewhere"}, "cat-litter#1"},
		{"synonym of several words", Query{Text: "how to set up a litterbox"}, "cat-litter#0"},
		{"typo", Query{Text: "free of alergens"}, "allergies#0"},
		{"two slips in a long word", Query{Text: "hypoalergnic pets"}, "allergies#0"},
		{"species", Query{Text: "free of allergens", Species: []Species{Rabbit}}, "allergies#0"},
		{"other species", Query{Text: "chocolate", Species: []Species{Cat}}, ""},
		{"nothing known", Query{Text: "capital of France"}, ""},
		{"only filler", Query{Text: "what should I do?"}, ""},
		{"empty", Query{}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			hits, err := c.Search(context.Background(), test.q)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(hits) > 0 && hits[0].Coverage > 0.33 {
				got = hits[0].ID
			}
			if got != test.want {
				t.Errorf("Search(%q) = %q, want %q (%d hits)", test.q.Text, got, test.want, len(hits))
			}
		})
	}
}

func TestSearchPrefersTopicAndLimit(t *testing.T) {
	c := fixture(t)
	hits, err := c.Search(context.Background(), Query{Text: "cat", Topics: []Topic{"litter"}, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(hits) != 1 || hits[0].Guide.ID != "cat-litter" {
		t.Errorf("hits = %v", hits)
	}
}

// Two catalogues of the same data must agree in every digit that matters, because an
// answer is continued by another process.
func TestSearchIsTheSameInEveryProcess(t *testing.T) {
	one, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, one)
	two, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, two)
	for _, text := range []string{
		"what should I know before adopting a cat", "my dog ate chocolate and is vomiting", "budgie cage size", "cost of a rabbit per month",
		"how often to feed fish and change water in the tank", "puppy biting barking chewing crate training at night",
	} {
		var ids [2][]string
		for i, c := range []*Catalogue{one, two} {
			hits, err := c.Search(context.Background(), Query{Text: text, Limit: 12})
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range hits {
				ids[i] = append(ids[i], h.ID)
			}
		}
		if diff := cmp.Diff(ids[0], ids[1]); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestSearchConcurrently(t *testing.T) {
	c := fixture(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if _, err := c.Search(context.Background(), Query{Text: "litter box for a kitten"}); err != nil {
					t.Error(err)
				}
				c.Names("Rex, Lab and a german sheperd")
			}
		})
	}
	group.Wait()
}

func TestSelect(t *testing.T) {
	c := fixture(t)
	for _, test := range []struct {
		name string
		f    Filter
		want []string
	}{
		{"all", Filter{}, []string{"rex", "salt-and-pepper"}},
		{"species", Filter{Species: []Species{Cat}}, []string{"salt-and-pepper"}},
		{"breed", Filter{BreedIDs: []string{"labrador"}}, []string{"rex"}},
		{"price", Filter{MaxPrice: 100}, []string{"salt-and-pepper"}},
		{"at least", Filter{MinPrice: 100}, []string{"rex"}},
		{"age", Filter{MinMonths: 12, MaxMonths: 36}, []string{"rex"}},
		{"apartment", Filter{Home: Apartment}, []string{"salt-and-pepper"}},
		{"garden", Filter{Home: Garden}, []string{"rex", "salt-and-pepper"}},
		{"small children", Filter{Children: true}, []string{"rex"}},
		{"cats", Filter{Cats: true}, []string{"rex", "salt-and-pepper"}},
		{"dogs", Filter{Dogs: true}, []string{"rex"}},
		{"hours", Filter{HoursAlone: 6}, []string{"salt-and-pepper"}},
		{"beginner", Filter{Beginner: true}, []string{"rex"}},
		{"quiet", Filter{Noise: []Level{Low}}, nil},
		{"sex", Filter{Sex: Female}, nil},
		{"size", Filter{Sizes: []Size{Large, Giant}}, []string{"rex"}},
		{"energy and shedding", Filter{Energies: []Level{High}, Sheds: []Level{Low}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, p := range c.Select(test.f) {
				got = append(got, p.ID)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func BenchmarkSearch(b *testing.B) {
	c, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	defer closed(b, c)
	for b.Loop() {
		if _, err := c.Search(context.Background(), Query{Text: "What should I know before adopting a cat?", Species: []Species{Cat}}); err != nil {
			b.Fatal(err)
		}
	}
}
