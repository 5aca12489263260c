package advisor

import (
	"strings"
	"testing"
)

// TestEmergenciesAnswerWhatIsAboutToBeDone has owners who describe a danger, and ask whether it can wait, or whether
// to do something harmful. The answer must address that first.
func TestEmergenciesAnswerWhatIsAboutToBeDone(t *testing.T) {
	a := advisor(t)
	const wait, hands = "it cannot wait", "Do not give, pull, push back, squeeze, glue or cut anything"
	for _, test := range []struct {
		question string
		says     []string
		not      []string
	}{
		{"my cat strains in the box and no pee comes, can it wait till monday", []string{wait}, []string{hands}},
		{"Rabbit hasnt eaten since last night, no droppings. Vet on thursday ok?", []string{wait}, nil},
		{"our dog ate a whole bar of dark chocolate, shall we see how he is in the morning?", []string{wait}, nil},
		{"guinea pig is straining for two hours, a baby is half out, should i pull it", []string{hands}, nil},
		{"my tortoise fell off the balcony and the shell is cracked. can i glue it", []string{hands}, nil},
		{"there is a string hanging out of the cat's bottom and she vomits. cut it or pull it?", []string{hands}, nil},
		{"gecko has something pink hanging out of its vent, do i push it back in?", []string{hands}, nil},
		{"dog swallowed a button battery, should I make him vomit and go on saturday?", []string{wait, hands}, nil},
		{"bird is gasping at the bottom of the cage, can i give him vitamins", []string{hands}, nil},
		{"my dog collapsed in the heat, should i wet him with cool water?", nil, []string{hands, wait}},
		{"cat fell from the balcony and can't walk", nil, []string{hands, wait}},
		{"my puppy has a seizure right now what do i do", nil, []string{hands, wait}},
		{"he burned his paw on the stove, do i rinse it", nil, []string{hands, wait}},
		{"Which food can wait in the bowl till evening?", nil, []string{hands, wait}},
	} {
		_, got := askedIn(t, a, test.question)
		for _, s := range test.says {
			if first, _, _ := strings.Cut(got, "\n- "); !strings.Contains(first, s) {
				t.Errorf("%q gets no %q:\n%.300s", test.question, s, got)
			}
		}
		for _, s := range test.not {
			if strings.Contains(got, s) {
				t.Errorf("%q gets %q:\n%.300s", test.question, s, got)
			}
		}
	}
}
