package catalogue

import (
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

func TestBannedComesFirst(t *testing.T) {
	for question, want := range map[string]bool{
		"which veggies can i NOT give my budgies":        true,
		"what can't rabbits eat":                         true,
		"so what should a hamster never have":            true,
		"what should i feed a hamster that does not eat": false,
		"which vegetables can rabbits eat":               false,
		"my dog does not eat, what can I do":             false,
		"which dog can not live with cats":               false,
	} {
		if got := AsksBanned(words.Split(question)); got != want {
			t.Errorf("%q asks for what is banned: %v", question, got)
		}
	}
	c := shop(t)
	hits := c.Search(Query{Text: "which veggies can i not give my budgies", Species: []Species{Bird}, Limit: 8})
	BannedFirst(hits)
	if len(hits) == 0 || hits[0].Heading != "Which foods are on the forbidden list for birds?" {
		t.Errorf("not the forbidden list first: %+v", hits[:min(1, len(hits))])
	}
}
