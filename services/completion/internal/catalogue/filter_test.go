package catalogue

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSelect(t *testing.T) {
	c := fixture(t)
	for _, test := range []struct {
		name string
		f    Filter
		want []string
	}{
		{"all", Filter{}, []string{"rex", "salt-and-pepper"}},
		{"species", Filter{Species: []Species{Cat}}, []string{"salt-and-pepper"}},
		{"breed", Filter{BreedIDs: []string{"labrador"}}, []string{"rex"}},
		{"price", Filter{MaxPrice: 100}, []string{"salt-and-pepper"}},
		{"at least", Filter{MinPrice: 100}, []string{"rex"}},
		{"age", Filter{MinMonths: 12, MaxMonths: 36}, []string{"rex"}},
		{"apartment", Filter{Home: Apartment}, []string{"salt-and-pepper"}},
		{"garden", Filter{Home: Garden}, []string{"rex", "salt-and-pepper"}},
		{"small children", Filter{Children: true}, []string{"rex"}},
		{"cats", Filter{Cats: true}, []string{"rex", "salt-and-pepper"}},
		{"dogs", Filter{Dogs: true}, []string{"rex"}},
		{"hours", Filter{HoursAlone: 6}, []string{"salt-and-pepper"}},
		{"beginner", Filter{Beginner: true}, []string{"rex"}},
		{"quiet", Filter{Noise: []Level{Low}}, nil},
		{"sex", Filter{Sex: Female}, nil},
		{"size", Filter{Sizes: []Size{Large, Giant}}, []string{"rex"}},
		{"energy and shedding", Filter{Energies: []Level{High}, Sheds: []Level{Low}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, p := range c.Select(test.f) {
				got = append(got, p.ID)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
