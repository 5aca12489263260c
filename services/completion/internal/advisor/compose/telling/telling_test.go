package telling

import (
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

func shop(t *testing.T) *catalogue.Catalogue {
	t.Helper()
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

func passage(text string) catalogue.Hit {
	return catalogue.Hit{Passage: &catalogue.Passage{Text: text}, Score: 60}
}

// TestFigure asks for a figure in a later sentence or in a list of a passage.
func TestFigure(t *testing.T) {
	cat := shop(t)
	hits := []catalogue.Hit{
		passage("Scoop the litter with care. Sand flies about. Wash the litter box every three weeks."),
		passage("Heat it well.\n\n- Gecko: warm spot 90 to 94 degrees.\n- Dragon: basking 100 to 110 degrees."),
	}
	for question, want := range map[string]string{
		"how often do I wash the litter box?":       "Wash the litter box every three weeks.",
		"how warm does a dragon need it to bask?":   "Dragon: basking 100 to 110 degrees.",
		"what temperature does a gecko's spot need": "Gecko: warm spot 90 to 94 degrees.",
		"how much does a litter box cost?":          "",
	} {
		told, from, wanted := Figure(cat, question, hits)
		if told != want || (from != nil) != (want != "") || !wanted {
			t.Errorf("%s: %q", question, told)
		}
	}
	if _, _, wanted := Figure(cat, "why does sand fly about?", hits); wanted {
		t.Error("a figure is taken for wanted by a question why")
	}
}

func TestUnheard(t *testing.T) {
	hits := []catalogue.Hit{passage("Give a slice of carrot or some melon.")}
	for question, want := range map[string]string{
		"Can he eat Durian?":         "Durian",
		"can he eat carrots?":        "",
		"is he allowed on the sofa?": "",
	} {
		if got := Unheard(question, hits); got != want {
			t.Errorf("%s: %q, want %q", question, got, want)
		}
	}
}

func TestBest(t *testing.T) {
	cat := shop(t)
	const text = "A guinea pig needs hay around the clock. It cannot make vitamin C and needs some every day."
	best, first := Best(cat, "do guinea pigs make their own vitamin C?", text)
	if first != "A guinea pig needs hay around the clock." || best == first {
		t.Errorf("best %q, first %q", best, first)
	}
}
