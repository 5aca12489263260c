package catalogue

// A Filter selects pets. Zero fields select all.
type Filter struct {
	Species    []Species
	BreedIDs   []string
	Sex        Sex
	MinPrice   int
	MaxPrice   int // 0: no bound
	MinMonths  int
	MaxMonths  int // 0: no bound
	Sizes      []Size
	Energies   []Level
	Sheds      []Level
	Noise      []Level // of the breed
	Home       Home    // what the person has: pets that need more are left out
	Children   bool    // lives with small children: pets that are fine with all ages
	Cats, Dogs bool    // lives with some: pets that are fine with them, if need be after a slow introduction
	HoursAlone int     // pets that can be left that long
	Beginner   bool    // pets that suit a first-time owner
}

// Select returns the pets that pass, in the order of the catalogue.
func (c *Catalogue) Select(f Filter) []*Pet {
	var found []*Pet
	for _, p := range c.pets {
		if f.passes(p) {
			found = append(found, p)
		}
	}
	return found
}

func (f *Filter) passes(p *Pet) bool {
	return anyOf(f.Species, p.Species) && anyOf(f.BreedIDs, p.BreedID) &&
		anyOf(f.Sizes, p.Size) && anyOf(f.Energies, p.Energy) && anyOf(f.Sheds, p.Shedding) && anyOf(f.Noise, p.Breed.Noise) &&
		(f.Sex == "" || p.Sex == f.Sex) &&
		within(p.Price, f.MinPrice, f.MaxPrice) && within(p.AgeMonths, f.MinMonths, f.MaxMonths) &&
		(f.Home == "" || p.Home.Rank() <= f.Home.Rank()) &&
		(!f.Children || p.GoodWith.Children == Yes) &&
		(!f.Cats || p.GoodWith.Cats != No) && (!f.Dogs || p.GoodWith.Dogs != No) &&
		p.HoursAlone >= f.HoursAlone && (!f.Beginner || p.Beginner)
}

func anyOf[T comparable](list []T, v T) bool { return len(list) == 0 || contains(list, v) }

func within(v, low, high int) bool { return v >= low && (high == 0 || v <= high) }
