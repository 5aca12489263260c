// Package shop serves the catalogue's pets over gRPC. It knows nothing of completions.
package shop

import (
	"context"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A Shop implements [completionv1.PetServiceServer]. It is safe for concurrent use.
type Shop struct {
	completionv1.UnimplementedPetServiceServer
	list *completionv1.ListPetsResponse // immutable
}

// New returns the shop of a catalogue.
func New(store *catalogue.Catalogue) *Shop {
	list := &completionv1.ListPetsResponse{}
	for _, p := range store.Pets() {
		list.Pets = append(list.Pets, toProto(p))
	}
	return &Shop{list: list}
}

// ListPets lists every pet.
func (s *Shop) ListPets(context.Context, *completionv1.ListPetsRequest) (*completionv1.ListPetsResponse, error) {
	return s.list, nil
}

func toProto(p *catalogue.Pet) *completionv1.StorePet {
	return &completionv1.StorePet{
		Pet: &completionv1.Pet{
			Id: p.ID, Name: p.Name, Species: string(p.Species), Breed: p.Breed.Name, Sex: string(p.Sex),
			AgeMonths: int32(p.AgeMonths), FeeUsd: int32(p.Price), Coat: p.Coat, //nolint:gosec // the catalogue bounds both
		},
		Size: string(p.Size), Energy: string(p.Energy), Shedding: string(p.Shedding), Home: string(p.Home),
		Children: string(p.GoodWith.Children), Cats: string(p.GoodWith.Cats), Dogs: string(p.GoodWith.Dogs),
		HoursAlone: int32(p.HoursAlone), Beginner: p.Beginner, SpecialNeeds: p.SpecialNeeds, Story: p.Story, //nolint:gosec // a day has 24
		BreedSummary: p.Breed.Summary, BreedCare: p.Breed.Care, Temperament: p.Breed.Temperament,
	}
}
