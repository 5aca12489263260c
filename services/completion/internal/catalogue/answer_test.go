package catalogue

import (
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// TestAnswer asks in words that no answer was written with, and asks similar questions that no answer
// was written for.
func TestAnswer(t *testing.T) {
	c := shop(t)
	for _, test := range []struct {
		question string
		species  []Species
		guide    string // "": none
		verdict  string
	}{
		{"can I keep a betta in a vase?", []Species{Fish}, "fish-tank-setup-and-cycling", "No"},
		{"Do budgies really need a friend?", []Species{Bird}, "bird-cage-and-company", "Yes"},
		{"could one rabbit live alone?", []Species{Rabbit}, "rabbit-bonding-and-company", "No"},
		{"My new cat is hiding under the bed", []Species{Cat}, "cat-first-days", ""},
		{"Is it cruel to keep a cat inside?", []Species{Cat}, "cat-indoor-or-outdoor", "No"},
		{"can rabbits eat durian", []Species{Rabbit}, "", ""},
		{"do I have to cycle a tank if I use bottled bacteria?", []Species{Fish}, "fish-tank-setup-and-cycling", "Yes"},
		{"can a dog live alone", []Species{Dog}, "", ""},
		{"what is the capital of France?", nil, "", ""},
		{"rabbit", []Species{Rabbit}, "", ""},
	} {
		reply := c.Answer(words.Split(test.question), test.species)
		switch {
		case reply == nil && test.guide != "":
			t.Errorf("%s: no answer", test.question)
		case reply != nil && (reply.Guide.ID != test.guide || reply.Verdict != test.verdict):
			t.Errorf("%s: %q of %s, like it by %.2f", test.question, reply.Lead(), reply.Guide.ID, reply.Likeness)
		}
	}
}

// TestAnswersFindThemselves checks that every way to ask finds the answer that it was written for.
func TestAnswersFindThemselves(t *testing.T) {
	c := shop(t)
	for _, a := range c.answers.list {
		for _, q := range a.Questions {
			split := words.Split(q)
			if reply := c.answers.find(FormOf(split), split, kindsIn(split), a.Guide.Species, c.Place(split)); reply == nil || reply.Answer != a {
				t.Errorf("%s: %q is found to ask for %v", a.Guide.ID, q, reply)
			}
		}
	}
}
