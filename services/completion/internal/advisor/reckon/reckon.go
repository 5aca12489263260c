// Package reckon computes facts about pets of the store: their sum, their average, the most and the least, the
// difference of two, and who can live with whom. It works with all numbers in the table of attributes, and does not
// know how people ask.
package reckon

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Op is an operation.
type Op uint8

// The operations.
const (
	Sum   Op = iota // of all
	Mean            // of all, with the most and the least
	Ends            // the most and the least
	Gap             // between two
	Live            // whether all can live together
	Heads           // how many animals there are, each one counted
	Ranks           // who is first by each of several orders
)

// A Question is one thing to reckon.
type Question struct {
	Op   Op
	Pets []*catalogue.Pet // Gap: exactly two
	// By are the numbers to compute with. Sum uses the fee.
	By []*catalogue.Attribute
	// Least puts the lesser one first: "which is cheaper".
	Least bool
	// If is set if the question is whether the first of two has more, or less with Least.
	If bool
	// Limit is the most that a sum may be; 0: not given. Strict is set if it must be below.
	Limit  float64
	Strict bool
	// Others are possible replacements for a pet that cannot live with the rest.
	Others []*catalogue.Pet
	// All adds the sum to a mean, Count how many pets there are to a sum.
	All, Count bool
	// Firsts are the ranks that are asked for.
	Firsts []First
	// Sex is the sex of the counted animals, if set. Each is set if their fees are added up, too.
	Sex  string
	Each bool
}

// Answer returns the answer in English, beginning with the result.
func (q *Question) Answer() string {
	switch q.Op {
	case Sum:
		return strings.TrimSpace(q.sum() + "\n\n" + Apart(q.Pets))
	case Live:
		return q.live()
	case Heads:
		return strings.TrimSpace(q.heads() + "\n\n" + Apart(q.Pets))
	case Ranks:
		return q.ranks()
	case Gap:
		return lines(q.By, q.gap)
	case Mean:
		return lines(q.By, q.mean)
	default:
		return lines(q.By, q.ends)
	}
}

func lines(by []*catalogue.Attribute, of func(*catalogue.Attribute) string) string {
	var b strings.Builder
	for _, a := range by {
		b.WriteString(of(a) + "\n")
	}
	return strings.TrimSpace(b.String())
}

func (q *Question) sum() string {
	total := 0
	var each []string
	for _, p := range q.Pets {
		total += p.Price
		each = append(each, fmt.Sprintf("**%s** $%d", p.Name, p.Price))
	}
	said := fmt.Sprintf("**$%d** together: %s.", total, strings.Join(each, ", "))
	if q.Count {
		said = fmt.Sprintf("**%d** of them, %s", len(q.Pets), said)
	}
	over := float64(total) - q.Limit
	switch {
	case q.Limit == 0:
		return said
	case over > 0 || over == 0 && q.Strict:
		return fmt.Sprintf("No: %s That is $%.0f too much for $%.0f.", said, over, q.Limit)
	}
	return fmt.Sprintf("Yes: %s That leaves $%.0f of $%.0f.", said, -over, q.Limit)
}

func (q *Question) gap(a *catalogue.Attribute) string {
	first, second := q.Pets[0], q.Pets[1]
	x, y := value(a, first), value(a, second)
	if x == y {
		return fmt.Sprintf("No difference: **%s** and **%s** are alike, %s.", first.Name, second.Name, written(a, x))
	}
	yes := ""
	if q.If {
		yes = map[bool]string{true: "Yes: ", false: "No: "}[(x > y) != q.Least]
	}
	if (x < y) != q.Least {
		first, second, x, y = second, first, y, x
	}
	return yes + fmt.Sprintf("**%s** is the %s, by **%s**: %s against %s for **%s**.", first.Name, comparative(a, x > y), written(a, math.Abs(x-y)), written(a, x), written(a, y), second.Name)
}

func (q *Question) mean(a *catalogue.Attribute) string {
	total := 0.0
	var each []string
	for _, p := range q.Pets {
		total += value(a, p)
		each = append(each, p.Name+" "+written(a, value(a, p)))
	}
	mean := total / float64(len(q.Pets))
	said := written(a, mean)
	if a.Name == fee {
		said = fmt.Sprintf("$%.2f", mean)
	}
	all := ""
	if q.All && a.Name == fee {
		all = fmt.Sprintf(", **$%.0f** together", total)
	}
	return fmt.Sprintf("**%s** on average over %d%s. %s\nThe numbers: %s.", said, len(q.Pets), all, q.ends(a), strings.Join(each, ", "))
}

func (q *Question) ends(a *catalogue.Attribute) string {
	most, least := extremes(a, q.Pets)
	if q.Least {
		return end(a, least, false) + " " + end(a, most, true)
	}
	return end(a, most, true) + " " + end(a, least, false)
}

// extremes returns the pets with the most and the least of an attribute.
func extremes(a *catalogue.Attribute, pets []*catalogue.Pet) (most, least []*catalogue.Pet) {
	sorted := slices.SortedStableFunc(slices.Values(pets), func(p, q *catalogue.Pet) int { return cmp.Compare(value(a, q), value(a, p)) })
	alike := func(with *catalogue.Pet) []*catalogue.Pet {
		return slices.DeleteFunc(slices.Clone(sorted), func(p *catalogue.Pet) bool { return value(a, p) != value(a, with) })
	}
	return alike(sorted[0]), alike(sorted[len(sorted)-1])
}

func end(a *catalogue.Attribute, pets []*catalogue.Pet, most bool) string {
	var names []string
	for _, p := range pets {
		names = append(names, "**"+p.Name+"**")
	}
	verb := "is"
	if len(names) > 1 {
		verb = "are"
	}
	return fmt.Sprintf("%s %s the %s: %s.", strings.Join(names, ", "), verb, superlative(a, most), written(a, value(a, pets[0])))
}

// The attributes with words of their own.
const (
	fee = "fee"
	age = "age"
)

// comparative returns the word for more or less of an attribute, superlative that for the most or the least.
func comparative(a *catalogue.Attribute, most bool) string { return degree(a, most, 0) }
func superlative(a *catalogue.Attribute, most bool) string { return degree(a, most, 1) }

func degree(a *catalogue.Attribute, most bool, of int) string {
	i := of
	if !most {
		i += 2
	}
	switch a.Name {
	case fee:
		return []string{"dearer", "dearest", "cheaper", "cheapest"}[i]
	case age:
		return []string{"older", "oldest", "younger", "youngest"}[i]
	}
	return []string{"one with more", "one with the most", "one with less", "one with the least"}[i]
}

// value returns the number of an attribute, or the middle of a range.
func value(a *catalogue.Attribute, p *catalogue.Pet) float64 {
	v, _ := a.Of(p)
	return v.Number
}

// written formats a number of an attribute with its unit.
func written(a *catalogue.Attribute, n float64) string {
	switch a.Name {
	case fee:
		return fmt.Sprintf("$%.0f", n)
	case age:
		return months(int(math.Round(n)))
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0")
}

// months formats a span of months: "1 year and 10 months".
func months(n int) string {
	unit := func(n int, of string) string {
		if n == 1 {
			return "1 " + of
		}
		return fmt.Sprintf("%d %ss", n, of)
	}
	switch years, rest := n/12, n%12; {
	case years == 0:
		return unit(rest, "month")
	case rest == 0:
		return unit(years, "year")
	default:
		return unit(years, "year") + " and " + unit(rest, "month")
	}
}
