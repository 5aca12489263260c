package shop

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// TestListPets compares the list with the catalogue: the same pets in the same order, every field that the
// catalogue fills for some pet, and one pet in full.
func TestListPets(t *testing.T) {
	store, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	list, err := New(store).ListPets(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, p := range store.Pets() {
		want = append(want, p.ID)
	}
	filled := make(map[string]bool)
	for _, p := range list.GetPets() {
		got = append(got, p.GetPet().GetId())
		for i := range p.ProtoReflect().Descriptor().Fields().Len() {
			field := p.ProtoReflect().Descriptor().Fields().Get(i)
			filled[string(field.Name())] = filled[string(field.Name())] || p.ProtoReflect().Has(field)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) != 81 {
		t.Errorf("%d pets (-want +got)\n%s", len(got), diff)
	}
	for name, some := range filled {
		if !some {
			t.Errorf("no pet has a %s", name)
		}
	}
	biscuit := &completionv1.StorePet{
		Pet: &completionv1.Pet{
			Id: "biscuit", Name: "Biscuit", Species: "dog", Breed: "Labrador Retriever", Sex: "male", AgeMonths: 14, FeeUsd: 260, Coat: []string{"golden"},
		},
		Size: "large", Energy: "high", Shedding: "high", Home: "house", Children: "yes", Cats: "yes", Dogs: "yes", HoursAlone: 4, Beginner: true,
		Story: "Biscuit came to us when his family moved abroad and could not take him. He carries a slipper to every visitor, walks well on a loose leash " +
			"and has shared his yard with two cats. He still needs to learn that counters are not buffets.",
	}
	breed := []string{"breed_summary", "breed_care", "temperament"}
	if diff := cmp.Diff(biscuit, list.GetPets()[0], protocmp.Transform(), protocmp.IgnoreFields(&completionv1.StorePet{}, "breed_summary", "breed_care", "temperament")); diff != "" {
		t.Errorf("Biscuit, without %v (-want +got)\n%s", breed, diff)
	}
}
