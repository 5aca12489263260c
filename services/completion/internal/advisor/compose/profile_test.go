package compose

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is the embedded catalogue with its planner, loaded once for all tests.
type bench struct {
	cat     *catalogue.Catalogue
	planner *plan.Planner
}

var benchOnce = sync.OnceValues(func() (bench, error) {
	cat, err := catalogue.Load()
	if err != nil {
		return bench{}, err
	}
	p, err := plan.New(cat)
	return bench{cat, p}, err
})

func newBench(t testing.TB) bench {
	t.Helper()
	b, err := benchOnce()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A circumstance is a fact that people state about themselves, with what it requires of a pet: written by hand over
// the pet's fields, independently of the table of attributes.
type circumstance struct {
	kind, words string
	holds       func(*catalogue.Pet) bool
}

// A writer draws letters.
type writer struct {
	rand *rand.Rand
	list []circumstance
}

func draw[T any](w *writer, list []T) T { return list[w.rand.IntN(len(list))] }

func (w *writer) chance(percent int) bool { return w.rand.IntN(100) < percent }

func (w *writer) add(kind, words string, holds func(*catalogue.Pet) bool) {
	w.list = append(w.list, circumstance{kind, words, holds})
}

func smallChildrenOK(p *catalogue.Pet) bool { return p.GoodWith.Children == catalogue.Yes }

func (w *writer) home() {
	switch w.rand.IntN(3) {
	case 0:
		w.add("apartment", draw(w, []string{
			"I live in an apartment.", "We live in a small flat.", "I rent a studio apartment downtown.", "Our home is a two bedroom condo.", "I'm in a third floor flat.", "We have a flat without a garden.",
		}), func(p *catalogue.Pet) bool { return p.Home == catalogue.Apartment })
	case 1:
		w.add("house", draw(w, []string{"We live in a townhouse.", "I have a house, but no garden.", "Our house has no yard.", "We live in a terraced house."}),
			func(p *catalogue.Pet) bool { return p.Home != catalogue.Garden })
	case 2:
		w.add("garden", draw(w, []string{"We have a house with a big garden.", "Our house has a fenced yard.", "I live on a farm."}), func(*catalogue.Pet) bool { return true })
	}
}

func (w *writer) children() {
	if w.chance(50) {
		youngest := 1 + w.rand.IntN(5)
		older := youngest + 1 + w.rand.IntN(8)
		w.add("small children", fmt.Sprintf(draw(w, []string{
			"I have two kids, %d and %d years old.", "We have children aged %d and %d.", "My kids are %d and %d.", "There are two children in the house, ages %d and %d.", "Our daughters are %d and %d years old.",
		}), youngest, older), smallChildrenOK)
		return
	}
	if w.chance(40) {
		w.add("small children", draw(w, []string{
			"We have a toddler.", "I have a baby at home.", "There is a toddler in the house.", "We are expecting a baby.", "My son is three years old.", "Our little girl is 2.", "We have a 4-year-old.", "I've got a 1 year old daughter.",
		}), smallChildrenOK)
		return
	}
	age := 7 + w.rand.IntN(9)
	w.add("older children", fmt.Sprintf(draw(w, []string{"My son is %d years old.", "We have a %d-year-old daughter.", "I have a %d year old boy.", "Our only child is %d."}), age),
		func(p *catalogue.Pet) bool { return p.GoodWith.Children != catalogue.No })
}

func (w *writer) hours() {
	n := 4 + w.rand.IntN(7)
	w.add("hours away", fmt.Sprintf(draw(w, []string{
		"I am away %d hours a day.", "We are out of the house for %d hours a day.", "I work %d hours a day.", "Nobody is home for %d hours on weekdays.", "It would be alone for %d hours a day.", "I'm gone about %d hours every day.",
	}), n), func(p *catalogue.Pet) bool { return p.HoursAlone >= n })
}

func (w *writer) owned() {
	if w.chance(50) {
		w.add("a cat at home", draw(w, []string{"I already have a cat.", "We have two cats.", "I own an older cat.", "My cat lives with me.", "There is already a cat in the house."}),
			func(p *catalogue.Pet) bool { return p.GoodWith.Cats != catalogue.No })
		return
	}
	w.add("a dog at home", draw(w, []string{"I already have a dog.", "We have two dogs.", "I own an old dog.", "Our dog is friendly.", "There is already a dog in the house."}),
		func(p *catalogue.Pet) bool { return p.GoodWith.Dogs != catalogue.No })
}

func (w *writer) budget() {
	n := 50 + 10*w.rand.IntN(30)
	if w.chance(50) {
		w.add("budget", fmt.Sprintf(draw(w, []string{"My budget is $%d.", "I can spend up to %d dollars.", "The fee should be at most $%d.", "I can pay $%d at most.", "We can't spend more than $%d."}), n),
			func(p *catalogue.Pet) bool { return p.Price <= n })
		return
	}
	w.add("budget", fmt.Sprintf(draw(w, []string{"It should cost less than $%d.", "The fee must be under $%d.", "Something under %d dollars, please."}), n),
		func(p *catalogue.Pet) bool { return p.Price < n })
}

// nature draws one of the facts without variants.
func (w *writer) nature(kind string) {
	switch kind {
	case "first-time":
		w.add(kind, draw(w, []string{"It would be my first pet.", "I have never had a pet before.", "I'm a first time owner.", "We have no experience with animals.", "I am a complete beginner."}),
			func(p *catalogue.Pet) bool { return p.Beginner })
	case "allergy":
		w.add(kind, draw(w, []string{"I have a mild allergy.", "My husband is allergic to pet hair.", "I have asthma.", "My wife has allergies.", "We need something hypoallergenic."}),
			func(p *catalogue.Pet) bool {
				return p.Species == catalogue.Fish || p.Species == catalogue.Reptile || p.Breed.AllergyFriendly
			})
	case "quiet":
		w.add(kind, draw(w, []string{"It must be quiet.", "The walls are thin.", "I hate noise.", "It has to be quiet because of the neighbors.", "We have very thin walls."}),
			func(p *catalogue.Pet) bool { return p.Breed.Noise == catalogue.Low })
	case "frail":
		w.add(kind, draw(w, []string{"I use a walker.", "I have bad knees and walk with a cane.", "I am in a wheelchair.", "My balance is poor and I use a rollator."}),
			func(p *catalogue.Pet) bool {
				return p.Energy != catalogue.High && p.Size != catalogue.Large && p.Size != catalogue.Giant
			})
	}
}

// wish draws the question: for a kind of animal, against one, or for any.
func (w *writer) wish() string {
	list := catalogue.AllSpecies()
	s := draw(w, list[:6])
	name := strings.ReplaceAll(string(s), "-", " ")
	switch n := w.rand.IntN(100); {
	case n < 50:
		q := fmt.Sprintf(draw(w, []string{"Which %s suits us?", "I want a %s.", "Which %s would you recommend?", "We are looking for a %s.", "Which %s would fit?", "I'd like to adopt a %s."}), name)
		w.add("species", q, func(p *catalogue.Pet) bool { return p.Species == s })
		return q
	case n < 65:
		q := fmt.Sprintf(draw(w, []string{"Which pet suits us? No %ss.", "What pet would you recommend, but not a %s?", "We want a pet, anything but a %s."}), name)
		w.add("not species", q, func(p *catalogue.Pet) bool { return p.Species != s })
		return q
	}
	return draw(w, []string{"Which pet suits us?", "What pet would you recommend?", "Which animal would be right for us?", "What kind of pet should we get?"})
}

// letter draws a letter of two to five statements and the question.
func (w *writer) letter() string {
	w.list = nil
	steps := []func(){w.home, w.children, w.hours, w.owned, w.budget}
	for _, kind := range []string{"first-time", "allergy", "quiet", "frail"} {
		steps = append(steps, func() { w.nature(kind) })
	}
	w.rand.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	for _, step := range steps[:1+w.rand.IntN(4)] {
		step()
	}
	told := make([]string, 0, len(w.list)+1)
	for _, c := range w.list {
		told = append(told, c.words)
	}
	question := w.wish()
	if w.chance(20) {
		return question + " " + strings.Join(told, " ")
	}
	return strings.Join(append(told, question), " ")
}

var figures = regexp.MustCompile(`\d+`)

// none matches answers that say that what they show does not fit.
var none = regexp.MustCompile(`No pet in the store right now fits|none of our pets fits|[Ww]e have no pet|do not go together|[Nn]one: we have no|no more \(`)

// violations returns the circumstances that a pet shown as fitting violates.
func violations(answer Answer, list []circumstance) (broken []string) {
	if none.MatchString(answer.Text) {
		return nil
	}
	for _, c := range list {
		if slices.ContainsFunc(answer.Pets, func(p *catalogue.Pet) bool { return !c.holds(p) }) {
			broken = append(broken, c.kind)
		}
	}
	return broken
}

// TestToldIsKept has the shortest letters of which something was once lost: facts in separate sentences apply to the
// question before and after them.
func TestToldIsKept(t *testing.T) {
	b := newBench(t)
	is := func(s catalogue.Species) func(*catalogue.Pet) bool {
		return func(p *catalogue.Pet) bool { return p.Species == s }
	}
	quiet := func(p *catalogue.Pet) bool { return p.Breed.Noise == catalogue.Low }
	for _, test := range []struct {
		letter string
		holds  func(*catalogue.Pet) bool
	}{
		{"My budget is $70. Which cat would fit?", func(p *catalogue.Pet) bool { return p.Price <= 70 }},
		{"I live in a flat. The fee must be under $160. Which pet suits us?", func(p *catalogue.Pet) bool { return p.Home == catalogue.Apartment && p.Price < 160 }},
		{"I already have a dog. I'd like to adopt a guinea pig.", is(catalogue.GuineaPig)},
		{"I'm a first time owner. Which pet suits us? No dogs.", func(p *catalogue.Pet) bool { return p.Species != catalogue.Dog && p.Beginner }},
		{"My kids are 1 and 7. It must be quiet. Which pet suits us?", func(p *catalogue.Pet) bool { return quiet(p) && smallChildrenOK(p) }},
		{"I use a walker. We have a house with a big garden. We are looking for a dog.", func(p *catalogue.Pet) bool {
			return p.Species == catalogue.Dog && p.Energy != catalogue.High && p.Size != catalogue.Large && p.Size != catalogue.Giant
		}},
		{"The walls are thin. Which dog suits us?", func(p *catalogue.Pet) bool { return p.Species == catalogue.Dog && quiet(p) }},
	} {
		t.Run(test.letter, func(t *testing.T) {
			answer := Write(b.cat, b.planner.Begin().Ask(test.letter), Voice{Length: Normal, Seed: SeedOf(test.letter)})
			if len(violations(answer, []circumstance{{"what is told", test.letter, test.holds}})) > 0 {
				t.Error(answer.Text)
			}
		})
	}
}

// TestKnownViolations has the shortest letters whose answers show a pet that violates them. If you fix one, remove it
// from the list.
func TestKnownViolations(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct {
		why, letter string
		holds       func(*catalogue.Pet) bool
	}{
		{
			"in the house, said of a cat, is taken for the home", "What pet would you recommend? I live in an apartment. There is already a cat in the house.",
			func(p *catalogue.Pet) bool { return p.Home == catalogue.Apartment },
		},
		{
			"in the house, said of children, is taken for the home", "Our home is a two bedroom condo. There are two children in the house, ages 3 and 4. What pet would you recommend, but not a cat?",
			func(p *catalogue.Pet) bool { return p.Home == catalogue.Apartment },
		},
	} {
		t.Run(test.why, func(t *testing.T) {
			answer := Write(b.cat, b.planner.Begin().Ask(test.letter), Voice{Length: Normal, Seed: SeedOf(test.letter)})
			if len(violations(answer, []circumstance{{test.why, test.letter, test.holds}})) > 0 {
				t.Skipf("%s\n%s", test.letter, answer.Text)
			}
			t.Errorf("%q is answered well: take it off the list", test.letter)
		})
	}
}

// A letter is a text, what it states, and its answer.
type letter struct {
	text   string
	told   []circumstance
	answer Answer
}

// answerAll answers letters on all processors at once. Equal letters get equal answers, whoever else asks.
func answerAll(b bench, letters []letter) {
	var group sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for n := range workers {
		group.Go(func() {
			for i := n; i < len(letters); i += workers {
				l := &letters[i]
				l.answer = Write(b.cat, b.planner.Begin().Ask(l.text), Voice{Length: Normal, Seed: SeedOf(l.text)})
			}
		})
	}
	group.Wait()
}

// The numbers of letters, and of those whose answers may violate them: those of [TestKnownViolations], and similar
// ones. The latter may only fall.
const (
	letters10k, violating10k     = 10_000, 65 // 57 today
	lettersRaced, violatingRaced = 1_500, 13  // 11 today
)

// TestNoViolation writes 10,000 letters of people who look for a pet, and compares the pets shown as fitting with
// predicates over their own fields. With the race detector, which makes it many times slower, it only writes the
// first 1,500. It names the shortest letter for each violated kind of statement.
func TestNoViolation(t *testing.T) {
	n, most := letters10k, violating10k
	if raced {
		n, most = lettersRaced, violatingRaced
		t.Logf("with the race detector: %d letters", n)
	}
	b := newBench(t)
	w := &writer{rand: rand.New(rand.NewPCG(11, 26))}
	letters := make([]letter, n)
	for i := range letters {
		letters[i].text = w.letter()
		letters[i].told = w.list
	}
	answerAll(b, letters)
	type failure struct {
		letter, shown string
		n             int
	}
	failed := map[string]*failure{}
	wrong, showing, honest := 0, 0, 0
	for _, l := range letters {
		switch {
		case none.MatchString(l.answer.Text):
			honest++
		case len(l.answer.Pets) > 0:
			showing++
		}
		broken := violations(l.answer, l.told)
		if len(broken) > 0 {
			wrong++
		}
		for _, c := range l.told {
			if !slices.Contains(broken, c.kind) {
				continue
			}
			key := c.kind + ": " + figures.ReplaceAllString(c.words, "N")
			f := failed[key]
			if f == nil {
				f = &failure{letter: l.text}
				failed[key] = f
			}
			f.n++
			if len(l.text) <= len(f.letter) {
				f.letter, f.shown = l.text, join(l.answer.Pets, func(p *catalogue.Pet) string { return p.Name })
			}
		}
	}
	t.Logf("%d answers show pets as fitting, %d of them break what was told; %d say that none fits", showing, wrong, honest)
	if showing < n/2 {
		t.Errorf("only %d of %d answers show pets at all", showing, n)
	}
	keys := make([]string, 0, len(failed))
	for key := range failed {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return failed[b].n - failed[a].n })
	for _, key := range keys[:min(60, len(keys))] {
		t.Logf("%4d %s\n\t%s\n\tshows %s", failed[key].n, key, failed[key].letter, failed[key].shown)
	}
	if wrong > most {
		t.Errorf("%d of %d answers show a pet as fitting that breaks what was told, at most %d may", wrong, n, most)
	}
}
