package catalogue

// A Filter selects pets. The zero value selects all.
type Filter struct {
	Species    []Species
	BreedIDs   []string
	Sex        Sex
	MinPrice   int
	MaxPrice   int // 0: no limit
	MinMonths  int
	MaxMonths  int // 0: no limit
	Sizes      []Size
	Energies   []Level
	Sheds      []Level
	Noise      []Level // of the breed
	Home       Home    // the person's dwelling: excludes pets that need more
	Children   bool    // with small children: only pets that are fine with all ages
	Cats, Dogs bool    // with such animals: only pets that are fine with them, perhaps after a slow introduction
	HoursAlone int     // only pets that can be left that long
	Beginner   bool    // only pets for first-time owners
}

// Select returns the matching pets, in the order of the catalogue.
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
