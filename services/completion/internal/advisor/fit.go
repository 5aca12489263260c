package advisor

import (
	"fmt"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A fit is how a pet suits a person.
type fit struct {
	pet     *catalogue.Pet
	score   int
	pros    []string // what suits, most important first
	cons    []string // what to know, although it suits
	against []string // why it does not suit
	far     int      // how grave against is, to find the nearest of those that do not suit
}

// judge weighs a pet against what is known of the person. Hard facts (children,
// other pets, allergies, money, room, hours) decide; wishes only add up.
func judge(p *catalogue.Pet, k *profile) fit {
	f := fit{pet: p}
	f.judgeKind(k)
	f.judgeMoney(k)
	f.judgeCompany(k)
	f.judgeHome(k)
	f.judgeAllergy(k)
	f.judgeDays(k)
	f.judgeWishes(k)
	f.caution(k)
	return f
}

func (f *fit) pro(points int, format string, args ...any) {
	f.score += points
	f.pros = append(f.pros, fmt.Sprintf(format, args...))
}

func (f *fit) con(points int, format string, args ...any) {
	f.score -= points
	f.cons = append(f.cons, fmt.Sprintf(format, args...))
}

func (f *fit) block(weight int, format string, args ...any) {
	f.far += weight
	f.against = append(f.against, fmt.Sprintf(format, args...))
}

// otherKind outweighs all else: who looks for a cat is shown a cat that does not quite
// suit before a dog that does.
const otherKind = 1000

func (f *fit) judgeKind(k *profile) {
	p := f.pet
	if len(k.species) > 0 && !slices.Contains(k.species, p.Species) {
		f.block(otherKind, "%s is %s", p.Name, article(speciesName(p.Species)))
	}
	if slices.Contains(k.excluded, p.Species) {
		f.block(otherKind, "you do not want %s", article(speciesName(p.Species)))
	}
	if len(k.breeds) > 0 {
		if slices.Contains(k.breeds, p.Breed) {
			f.pro(4, "the breed you asked for")
		} else {
			f.block(3, "%s and not %s", article(p.Breed.Name), article(k.breeds[0].Name))
		}
	}
	switch {
	case k.sex == "" || p.Sex == k.sex:
	case k.sex == catalogue.Group:
		f.block(2, "%s is not one of a pair", p.Name)
	case p.Sex != catalogue.Group:
		f.block(2, "%s is %s", p.Name, p.Sex)
	}
	f.judgeAge(k.age)
	switch {
	case slices.Contains(k.notSize, p.Size):
		f.block(3, "%s is %s", p.Name, p.Size)
	case len(k.sizes) > 0 && !slices.Contains(k.sizes, p.Size):
		f.block(2, "%s is %s", p.Name, p.Size)
	case len(k.sizes) > 0:
		f.pro(2, "%s in size", p.Size)
	}
}

func (f *fit) judgeAge(want string) {
	is := stageOf(f.pet)
	switch {
	case want == "":
	case want == is || want == "adult" && is == "senior":
		f.pro(3, "%s, as you wished", map[string]string{"young": "young", "adult": "grown up", "senior": "a senior"}[want])
	default:
		f.block(2, "%s is %s, so not %s", f.pet.Name, ageOf(f.pet), map[string]string{"young": "a baby any more", "adult": "grown up yet", "senior": "a senior"}[want])
	}
}

// stageOf tells whether a pet is young, adult or senior by how long its kind lives.
func stageOf(p *catalogue.Pet) string {
	life := p.Breed.LifespanYears[0] * 12
	switch age := float64(p.AgeMonths); {
	case age <= 12 && age < life/4:
		return "young"
	case age >= life*0.62:
		return "senior"
	}
	return "adult"
}

func (f *fit) judgeMoney(k *profile) {
	p := f.pet
	if k.fee > 0 {
		if p.Price > k.fee {
			f.block(2+(p.Price-k.fee)/50, "the fee of %s is over your %s", dollars(p.Price), dollars(k.fee))
		} else {
			f.pro(1, "within your budget of %s", dollars(k.fee))
		}
	}
	if middle := (p.Breed.MonthlyCost[0] + p.Breed.MonthlyCost[1]) / 2; k.cheap {
		switch {
		case middle <= 50 && p.Price <= 100:
			f.pro(5, "cheap to keep, about %s", monthly(p.Breed))
		case middle > 90 || p.Price > 200:
			f.con(3, "not cheap, about %s", monthly(p.Breed))
		}
	}
	if k.monthly > 0 {
		if middle := (p.Breed.MonthlyCost[0] + p.Breed.MonthlyCost[1]) / 2; int(middle) > k.monthly {
			f.block(2, "upkeep is about %s", monthly(p.Breed))
		} else {
			f.pro(2, "about %s", monthly(p.Breed))
		}
	}
}

// schoolAge is from when a child counts as older.
const schoolAge = 7

func (f *fit) judgeCompany(k *profile) {
	p := f.pet
	if k.children == yes || k.kidSafe {
		switch small := k.youngest < schoolAge && k.youngest >= 0 || k.youngest < 0; {
		case p.GoodWith.Children == catalogue.Yes:
			f.pro(4, "good with children of all ages")
		case p.GoodWith.Children == catalogue.No:
			f.block(8, "%s should not live with children", p.Name)
		case small && k.youngest >= 0:
			f.block(6, "%s needs children of school age or older", p.Name)
		case small:
			f.con(1, "only for children of school age and up")
		default:
			f.pro(3, "fine with school-age children")
		}
	}
	f.judgeOther(k, catalogue.Cat, k.withCat, p.GoodWith.Cats)
	f.judgeOther(k, catalogue.Dog, k.withDog, p.GoodWith.Dogs)
	prey := slices.ContainsFunc(k.owned, func(s catalogue.Species) bool { return s != catalogue.Dog && s != catalogue.Cat && s != p.Species })
	if prey && (p.Species == catalogue.Dog || p.Species == catalogue.Cat) {
		f.con(2, "must be kept apart from your small animals")
	}
}

func (f *fit) judgeOther(k *profile, s catalogue.Species, asked bool, how catalogue.Tolerance) {
	if !asked && !slices.Contains(k.owned, s) || f.pet.Species == catalogue.Fish {
		return
	}
	switch how {
	case catalogue.Yes:
		f.pro(3, "gets along with %s", speciesPlural(s))
	case catalogue.Slow:
		f.con(1, "needs a slow introduction to %s", speciesPlural(s))
	default:
		f.block(7, "%s should not live with %s", f.pet.Name, speciesPlural(s))
	}
}

func (f *fit) judgeHome(k *profile) {
	p := f.pet
	if k.home == "" {
		return
	}
	switch {
	case p.Home.Rank() <= k.home.Rank() && k.home == catalogue.Apartment:
		f.pro(3, "happy in an apartment")
	case p.Home.Rank() <= k.home.Rank():
		f.pro(1, "%s", map[catalogue.Home]string{catalogue.House: "has room enough in your house", catalogue.Garden: "can use your garden"}[k.home])
		if k.home == catalogue.Garden && p.Home != catalogue.Apartment {
			f.score++
		}
	default:
		f.block(3*(p.Home.Rank()-k.home.Rank()), "%s %s", p.Name, map[catalogue.Home]string{catalogue.House: "needs more room than an apartment", catalogue.Garden: "needs a garden"}[p.Home])
	}
}

func (f *fit) judgeAllergy(k *profile) {
	p := f.pet
	if slices.Contains(k.allergicTo, p.Species) {
		if p.Breed.AllergyFriendly {
			f.block(5, "there is an allergy to %s, and even %s is not free of allergens", speciesPlural(p.Species), article(p.Breed.Name))
		} else {
			f.block(8, "there is an allergy to %s, and %s %s", speciesPlural(p.Species), subject(p), plainVerb(p, shedWords(p.Shedding)))
		}
		return
	}
	furless := p.Species == catalogue.Fish || p.Species == catalogue.Reptile
	if k.allergy == yes {
		switch {
		case furless:
			f.pro(4, "no fur or dander")
		case p.Breed.AllergyFriendly && p.Shedding.Rank() <= catalogue.Low.Rank():
			f.pro(3, "easier on many allergies, though not free of allergens")
		case len(k.allergicTo) > 0:
			f.con(2, "has fur or feathers too, so test for an allergy first")
		default:
			f.block(4, "%s %s, which is hard on allergies", p.Name, shedWords(p.Shedding))
		}
		return
	}
	if k.shedsNo && !furless {
		switch {
		case p.Shedding.Rank() <= catalogue.Low.Rank():
			f.pro(3, "%s", shedWords(p.Shedding))
		case p.Shedding == catalogue.Mid:
			f.con(2, "sheds a fair amount")
		default:
			f.block(3, "%s sheds a lot", p.Name)
		}
	}
}

func (f *fit) judgeDays(k *profile) {
	p := f.pet
	switch {
	case k.away < 0:
	case k.away <= p.HoursAlone:
		if k.away >= 4 {
			f.pro(3, "can be alone for about %d hours", p.HoursAlone)
		} else if p.HoursAlone <= 4 {
			f.pro(2, "gets the company that %s needs", subject(p))
		}
	case k.away <= p.HoursAlone+1:
		f.con(2, "%d hours alone is the limit: plan a midday visit", p.HoursAlone)
	default:
		f.block(2+(k.away-p.HoursAlone)/2, "%s can be alone for about %d hours, not %d", p.Name, p.HoursAlone, k.away)
	}
	if k.experience == no {
		if p.Beginner {
			f.pro(3, "suits a first-time owner")
		} else {
			f.block(3, "%s needs an experienced owner", p.Name)
		}
	}
	if k.travels && (p.Species == catalogue.Dog || p.Species == catalogue.Bird) {
		f.con(2, "needs a reliable sitter when you travel")
	}
}

func (f *fit) judgeWishes(k *profile) {
	p := f.pet
	if k.energy != "" {
		switch d := p.Energy.Rank() - k.energy.Rank(); d {
		case 0:
			f.pro(4, "%s", map[catalogue.Level]string{catalogue.Low: "calm", catalogue.High: "active", catalogue.Mid: "moderately active"}[p.Energy])
		case 1, -1:
			f.con(1, "%s energy", p.Energy)
		default:
			f.block(3, "%s is %s", p.Name, map[bool]string{true: "very active", false: "rather a calm one"}[d > 0])
		}
	}
	if k.quiet {
		switch p.Breed.Noise {
		case catalogue.Low:
			f.pro(3, "a quiet kind")
		case catalogue.Mid:
			f.con(1, "makes some noise")
		default:
			f.block(3, "%s belongs to a loud kind", p.Name)
		}
	}
	if p.Species == catalogue.Bird && slices.Contains(k.traits, "talkative") && !speaks(p.Breed) {
		f.block(3, "%s is not of a kind known to talk", p.Name)
	}
	for _, t := range k.traits {
		for _, s := range p.Breed.Temperament {
			if traitMatches(t, s) {
				f.pro(2, "%s by nature", s)
				break
			}
		}
	}
}

func traitMatches(wish, trait string) bool {
	return slices.Contains(map[string][]string{
		"affectionate": {"affectionate", "gentle", "loving", "sweet", "devoted", "cuddly", "friendly", "warm", "people-loving", "docile"},
		"playful":      {"playful", "lively", "cheerful", "active", "curious", "merry", "bouncy", "energetic"},
		"independent":  {"independent", "easygoing", "undemanding", "hardy", "peaceful", "placid"},
		"clever":       {"intelligent", "clever", "trainable", "smart", "eager", "bright"},
		"talkative":    {"vocal", "talkative", "whistling", "musical"},
	}[wish], trait)
}

// caution adds what an honest seller says unasked.
func (f *fit) caution(k *profile) {
	p := f.pet
	// Where nothing is known, the easier animal comes first.
	if p.Beginner && k.experience == unknown {
		f.score++
	}
	if p.GoodWith.Children == catalogue.Yes && k.children == unknown {
		f.score++
	}
	if p.SpecialNeeds != "" {
		f.con(1, "%s", lowerFirst(trimStop(p.SpecialNeeds)))
	}
	if k.children != yes && !k.kidSafe && k.children != no && p.GoodWith.Children != catalogue.Yes {
		f.cons = append(f.cons, childrenWords(p.GoodWith.Children))
	}
	if !p.Beginner && k.experience == unknown {
		f.cons = append(f.cons, "better with some experience")
	}
	if p.Shedding == catalogue.High && k.allergy != yes && !k.shedsNo {
		f.cons = append(f.cons, "sheds a lot")
	}
	if p.HoursAlone <= 4 && k.away < 0 {
		f.cons = append(f.cons, fmt.Sprintf("not more than about %d hours alone", p.HoursAlone))
	}
	if p.Energy == catalogue.High && k.energy == "" && p.Species == catalogue.Dog {
		f.cons = append(f.cons, fmt.Sprintf("needs about %d minutes of exercise a day", p.Breed.ExerciseMinutes))
	}
	if p.Breed.Noise == catalogue.High && k.home == catalogue.Apartment && !k.quiet {
		f.con(2, "can be loud for close neighbors")
	}
}

func trimStop(s string) string {
	if n := len(s); n > 0 && s[n-1] == '.' {
		return s[:n-1]
	}
	return s
}
