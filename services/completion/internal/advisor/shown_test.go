package advisor

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// petsOf returns the pets of each choice, and fails where a choice has them twice or after its end.
func petsOf(t *testing.T, events []chat.Event, n int) [][]chat.Pet {
	t.Helper()
	pets, finished := make([][]chat.Pet, n), make([]bool, n)
	for i := range events {
		e := &events[i]
		switch {
		case e.Kind == chat.KindFinish:
			finished[e.Choice] = true
		case len(e.Delta.Pets) > 0:
			if pets[e.Choice] != nil || finished[e.Choice] {
				t.Errorf("event %d has pets again, or late: %+v", i, e)
			}
			pets[e.Choice] = e.Delta.Pets
		}
	}
	return pets
}

func TestAnswersShowTheirPets(t *testing.T) {
	a := advisor(t)
	luna := store.PetNamed("Luna")
	want := chat.Pet{
		ID: luna.ID, Name: "Luna", Species: string(luna.Species), Breed: luna.Breed.Name, Sex: string(luna.Sex),
		AgeMonths: luna.AgeMonths, FeeUSD: luna.Price, Coat: luna.Coat,
	}
	req := request("Tell me about Luna")
	req.N = new(2)
	for i, pets := range petsOf(t, collect(t, a, req, nil), 2) {
		if diff := cmp.Diff([]chat.Pet{want}, pets); diff != "" {
			t.Errorf("choice %d (-want +got)\n%s", i, diff)
		}
	}
	if pets := petsOf(t, collect(t, a, request("How often should I brush a cat's teeth?"), nil), 1); pets[0] != nil {
		t.Errorf("an answer about no pet shows %v", pets)
	}
}

// TestACutAnswerShowsWhatItNames holds that a pet whose name was cut off is not shown.
func TestACutAnswerShowsWhatItNames(t *testing.T) {
	a := advisor(t)
	req := request("Tell me about Luna")
	whole, _ := sum(collect(t, a, req, nil), 1)
	req.Stop = []string{"Luna"}
	events := collect(t, a, req, nil)
	if texts, _ := sum(events, 1); texts[0] == whole[0] {
		t.Fatalf("not cut: %s", texts[0])
	}
	if pets := petsOf(t, events, 1); pets[0] != nil {
		t.Errorf("pets %v", pets)
	}
}

// TestResumeComparesPets holds that an answer whose pets are not those that were shown is not continued.
func TestResumeComparesPets(t *testing.T) {
	a := advisor(t)
	req := request("Tell me about Luna")
	full := collect(t, a, req, nil)
	at := slices.IndexFunc(full, func(e chat.Event) bool { return len(e.Delta.Pets) > 0 })
	if at < 0 {
		t.Fatal("no pets")
	}
	for name, change := range map[string]func(*chat.Pet){
		"another fee":  func(p *chat.Pet) { p.FeeUSD++ },
		"another coat": func(p *chat.Pet) { p.Coat = []string{"plaid"} },
		"another name": func(p *chat.Pet) { p.Name = "Lunatic" },
		"nothing":      nil,
	} {
		t.Run(name, func(t *testing.T) {
			shown := slices.Clone(full[:at+1])
			if change != nil {
				shown[at].Delta.Pets = slices.Clone(shown[at].Delta.Pets)
				change(&shown[at].Delta.Pets[0])
			}
			var last error
			for _, last = range a.Complete(t.Context(), req, shown) {
			}
			if refused := errors.Is(last, chat.ErrCannotContinue); refused != (change != nil) {
				t.Errorf("error %v", last)
			}
		})
	}
}
