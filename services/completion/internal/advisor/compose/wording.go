package compose

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Animals and figures in words.

func speciesName(s catalogue.Species) string { return strings.ReplaceAll(string(s), "-", " ") }

func speciesPlural(s catalogue.Species) string {
	if s == catalogue.Fish {
		return "fish"
	}
	return speciesName(s) + "s"
}

func article(noun string) string {
	if noun != "" && strings.ContainsRune("aeiouAEIOU", rune(noun[0])) && !strings.HasPrefix(noun, "uni") {
		return "an " + noun
	}
	return "a " + noun
}

// ageOf formats an age as people say it.
func ageOf(p *catalogue.Pet) string {
	switch m := p.AgeMonths; {
	case m < 1:
		return "newborn"
	case m == 1:
		return "1 month old"
	case m == 12:
		return "1 year old"
	case m < 24:
		return fmt.Sprintf("%d months old", m)
	case m%12 == 0 || m >= 120:
		return fmt.Sprintf("%d years old", m/12)
	case m%12 == 6:
		return fmt.Sprintf("%d and a half years old", m/12)
	default:
		return fmt.Sprintf("%d years and %d %s old", m/12, m%12, pluralOf("month", m%12))
	}
}

// kindOf describes a pet: "a male Labrador Retriever".
func kindOf(p *catalogue.Pet) string {
	breed := p.Breed.Name
	if !strings.Contains(strings.ToLower(breed), speciesName(p.Species)) && (p.Species == catalogue.Cat || p.Species == catalogue.Rabbit) {
		breed += " " + speciesName(p.Species)
	}
	if p.Sex == catalogue.Group {
		if strings.Contains(p.Name, " and ") {
			return "pair of " + plural(breed)
		}
		return "group of " + plural(breed)
	}
	return string(p.Sex) + " " + breed
}

// verb chooses between "she sheds" and "they shed".
func verb(p *catalogue.Pet, one, many string) string {
	if p.Sex == catalogue.Group {
		return many
	}
	return one
}

func dollars(n int) string {
	s := strconv.Itoa(n)
	if len(s) > 3 {
		s = s[:len(s)-3] + "," + s[len(s)-3:]
	}
	return "$" + s
}

// span formats a range of figures: "10 to 12".
func span(v [2]float64) string {
	if v[0] == v[1] {
		return figure(v[0])
	}
	return figure(v[0]) + " to " + figure(v[1])
}

func figure(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// weight formats a breed's weight in pounds and kilograms, or grams if it is light.
func weight(b *catalogue.Breed) string {
	if b.WeightKg[1] < 0.02 {
		return "a few grams"
	}
	if b.WeightKg[1] < 1 {
		return fmt.Sprintf("%.0f to %.0f g (%.1f to %.1f oz)", b.WeightKg[0]*1000, b.WeightKg[1]*1000, b.WeightKg[0]*35.27, b.WeightKg[1]*35.27)
	}
	return fmt.Sprintf("%.0f to %.0f lb (%s kg)", b.WeightKg[0]*2.2046, b.WeightKg[1]*2.2046, span(b.WeightKg))
}

func monthly(b *catalogue.Breed) string {
	return fmt.Sprintf("$%s to $%s a month", figure(b.MonthlyCost[0]), figure(b.MonthlyCost[1]))
}

// list returns "a, b and c".
func list(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

// headline introduces a pet in a list: name, kind, age and fee.
func headline(p *catalogue.Pet) string {
	return fmt.Sprintf("**%s**, %s, %s, adoption fee %s", p.Name, kindOf(p), ageOf(p), dollars(p.Price))
}

// inHeadline reports whether a headline shows an attribute.
func inHeadline(attribute string) bool {
	return slices.Contains([]string{"age", "fee", "species", "breed", "sex", "group"}, attribute)
}

func homeWords(h catalogue.Home) string {
	return map[catalogue.Home]string{
		catalogue.Apartment: "an apartment is enough",
		catalogue.House:     "better in a house than in an apartment",
		catalogue.Garden:    "needs a house with a garden",
	}[h]
}

func childrenWords(t catalogue.Tolerance) string {
	return map[catalogue.Tolerance]string{
		catalogue.Yes:   "fine with children of all ages, supervised",
		catalogue.Older: "fine with school-age children, not with toddlers",
		catalogue.No:    "not for a home with children",
	}[t]
}

func companyWords(t catalogue.Tolerance, whom string) string {
	return map[catalogue.Tolerance]string{
		catalogue.Yes:  "gets along with " + whom,
		catalogue.Slow: "can live with " + whom + " after a slow introduction",
		catalogue.No:   "should not live with " + whom,
	}[t]
}

func shedWords(l catalogue.Level) string {
	return map[catalogue.Level]string{
		catalogue.None: "does not shed", catalogue.Low: "sheds little", catalogue.Mid: "sheds a fair amount", catalogue.High: "sheds a lot",
	}[l]
}

func trimStop(s string) string { return strings.TrimSuffix(s, ".") }

func yesNo(ok bool) string {
	if ok {
		return "yes"
	}
	return "no"
}

func hoursCell(n int) string {
	if n >= 24 {
		return "a day"
	}
	return fmt.Sprintf("about %d hours", n)
}

func exerciseCell(b *catalogue.Breed) string {
	if b.ExerciseMinutes == 0 {
		return "none outside"
	}
	return fmt.Sprintf("%d minutes", b.ExerciseMinutes)
}

// numeral returns a count, in words if it is small.
func numeral(n int) string {
	words := []string{"none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
	if n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}

func pluralOf(noun string, n int) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// plural returns the plural of a breed's name.
func plural(noun string) string {
	switch {
	case strings.HasSuffix(noun, "s") || strings.HasSuffix(noun, "x") || strings.HasSuffix(noun, "sh") || strings.HasSuffix(noun, "ch"):
		return noun + "es"
	case strings.HasSuffix(noun, "y") && !strings.HasSuffix(noun, "ey"):
		return strings.TrimSuffix(noun, "y") + "ies"
	}
	return noun + "s"
}

func lowerFirst(s string) string {
	runes := []rune(s)
	// "I", "UVB" and names keep their capital letters.
	if len(runes) < 2 || !unicode.IsUpper(runes[0]) || unicode.IsUpper(runes[1]) || runes[1] == ' ' && runes[0] != 'A' {
		return s
	}
	runes[0] = unicode.ToLower(runes[0])
	return string(runes)
}

func upperFirst(s string) string {
	runes := []rune(s)
	if len(runes) == 0 {
		return s
	}
	runes[0] = unicode.ToUpper(runes[0])
	return string(runes)
}
