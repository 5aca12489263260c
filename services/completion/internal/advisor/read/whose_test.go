package read_test

import (
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// TestWhose learns from four of five turns whom their words are about, and checks the predictions for the fifth one.
func TestWhose(t *testing.T) {
	const least = 70 // percent; docs/advisor.md has the present value
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	all, err := read.LoadLabeled("data/whose.txt")
	if err != nil {
		t.Fatal(err)
	}
	var seen, held []read.Labeled
	for i, told := range all {
		if i%5 == 2 {
			held = append(held, told)
		} else {
			seen = append(seen, told)
		}
	}
	model, err := read.TrainWhose(cat, seen)
	if err != nil {
		t.Fatal(err)
	}
	r, err := read.NewWith(cat, nil, model)
	if err != nil {
		t.Fatal(err)
	}
	right, sum := 0, 0
	for _, told := range held {
		turn := r.Turn(told.Text)
		for i := range turn.Marks {
			m := &turn.Marks[i]
			if m.Attribute == nil || m.Value == "" && m.Amount == nil {
				continue
			}
			sum++
			if r.Whose(turn, m.From, m.To).Best() == told.Subject(turn.Words[m.From].Start) {
				right++
			}
		}
	}
	t.Logf("of %d mentions in %d turns %d are told right, %d %%", sum, len(held), right, 100*right/max(1, sum))
	if sum == 0 || 100*right/sum < least {
		t.Errorf("fewer than %d %%", least)
	}
}
