package catalogue

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

func TestFormOf(t *testing.T) {
	for question, want := range map[string]Asked{
		"How often should I brush a poodle?":                   {Forms: []Form{"often"}},
		"when can my puppy meet others?":                       {Forms: []Form{"age", "long"}, Loose: true},
		"when should a vet see a lump?":                        {Forms: []Form{FormVet}, Loose: true, Open: true},
		"can cats eat ham":                                     {Forms: []Form{FormMay, FormIs}},
		"is ham bad for cats":                                  {Forms: []Form{FormMay, FormIs}, Turned: true},
		"my cat has bad breath, can I brush its teeth?":        {Forms: []Form{FormMay, FormIs}},
		"is it normal that she does not eat?":                  {Forms: []Form{FormNormal, FormIs}, Negated: true},
		"yes or no: do rabbits need hay":                       {Forms: []Form{FormNeed, FormIs}},
		"one cat or two?":                                      {Forms: []Form{FormChoice}},
		"what should I do":                                     {},
		"why is my cat so fat?":                                {},
		"is a two gallon tank ok for a betta?":                 {Forms: []Form{FormMay, FormIs, "size"}},
		"my parrot screams. I shout. Does that make it worse?": {Forms: []Form{FormIs}},
	} {
		if got := FormOf(words.Split(question)); !cmp.Equal(got, want) {
			t.Errorf("%s: %s", question, cmp.Diff(want, got))
		}
	}
}

func TestFormTells(t *testing.T) {
	for text, want := range map[string][]Form{
		"Brush it twice a week.":          {"often", "long", "age"},
		"Feed two or three meals.":        {"often", "many"},
		"Keep it at 75 to 80 degrees F.":  {"warm", "many"},
		"It takes four to six weeks.":     {"long", "age", "many"},
		"A betta needs five gallons.":     {"size", "many"},
		"An exam costs $70.":              {"cost", "many"},
		"Cats hide when they are afraid.": nil,
	} {
		var got []Form
		for _, g := range formsOf.Figures {
			if g.Form.Tells(text) && !slices.Contains(got, g.Form) {
				got = append(got, g.Form)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestFed(t *testing.T) {
	for question, want := range map[string]string{
		"can my dog eat dragon fruit?":       " dragon fruit ",
		"may I give him some durian, please": " durian ",
		"is he hungry":                       " ",
	} {
		if got := words.Join(Fed(words.Split(question))); got != want {
			t.Errorf("%s: %q, want %q", question, got, want)
		}
	}
}
