package advisor

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// petsOf returns the pets of each choice. It fails the test if a choice has them twice or after its end.
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
		Reasons: []string{"suits a first-time owner", "fine with children of all ages, supervised", "an apartment is enough"},
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

// TestShownPetsHaveWhatSpeaksForThem checks a shown pet's reasons: first what was asked, in the answer's language.
func TestShownPetsHaveWhatSpeaksForThem(t *testing.T) {
	a := advisor(t)
	for question, want := range map[string]string{
		"Which calm cats get along with dogs?":             "dogs",
		"I want a dog for a small apartment with children": "children",
		"Welche Katzen vertragen sich mit Hunden?":         "verträgt sich mit Hunden",
		"Which cat is best for a first-time owner?":        "first-time owner",
		"Which rabbits can live in an apartment?":          "apartment",
	} {
		pets := petsOf(t, collect(t, a, request(question), nil), 1)[0]
		if len(pets) == 0 {
			t.Errorf("%s: no pets", question)
		}
		for _, p := range pets {
			if len(p.Reasons) == 0 || len(p.Reasons) > 3 || !strings.Contains(strings.Join(p.Reasons, "; "), want) {
				t.Errorf("%s: for %s speaks %q, want %q among them", question, p.Name, p.Reasons, want)
			}
		}
	}
}

// TestACutAnswerShowsWhatItNames checks that a pet whose name was cut off is not shown.
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

// TestResumeComparesPets checks that an answer is not continued if its pets differ from the shown ones.
func TestResumeComparesPets(t *testing.T) {
	a := advisor(t)
	req := request("Tell me about Luna")
	full := collect(t, a, req, nil)
	at := slices.IndexFunc(full, func(e chat.Event) bool { return len(e.Delta.Pets) > 0 })
	if at < 0 {
		t.Fatal("no pets")
	}
	for name, change := range map[string]func(*chat.Pet){
		"another fee":   func(p *chat.Pet) { p.FeeUSD++ },
		"another coat":  func(p *chat.Pet) { p.Coat = []string{"plaid"} },
		"other reasons": func(p *chat.Pet) { p.Reasons = []string{"red"} },
		"another name":  func(p *chat.Pet) { p.Name = "Lunatic" },
		"nothing":       nil,
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
