package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestWhatIsToldIsNoWish has turns about people and animals at home, beside what they look for: only the latter may
// become conditions.
func TestWhatIsToldIsNoWish(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct{ turn, want string }{
		{
			"Have 1 neutered male rabbit, 3 yrs old, lonely since his mate died. Looking for a female partner at not more than $65.",
			"fee at most 65; sex is female; species is rabbit",
		},
		{
			"I have a six year old greyhound who kills anything small and furry. Which pet under $100 for a beginner?",
			"beginner is yes; dogs at least 1; fee below 100; species is not rabbit guinea-pig hamster bird",
		},
		{
			"Cat for a home with two big dogs (friendly), under $100, not one needing injections",
			"ailment is not injections; dogs at least 1; fee below 100; species is cat",
		},
		{"we got a cat, need a family dog, $160 max, no meds", "cats at least 1; children at least 2; fee at most 160; needs is no; species is dog"},
		{"We are a running couple and want a large dog", "energy at least 1?; size is large giant; species is dog"},
		{
			"My mother is seventy-four years old. She wants a small dog and cannot spend more than $120.",
			"energy at most 1; fee at most 120; size is tiny small; species is dog",
		},
		{"dog please. I've got a 14 year old daughter, a cat who hides from dogs, and 200 dollars", "cats at least 1; children at least 1; fee at most 200; species is dog"},
		{"House, yard, two old neutered mutts that like everybody. I want one big lazy dog.", "dogs at least 1; energy is low; home at most 2; size is large giant; species is dog"},
		{"My buck lost his wife. I would like a girl rabbit for him, pension is small so 50 at most.", "fee at most 50; sex is female; species is rabbit"},
		{"home in the evenings only, would love birds, under 60 $", "fee below 60; hours at least 8; species is bird"},
		{"My budget for a dog is 300, house and garden", "fee at most 300; home at most 2; species is dog"},
		{"something furry up to 45 bucks", "fee at most 45; species is not fish reptile bird"},
		{"I cannot spend above $90 on a cat", "fee at most 90; species is cat"},
		{"want something for behind glass, no more than $50", "fee at most 50; species is fish reptile"},
		{"had dogs all my life. looking for a very active one with a garden", "energy is high; home at most 2; species is dog?"},
	} {
		item := storeItem(b.planner.Begin().Ask(test.turn))
		if item == nil {
			t.Errorf("%s: no pet is looked for", test.turn)
			continue
		}
		if got := written(item.Wants); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.turn, got, test.want)
		}
	}
}

// TestEachRankIsAQuestion has turns that ask for the first of several kinds.
func TestEachRankIsAQuestion(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct {
		turn string
		want []string
	}{
		{"cheapest dog and cheapest cat?", []string{"species is dog", "species is cat"}},
		{"Who is the oldest animal you have and who is the oldest dog?", []string{"", "species is dog"}},
		{"the smallest, cheapest dog?", []string{"species is dog"}},
	} {
		pl := b.planner.Begin().Ask(test.turn)
		var got []string
		for i := range pl.Items {
			got = append(got, written(pl.Items[i].Wants))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.turn, got, test.want)
		}
	}
}

// written returns conditions in an order independent of the words. Mere wishes have a question mark.
func written(list []Condition) string {
	out := make([]string, 0, len(list))
	for i := range list {
		c := &list[i]
		s := fmt.Sprintf("%s %v ", c.Attribute.Name, c.Op)
		if len(c.Names) > 0 {
			s += strings.Join(c.Names, " ")
		} else {
			s += fmt.Sprint(c.Number)
		}
		if c.Wish {
			s += "?"
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// TestWhatIsRuledOut has turns that exclude something in various words.
func TestWhatIsRuledOut(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct {
		turns []string
		want  string
	}{
		{[]string{"Want a reptile but I am not keeping dead mice in my freezer"}, "diet is not mice; species is reptile"},
		{[]string{"Names of all your dogs that must not live with cats"}, "cats at most 0; species is dog"},
		{[]string{"we want a calm cat", "not Marmalade, gran can't do special diets"}, "ailment is not special diet; energy is low; species is cat"},
		{[]string{"I need the names of every cat you'd never put with a dog."}, "dogs at most 0; species is cat"},
		{[]string{"which dogs are not for families with kids at all"}, "children at most 0; species is dog"},
		{[]string{"a dog that doesn't chase cats please"}, "cats at least 1; species is dog"},
		{[]string{"dogs with no special needs under $150?"}, "fee below 150; needs is no; species is dog"},
		{[]string{"do you have pets that cost exactly 60 dollars?"}, "fee at least 60; fee at most 60"},
		{[]string{"which of your dogs are white and brown"}, "coat is brown; coat is white; species is dog"},
		{[]string{"Which dogs need a garden?"}, "home at least 2; species is dog"},
		{[]string{"dogs that are ok in an apartment, list every one"}, "home at most 0; species is dog"},
		{[]string{"Do you have a Dalmatian right now?"}, "breed is dalmatian"},
	} {
		c := b.planner.Begin()
		var item *Item
		for _, turn := range test.turns {
			item = storeItem(c.Ask(turn))
		}
		if item == nil || written(item.Wants) != test.want {
			t.Errorf("%q: %v, want %s", test.turns, item, test.want)
		}
	}
}
