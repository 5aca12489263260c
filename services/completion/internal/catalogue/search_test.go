package catalogue

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// best returns the id of the best passage, or "".
func best(hits []Hit) string {
	if len(hits) == 0 {
		return ""
	}
	return hits[0].ID
}

func TestSearch(t *testing.T) {
	c := fixture(t)
	for _, test := range []struct {
		name string
		q    Query
		want string // id of the best passage
	}{
		{"by heading", Query{Text: "how do I set up a litter box"}, "cat-litter#0"},
		{"by text", Query{Text: "is it enough to scoop twice"}, "cat-litter#0"},
		{"by the guide's keyword", Query{Text: "asthma"}, "allergies#0"},
		{"by asking alone", Query{Text: "brownies"}, "chocolate#0"},
		{"by asking, endings apart", Query{Text: "kitties urinating elsewhere"}, "cat-litter#1"},
		{"stemming", Query{Text: "peeing outside of boxes"}, "cat-litter#1"},
		{"two words for one", Query{Text: "how to set up a litter box"}, "cat-litter#0"},
		{"one slip", Query{Text: "free of alergens"}, "allergies#0"},
		{"two slips in a long word", Query{Text: "hypoalergnic pets"}, "allergies#0"},
		{"a slip in an asking's word", Query{Text: "browneis"}, "chocolate#0"},
		{"capitals", Query{Text: "MY DOG GOT INTO BROWNIES"}, "chocolate#0"},
		{"species that a guide for all covers", Query{Text: "free of allergens", Species: []Species{Rabbit}}, "allergies#0"},
		{"nothing in common", Query{Text: "犬 и 💔"}, ""},
		{"empty", Query{}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if hits := c.Search(test.q); best(hits) != test.want {
				t.Errorf("Search(%q) = %q, want %q (%d hits)", test.q.Text, best(hits), test.want, len(hits))
			}
		})
	}
}

// scoreOf returns a passage's score for a query, 0 if it is not found.
func scoreOf(c *Catalogue, q Query, id string) float64 {
	q.Limit = 100
	for _, h := range c.Search(q) {
		if h.ID == id {
			return h.Score
		}
	}
	return 0
}

func TestSearchPrefers(t *testing.T) {
	c := fixture(t)
	q := Query{Text: "where does the cat pee"}
	plain := scoreOf(c, q, "cat-litter#1")
	for _, test := range []struct {
		name   string
		change func(*Query)
		sign   int // of the difference to the plain query
	}{
		{"its own species", func(q *Query) { q.Species = []Species{Cat} }, 1},
		{"one of its species", func(q *Query) { q.Species = []Species{Dog, Cat} }, 1},
		{"another species", func(q *Query) { q.Species = []Species{Dog} }, -1},
		{"its topic", func(q *Query) { q.Topics = []Topic{"litter"} }, 1},
		{"another topic", func(q *Query) { q.Topics = []Topic{"travel"} }, 0},
		{"faint word", func(q *Query) { q.Faint = []string{"pee"} }, -1},
		{"faint word with another ending", func(q *Query) { q.Faint = []string{"pees"} }, -1},
		{"faint word that was not asked", func(q *Query) { q.Faint = []string{"gerbil"} }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			other := q
			test.change(&other)
			got := scoreOf(c, other, "cat-litter#1")
			if plain == 0 || got == 0 || test.sign > 0 && got <= plain || test.sign < 0 && got >= plain || test.sign == 0 && got != plain {
				t.Errorf("scores %.2f, without it %.2f", got, plain)
			}
		})
	}
}

// TestSearchKeepsOtherSpecies checks that guides about other animals are ranked lower, but are not lost.
func TestSearchKeepsOtherSpecies(t *testing.T) {
	c := shop(t)
	for _, test := range []struct {
		text    string
		species Species
	}{
		{"how much should it eat a day", Rabbit},
		{"how much should it eat a day", Dog},
		{"how much does it cost", Cat},
		{"how do I tame it", Hamster},
		{"how big a home does it need", Reptile},
		{"what does it eat", Fish},
		{"how loud is it", Bird},
	} {
		hits := c.Search(Query{Text: test.text, Species: []Species{test.species}, Limit: 3})
		if len(hits) == 0 || !hits[0].Guide.Covers(test.species) {
			t.Errorf("%q for a %s: %q is first", test.text, test.species, best(hits))
		}
	}
	if score := scoreOf(c, Query{Text: "litter box", Species: []Species{Dog}}, "cat-litter-box#0"); score == 0 {
		t.Error("a cat's litter box is not found for a dog")
	}
}

func TestSearchLimitAndOrder(t *testing.T) {
	c := shop(t)
	for _, test := range []struct{ limit, want int }{{0, 5}, {1, 1}, {12, 12}, {100000, 0}} {
		hits := c.Search(Query{Text: "what should I feed my cat", Limit: test.limit})
		if test.want > 0 && len(hits) != test.want || len(hits) > len(c.index.passages) {
			t.Errorf("limit %d: %d hits", test.limit, len(hits))
		}
		if !slices.IsSortedFunc(hits, func(a, b Hit) int {
			if a.Score != b.Score {
				return int(b.Score*1000) - int(a.Score*1000)
			}
			return strings.Compare(a.ID, b.ID)
		}) {
			t.Errorf("limit %d: hits are not sorted by score and id", test.limit)
		}
		seen := map[*Passage]bool{}
		for _, h := range hits {
			if seen[h.Passage] || h.Score <= 0 || h.Coverage <= 0 {
				t.Errorf("hit %s twice or for nothing: %.2f, %.2f", h.ID, h.Score, h.Coverage)
			}
			seen[h.Passage] = true
		}
	}
}

// TestAnswers checks that the bounds separate questions that guides answer from questions that have nothing to do
// with pets. No single one is certain, so it compares shares.
func TestAnswers(t *testing.T) {
	c := shop(t)
	count := func(questions []string) (n int) {
		for _, q := range questions {
			if hits := c.Search(Query{Text: q}); len(hits) > 0 && hits[0].Answers() {
				n++
			}
		}
		return n
	}
	asked := []string{
		"How often should I change the water in my fish tank?", "My rabbit won't use the litter tray", "Can guinea pigs eat tomatoes?",
		"how do i stop my puppy from biting my hands", "What vaccinations does a kitten need and when?", "is pet insurance worth the money",
		"My cat scratches the sofa", "how do I introduce a second cat to my first cat", "What does a dog cost per month?",
		"Can I return the dog if it does not work out?", "my budgie plucks out its feathers", "How warm must a leopard gecko's tank be?",
		"do I need to brush a cat's teeth", "my dog pulls on the leash all the time", "How long does the adoption take?",
		"Which plants are poisonous for cats?", "how do I keep my hamster from escaping", "my dog is scared of fireworks",
		"what should an old cat eat", "Is it ok to leave a rabbit alone for the weekend?",
	}
	off := []string{
		"Who won the football world cup in 1998?", "Write a Python function that sorts a list", "What is the capital of Mongolia?",
		"Solve x squared minus four equals zero", "How do I bake sourdough bread?", "Explain quantum entanglement", "Who is the president of France?",
		"Translate good morning into Japanese", "What is the best laptop for video editing?", "How do stock options get taxed?",
		"When did the Roman empire fall?", "Give me a recipe for lasagna", "How do I fix a flat bicycle tire?", "What's the weather in Oslo tomorrow?",
		"Summarize Hamlet in two lines", "Which mortgage rate is best now?", "How tall is Mount Kilimanjaro?", "Recommend a good science fiction novel",
		"How do I reset my router password?", "What does photosynthesis produce?",
	}
	if n := count(asked); n < len(asked)*8/10 {
		t.Errorf("%d of %d questions on pets are taken as answered", n, len(asked))
	}
	if n := count(off); n > len(off)*4/10 {
		t.Errorf("%d of %d questions on other things are taken as answered", n, len(off))
	}
}

// TestSearchIsTheSameInEveryProcess checks that two catalogues with the same data agree in every digit, because
// another process may continue an answer.
func TestSearchIsTheSameInEveryProcess(t *testing.T) {
	one := shop(t)
	two, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if one.Digest() != two.Digest() {
		t.Error("digests differ")
	}
	type result struct {
		ID              string
		Score, Coverage float64
	}
	for _, text := range []string{
		"what should I know before adopting a cat", "my dog ate chocolate and is vomiting", "budgie cage size", "cost of a rabbit per month",
		"how often to feed fish and change water in the tank", "puppy biting barking chewing crate training at night", strings.Repeat("a cat and a dog ", 100),
	} {
		var results [2][]result
		for i, c := range []*Catalogue{one, two} {
			for _, h := range c.Search(Query{Text: text, Species: []Species{Cat, Bird}, Faint: []string{"cat"}, Limit: 12}) {
				results[i] = append(results[i], result{h.ID, h.Score, h.Coverage})
			}
		}
		if diff := cmp.Diff(results[0], results[1]); diff != "" {
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
				if got := best(c.Search(Query{Text: "litter box for a kitten"})); got != "cat-litter#0" {
					t.Errorf("finds %q", got)
				}
				c.Names("Rex, Lab and a german sheperd")
			}
		})
	}
	group.Wait()
}

func FuzzSearch(f *testing.F) {
	c := fixture(f)
	for _, seed := range []string{"litter box", "\xff\xfe\x00", "🐶", strings.Repeat("cat pee ", 500), strings.Repeat("a", 5000)} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, text, faint string) {
		for _, h := range c.Search(Query{Text: text, Faint: []string{faint}}) {
			if h.Passage == nil || !(h.Score > 0) || !(h.Coverage >= 0) {
				t.Errorf("hit %+v for %q", h, text)
			}
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	c := shop(b)
	for b.Loop() {
		c.Search(Query{Text: "What should I know before adopting a cat?", Species: []Species{Cat}})
	}
}

// TestSearchLimit checks that fewer results are the first ones of more.
func TestSearchLimit(t *testing.T) {
	c := shop(t)
	q := Query{Text: "how often do I feed a kitten and a rabbit, and what with", Species: []Species{Cat}, Limit: 10_000}
	all := c.Search(q)
	if !slices.IsSortedFunc(all, better) || len(all) < 100 {
		t.Fatalf("%d results, sorted: %t", len(all), slices.IsSortedFunc(all, better))
	}
	for _, limit := range []int{1, 2, 5, 40, len(all) - 1} {
		q.Limit = limit
		if diff := cmp.Diff(ids(all[:limit]), ids(c.Search(q))); diff != "" {
			t.Errorf("limit %d (-want +got)\n%s", limit, diff)
		}
	}
}

func ids(hits []Hit) []string {
	var list []string
	for _, h := range hits {
		list = append(list, h.ID)
	}
	return list
}
