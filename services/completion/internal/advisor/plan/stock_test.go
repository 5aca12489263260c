package plan

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/reckon"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A clause is one condition of a generated query, in words, with what it requires of a pet: written by hand over the
// pet's fields, independently of the table of attributes.
type clause struct {
	kind  string // for the report: "sex", "not coat", "fee under"
	words string
	holds func(*catalogue.Pet) bool
}

// choices are words of the table for a value, and its meaning.
type choices struct {
	attribute, value string
	words            []string
	holds            func(*catalogue.Pet) bool
}

func isSpecies(s catalogue.Species) func(*catalogue.Pet) bool {
	return func(p *catalogue.Pet) bool { return p.Species == s }
}

func isSex(s catalogue.Sex) func(*catalogue.Pet) bool {
	return func(p *catalogue.Pet) bool { return p.Sex == s }
}

func isSize(sizes ...catalogue.Size) func(*catalogue.Pet) bool {
	return func(p *catalogue.Pet) bool { return slices.Contains(sizes, p.Size) }
}

func isEnergy(l catalogue.Level) func(*catalogue.Pet) bool {
	return func(p *catalogue.Pet) bool { return p.Energy == l }
}

func hasCoat(name string) func(*catalogue.Pet) bool {
	return func(p *catalogue.Pet) bool { return slices.Contains(p.Coat, name) }
}

// speciesWords are animals, whose plurals follow "which" and "show me all".
func speciesWords() []choices {
	return []choices{
		{"species", "dog", []string{"dog", "hound", "pooch", "canine", "doggy"}, isSpecies(catalogue.Dog)},
		{"species", "cat", []string{"cat", "feline", "house cat", "moggy"}, isSpecies(catalogue.Cat)},
		{"species", "rabbit", []string{"rabbit", "bunny"}, isSpecies(catalogue.Rabbit)},
		{"species", "guinea-pig", []string{"guinea pig", "cavy"}, isSpecies(catalogue.GuineaPig)},
		{"species", "hamster", []string{"hamster"}, isSpecies(catalogue.Hamster)},
		{"species", "bird", []string{"bird"}, isSpecies(catalogue.Bird)},
		{"species", "fish", []string{"fish", "aquarium fish"}, isSpecies(catalogue.Fish)},
		{"species", "reptile", []string{"reptile"}, isSpecies(catalogue.Reptile)},
	}
}

// adjectives precede the animal.
func adjectives() [][]choices {
	small, large := isSize(catalogue.Tiny, catalogue.Small), isSize(catalogue.Large, catalogue.Giant)
	return [][]choices{
		{
			{"sex", "female", []string{"female", "girl"}, isSex(catalogue.Female)},
			{"sex", "male", []string{"male", "boy"}, isSex(catalogue.Male)},
		},
		{
			{"size", "tiny", []string{"tiny", "teeny", "pocket sized"}, isSize(catalogue.Tiny)},
			{"size", "small", []string{"small", "little", "petite", "compact"}, small},
			{"size", "medium", []string{"medium sized", "mid sized", "average sized"}, isSize(catalogue.Medium)},
			{"size", "large", []string{"large", "big", "large sized"}, large},
			{"size", "giant", []string{"giant", "huge", "enormous"}, isSize(catalogue.Giant)},
		},
		{
			{"energy", "low", []string{"calm", "lazy", "mellow", "laid back", "placid", "relaxed", "low energy"}, isEnergy(catalogue.Low)},
			{"energy", "medium", []string{"moderately active", "medium energy"}, isEnergy(catalogue.Mid)},
			{"energy", "high", []string{"active", "energetic", "lively", "athletic", "high energy", "sporty"}, isEnergy(catalogue.High)},
		},
		{
			{"coat", "black", []string{"black"}, hasCoat("black")},
			{"coat", "white", []string{"white"}, hasCoat("white")},
			{"coat", "gray", []string{"gray", "grey", "silver"}, hasCoat("gray")},
			{"coat", "brown", []string{"brown", "tan"}, hasCoat("brown")},
			{"coat", "red", []string{"red", "ginger", "orange"}, hasCoat("red")},
			{"coat", "cream", []string{"cream", "beige"}, hasCoat("cream")},
			{"coat", "golden", []string{"yellow", "blond"}, hasCoat("golden")},
			{"coat", "tabby", []string{"tabby", "striped"}, hasCoat("tabby")},
			{"coat", "spotted", []string{"spotted"}, hasCoat("spotted")},
		},
	}
}

// friends follow the animal.
func friends() [][]choices {
	return [][]choices{
		{{"children", "yes", []string{
			"good with kids", "good with children", "great with kids", "safe with kids", "kid friendly", "okay with kids", "gentle with children",
		}, func(p *catalogue.Pet) bool { return p.GoodWith.Children == catalogue.Yes }}},
		{{"cats", "yes", []string{
			"good with cats", "ok with cats", "safe with cats", "fine with cats", "friendly with cats", "cat friendly",
		}, func(p *catalogue.Pet) bool { return p.GoodWith.Cats != catalogue.No }}},
		{{"dogs", "yes", []string{
			"good with dogs", "ok with dogs", "safe with dogs", "fine with dogs", "friendly with dogs", "dog friendly",
		}, func(p *catalogue.Pet) bool { return p.GoodWith.Dogs != catalogue.No }}},
	}
}

// A writer draws queries.
type writer struct {
	rand *rand.Rand
	list []clause
}

func draw[T any](w *writer, list []T) T { return list[w.rand.IntN(len(list))] }

func (w *writer) chance(percent int) bool { return w.rand.IntN(100) < percent }

func (w *writer) add(kind, words string, holds func(*catalogue.Pet) bool) string {
	w.list = append(w.list, clause{kind, words, holds})
	return words
}

// pick chooses a value and a word for it.
func (w *writer) pick(list []choices) string {
	c := draw(w, list)
	return w.add(c.attribute, draw(w, c.words), c.holds)
}

// plural returns a text with the plural of its last word.
func plural(s string) string {
	switch {
	case strings.HasSuffix(s, "s") || strings.HasSuffix(s, "fish"):
		return s
	case strings.HasSuffix(s, "y"):
		return s[:len(s)-1] + "ies"
	case strings.HasSuffix(s, "ch"):
		return s + "es"
	}
	return s + "s"
}

// animal draws the kind of animal: one, one of two, none of it, or any.
func (w *writer) animal() (noun, ruledOut string) {
	list := speciesWords()
	one, two := draw(w, list), draw(w, list)
	switch n := w.rand.IntN(100); {
	case n < 70:
		return w.add("species", plural(draw(w, one.words)), one.holds), ""
	case n < 80 && one.value != two.value:
		words := plural(draw(w, one.words)) + draw(w, []string{" or ", " and "}) + plural(draw(w, two.words))
		return w.add("one of two species", words, func(p *catalogue.Pet) bool { return one.holds(p) || two.holds(p) }), ""
	case n < 90 && one.value != two.value:
		no := "no " + plural(draw(w, one.words))
		holds := func(p *catalogue.Pet) bool { return !one.holds(p) }
		if w.chance(50) {
			no += ", no " + plural(draw(w, two.words))
			holds = func(p *catalogue.Pet) bool { return !one.holds(p) && !two.holds(p) }
		}
		return draw(w, []string{"pets", "animals"}), w.add("not species", no, holds)
	}
	return draw(w, []string{"pets", "animals"}), ""
}

// age draws a bound on the age.
func (w *writer) age() string {
	unit, months, most := "years", 12, 11
	if w.chance(25) {
		unit, months, most = "months", 1, 18
	}
	n := 1 + w.rand.IntN(most)
	if n == 1 {
		n = 2
	}
	low := n * months
	age := func(p *catalogue.Pet) int { return p.AgeMonths }
	figure := fmt.Sprint(n)
	if words := []string{"", "", "two", "three", "four", "five", "six", "seven", "eight"}; n < len(words) && w.chance(30) {
		figure = words[n]
	}
	span := figure + " " + unit
	switch w.rand.IntN(5) {
	case 0:
		return w.add("age under", draw(w, []string{"under ", "younger than ", "less than ", "below "})+span+draw(w, []string{"", " old"}), func(p *catalogue.Pet) bool { return age(p) < low })
	case 1:
		return w.add("age over", draw(w, []string{"over ", "older than ", "more than "})+span+draw(w, []string{"", " old"}), func(p *catalogue.Pet) bool { return age(p) > low })
	case 2:
		return w.add("age at least", draw(w, []string{"at least ", "no younger than "})+span+draw(w, []string{"", " old"}), func(p *catalogue.Pet) bool { return age(p) >= low })
	case 3:
		return w.add("age at most", draw(w, []string{"at most ", "no older than ", "up to ", "not older than "})+span+draw(w, []string{"", " old"}), func(p *catalogue.Pet) bool { return age(p) <= low })
	}
	high := n + 1 + w.rand.IntN(5)
	return w.add("age between", fmt.Sprintf(draw(w, []string{"between %d and %d %s", "between %d and %d %s old", "from %d to %d %s", "aged %d to %d %s", "%d-%d %s old"}), n, high, unit),
		func(p *catalogue.Pet) bool { return age(p) >= low && age(p) <= high*months })
}

// fee draws a bound on the fee.
func (w *writer) fee() string {
	n := 20 + 10*w.rand.IntN(38)
	if w.chance(20) {
		n += w.rand.IntN(10)
	}
	sum := fmt.Sprintf(draw(w, []string{"$%d", "%d dollars", "%d bucks", "%d usd"}), n)
	switch w.rand.IntN(5) {
	case 0:
		return w.add("fee under", draw(w, []string{"under ", "below ", "for less than ", "cheaper than "})+sum, func(p *catalogue.Pet) bool { return p.Price < n })
	case 1:
		return w.add("fee over", draw(w, []string{"over ", "for more than ", "above "})+sum, func(p *catalogue.Pet) bool { return p.Price > n })
	case 2:
		return w.add("fee at most", draw(w, []string{"up to ", "for at most ", "for no more than ", "for a maximum of "})+sum, func(p *catalogue.Pet) bool { return p.Price <= n })
	case 3:
		return w.add("fee at least", "for at least "+sum, func(p *catalogue.Pet) bool { return p.Price >= n })
	}
	high := n + 10 + 10*w.rand.IntN(20)
	return w.add("fee between", fmt.Sprintf(draw(w, []string{"between $%d and $%d", "from $%d to $%d", "for %d to %d dollars", "between %d and %d dollars", "for $%d-$%d"}), n, high),
		func(p *catalogue.Pet) bool { return p.Price >= n && p.Price <= high })
}

// query draws a question for pets of the store with up to five conditions.
func (w *writer) query() string {
	w.list = nil
	noun, ruledOut := w.animal()
	var before, after []string
	groups := adjectives()
	w.rand.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	for _, g := range groups[:w.rand.IntN(3)] {
		before = append(before, w.pick(g))
	}
	if w.chance(35) {
		after = append(after, w.age())
	}
	if w.chance(35) {
		after = append(after, w.fee())
	}
	if w.chance(25) {
		after = append(after, "that are "+w.pick(draw(w, friends())))
	}
	if w.chance(15) && len(before) < 2 {
		g := draw(w, groups[2:])
		c := draw(w, g)
		if c.value == "high" && c.attribute == "energy" {
			c.words = c.words[1:] // "not active" says calm
		}
		after = append(after, w.add("not "+c.attribute, "that are not "+draw(w, c.words), func(p *catalogue.Pet) bool { return !c.holds(p) }))
	}
	if ruledOut != "" {
		after = append(after, ruledOut)
	}
	if strings.Contains(noun, " or ") || strings.Contains(noun, " and ") {
		before = without(w, before, func(string) bool { return true }) // "black dogs or cats" may mean black dogs, or any cats
	}
	// "Small" and "pocket sized pets" are rabbits and the like, a "giant rabbit" is a breed, and a "little girl" a
	// child.
	before = without(w, before, func(s string) bool {
		return s == "little" || (s == "small" || s == "pocket sized") && (noun == "pets" || noun == "animals") || s == "giant" && strings.HasPrefix(noun, "rabbit")
	})
	if len(w.list) == 0 {
		return w.query()
	}
	subject := strings.Join(append(before, noun), " ")
	var rest strings.Builder
	for i, a := range after {
		switch {
		case i == 0 && !strings.HasPrefix(a, "no "):
			rest.WriteString(" " + a)
		case i > 0 && strings.HasPrefix(a, "that") && strings.HasPrefix(after[i-1], "that"):
			rest.WriteString(" and" + strings.TrimPrefix(a, "that are"))
		default:
			rest.WriteString(", " + a)
		}
	}
	return fmt.Sprintf(draw(w, []string{
		"Show me all %s%s", "which %s do you have%s?", "List your %s%s.", "do you have any %s%s?", "How many %s%s are there?", "Are there any %s%s?", "what %s%s do you have?",
	}), subject, rest.String())
}

// without removes words that were drawn to precede the animal.
func without(w *writer, before []string, drop func(string) bool) []string {
	w.list = slices.DeleteFunc(w.list, func(c clause) bool { return slices.Contains(before, c.words) && drop(c.words) })
	return slices.DeleteFunc(before, drop)
}

// exact says why a query's plan does not want exactly the pets that the query asks for; "" if it does.
func exact(b bench, query string, list []clause) string {
	pl := b.planner.Begin().Ask(query)
	item := storeItem(pl)
	if item == nil {
		return "read as " + kindsOf(pl)
	}
	var want []*catalogue.Pet
	for _, p := range b.cat.Pets() {
		if !slices.ContainsFunc(list, func(c clause) bool { return !c.holds(p) }) {
			want = append(want, p)
		}
	}
	got := meeting(b.cat, item)
	if slices.Equal(got, want) {
		return ""
	}
	var conditions []string
	for i := range item.Wants {
		c := &item.Wants[i]
		conditions = append(conditions, fmt.Sprintf("%s %s %v %g", c.Attribute.Name, c.Op, c.Names, c.Number))
	}
	return fmt.Sprintf("wants %s\n\tgot  %s\n\twant %s", strings.Join(conditions, "; "), ids(got), ids(want))
}

// A fault is a kind of question that is not always read exactly yet, with an example and its meaning.
type fault struct {
	why     string
	like    *regexp.Regexp
	example string
	holds   func(*catalogue.Pet) bool
}

func faults() []fault {
	return []fault{ // the first that matches a question counts as the cause
		{
			"the house of house cats is taken for a home", regexp.MustCompile(`house cats`),
			"Are there any big house cats?", func(p *catalogue.Pet) bool {
				return p.Species == catalogue.Cat && isSize(catalogue.Large, catalogue.Giant)(p)
			},
		},
		{
			"aged before an amount is dropped with it", regexp.MustCompile(`aged \d`),
			"List your cats aged 2 to 5 years.", func(p *catalogue.Pet) bool {
				return p.Species == catalogue.Cat && p.AgeMonths >= 24 && p.AgeMonths <= 60
			},
		},
		{
			"not moderately active is taken for not active", regexp.MustCompile(`not moderately active`),
			"Show me all female birds that are not moderately active", func(p *catalogue.Pet) bool {
				return p.Species == catalogue.Bird && p.Sex == catalogue.Female && p.Energy != catalogue.Mid
			},
		},
		{
			"a known word is taken for the slip of a breed's name", regexp.MustCompile(`teeny (guinea pigs|cavies)`),
			"How many teeny guinea pigs are there?", func(p *catalogue.Pet) bool {
				return p.Species == catalogue.GuineaPig && p.Size == catalogue.Tiny
			},
		},
	}
}

// knownFault returns the known reason why a question is not read exactly, or "".
func knownFault(query string) string {
	for _, f := range faults() {
		if f.like.MatchString(query) {
			return f.why
		}
	}
	return ""
}

// TestKnownFaults checks that the example of each fault is still misread.
func TestKnownFaults(t *testing.T) {
	b := newBench(t)
	for _, f := range faults() {
		if knownFault(f.example) != f.why {
			t.Errorf("%q is no example of: %s", f.example, f.why)
		}
		if exact(b, f.example, []clause{{holds: f.holds}}) == "" {
			t.Errorf("%q is read exactly: take it off the list", f.example)
		}
	}
}

// leastExact is the share of generated questions that must be read exactly, in percent.
const leastExact = 98.4

// TestStockIsExact asks 10,000 generated questions for pets of the store, and compares the pets that meet the plan
// with predicates over their own fields. With the race detector, which makes it many times slower, it only asks the
// first 2,000. A failure names one question of each kind, the simplest first. Misread questions of a kind in [faults]
// are tolerated up to [leastExact]. If you fix a kind, remove it from that list.
func TestStockIsExact(t *testing.T) {
	queries := 10_000
	if raced {
		queries = 2_000
		t.Logf("with the race detector: %d questions", queries)
	}
	b := newBench(t)
	w := &writer{rand: rand.New(rand.NewPCG(20, 26))}
	type failure struct {
		query, why string
		kinds      []string
	}
	failed, wrong, known := map[string]failure{}, 0, map[string][]string{}
	for range queries {
		query := w.query()
		why := exact(b, query, w.list)
		if why == "" {
			continue
		}
		if fault := knownFault(query); fault != "" {
			known[fault] = append(known[fault], query)
			continue
		}
		wrong++
		f := failure{query: query, why: why}
		for _, c := range w.list {
			f.kinds = append(f.kinds, c.kind)
		}
		key := strings.Join(f.kinds, ", ")
		if old, ok := failed[key]; !ok || len(query) < len(old.query) {
			failed[key] = f
		}
	}
	excused := 0
	for _, f := range faults() {
		list := known[f.why]
		excused += len(list)
		t.Logf("known: %4d %s: %q", len(list), f.why, f.example)
	}
	t.Logf("%d of %d questions are exact, %d are not for known faults", queries-wrong-excused, queries, excused)
	if share := 100 * float64(queries-wrong-excused) / float64(queries); share < leastExact {
		t.Errorf("only %.2f %% are exact, want %.1f %%", share, leastExact)
	}
	if wrong == 0 {
		return
	}
	list := make([]failure, 0, len(failed))
	for _, f := range failed {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b failure) int {
		if d := len(a.kinds) - len(b.kinds); d != 0 {
			return d
		}
		return strings.Compare(strings.Join(a.kinds, ","), strings.Join(b.kinds, ","))
	})
	t.Errorf("%d of %d questions are not exact", wrong, queries)
	for _, f := range list[:min(40, len(list))] {
		t.Logf("%s: %q\n\t%s", strings.Join(f.kinds, ", "), f.query, f.why)
	}
}

// TestStockWordsAreOfTheTable checks that the words of the generated questions are the table's.
func TestStockWordsAreOfTheTable(t *testing.T) {
	b := newBench(t)
	all := speciesWords()
	for _, groups := range [][][]choices{adjectives(), friends()} {
		for _, g := range groups {
			all = append(all, g...)
		}
	}
	for _, c := range all {
		a := b.cat.Attribute(c.attribute)
		rank := a.Rank(c.value)
		if rank < 0 {
			t.Errorf("%s has no value %q", c.attribute, c.value)
			continue
		}
		for _, word := range c.words {
			if !slices.Contains(a.Values[rank].Words, word) {
				t.Errorf("%s: the table's %s is not %q", c.attribute, c.value, word)
			}
		}
	}
}

// TestSuperlatives asks for the first and the last of every order, in the table's own words.
func TestSuperlatives(t *testing.T) {
	b := newBench(t)
	for _, a := range b.cat.Attributes() {
		for direction, list := range map[int][]string{1: a.More, -1: a.Less} {
			for _, word := range list {
				if strings.HasPrefix(word, "best with") {
					continue // known: without an order
				}
				if !reckon.Superlative(word) || a.Type == catalogue.Missing || a.Type == catalogue.Set {
					continue
				}
				t.Run(a.Name+"/"+word, func(t *testing.T) {
					pl := b.planner.Begin().Ask("Which of your cats is the " + word + "?")
					item := storeItem(pl)
					if item == nil {
						t.Fatalf("read as %s", kindsOf(pl))
					}
					if o := item.Order; o == nil || o.Attribute != a || o.Direction != direction || !o.One {
						t.Fatalf("order %+v", o)
					}
					for _, p := range b.cat.Pets() {
						if (p.Species == catalogue.Cat) != slices.Contains(meeting(b.cat, item), p) {
							t.Fatalf("wants %+v", item.Wants)
						}
					}
				})
			}
		}
	}
}

// TestWaysOfAsking distinguishes counting, listing and averaging.
func TestWaysOfAsking(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct {
		text string
		is   func(*Item) bool
	}{
		{"How many cats do you have?", func(i *Item) bool { return i.Count }},
		{"what's the number of dogs you have", func(i *Item) bool { return i.Count }},
		{"Do you have any rabbits?", func(i *Item) bool { return i.Have && !i.Count }},
		{"show me all your dogs", func(i *Item) bool { return i.List }},
		{"What is the average adoption fee of your cats?", func(i *Item) bool { return i.Average }},
		{"what is the total fee of all your hamsters", func(i *Item) bool { return i.Total }},
		{"Do you have any macaws?", func(i *Item) bool { return i.Unknown != "" }},
		{"got ferrets?", func(i *Item) bool { return i.Unknown != "" }},
	} {
		pl := b.planner.Begin().Ask(test.text)
		if item := storeItem(pl); item == nil || item.Kind != read.KindStock || !test.is(item) {
			t.Errorf("%q is read as %s: %+v", test.text, kindsOf(pl), item)
		}
	}
}
