package reckon

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

//go:embed data/company.yaml
var companyText []byte

// A company is what is known about animals that live together.
type company struct {
	Pairs []struct {
		Of, With []string // species and breeds
		No, Slow string
	}
	Members map[string]map[string]int // by pet id and sex
}

var known = sync.OnceValue(func() *company { //nolint:gochecknoglobals // what is embedded, read once
	var c company
	if err := yaml.UnmarshalWithOptions(companyText, &c, yaml.Strict()); err != nil {
		panic(err) // a test reads it, too
	}
	return &c
})

// mostTogether is the most pets that are compared.
const mostTogether = 4

// Company returns whether pets can live together, if a turn asks that: the named ones, or the pet in question and a
// named one.
func Company(cat *catalogue.Catalogue, t *read.Turn, spoken []*catalogue.Pet) *Question {
	pets := t.Pets(0, len(t.Words))
	if len(pets) == 1 && len(spoken) == 1 && spoken[0] != pets[0] && t.Has("pronoun") {
		pets = append(slices.Clone(spoken), pets[0])
	}
	asks := t.Has("does-it-work") || slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		from := m.From
		for from > 0 && t.Words[from-1].Clause == t.Words[m.From].Clause && (t.At("goes-on", from-1) || t.At("leads-in", from-1)) {
			from--
		}
		return m.Fact == "asks-if" && (from == 0 || t.Words[from-1].Clause != t.Words[m.From].Clause)
	})
	if t.Language != nil || len(pets) < 2 || len(pets) > mostTogether || !asks || !ofLiving(t) {
		return nil
	}
	for _, m := range t.Marks {
		if m.Asked && m.Attribute.Name != "dogs" && m.Attribute.Name != "cats" && m.Attribute.Name != fee && m.Attribute.Name != "home" || m.Order != 0 {
			return nil
		}
	}
	q := &Question{Op: Live, Pets: pets, By: []*catalogue.Attribute{cat.Attribute(fee)}, Others: cat.Pets(), Each: t.Has("total")}
	for _, m := range t.Marks {
		q.Each = q.Each || m.Asked && m.Attribute.Name == fee
		if m.Amount != nil && (m.Attribute != nil && m.Attribute.Name == fee || m.Attribute == nil && t.Has("spend") && m.Amount.Low > mostTogether) {
			q.Limit, q.Strict = m.Amount.Low, m.Amount.Op == catalogue.Below
		}
	}
	return q
}

// ofLiving reports whether a turn is about living together. Without such a verb, "together" and "both" may be about
// anything, such as a discount.
func ofLiving(t *read.Turn) bool {
	meant := !t.Has("process") && (t.Has("does-it-work") || t.Has("puts-in"))
	return slices.ContainsFunc(t.Marks, func(m read.Mark) bool {
		verb := m.From > 0 && slices.Contains([]string{"live", "stay", "be", "house"}, t.Words[m.From-1].Stem)
		return m.Fact == "as-one" && (meant || !slices.ContainsFunc(t.Marks, func(o read.Mark) bool {
			return o.From == m.From && o.To == m.To && (o.Fact == "as-sum" && !verb || o.Fact == "both")
		}))
	})
}

// live says whether pets can live together, what they cost, and who could replace one that cannot.
func (q *Question) live() string {
	bar, why := catalogue.Yes, ""
	var keep, other *catalogue.Pet
	for i, a := range q.Pets {
		for _, b := range q.Pets[i+1:] {
			for _, two := range [][2]*catalogue.Pet{{a, b}, {b, a}} {
				if t, said := with(two[0], two[1]); rank(t) < rank(bar) || why == "" {
					bar, why, other, keep = t, said, two[0], two[1]
				}
			}
		}
	}
	said := map[catalogue.Tolerance]string{catalogue.No: "No: ", catalogue.Slow: "Yes, with time: ", catalogue.Yes: "Yes: "}[bar] + why + "."
	if bar != catalogue.No && (other.Species == catalogue.Dog || other.Species == catalogue.Cat) {
		said += " Even so, let the two get to know each other bit by bit."
	}
	if bar == catalogue.No {
		if s := sentenceOn(other, keep.Species); s != "" {
			said += " " + s
		}
	}
	if total := (&Question{Pets: q.Pets}); q.Each || q.Limit > 0 {
		said += "\n\n" + total.sum() + q.within()
	}
	if names := q.instead(keep, other); bar == catalogue.No && len(names) > 0 {
		said += fmt.Sprintf("\n\nWith **%s** these would do: %s.", keep.Name, strings.Join(names, ", "))
	}
	return said
}

// within says whether the sum is within the limit.
func (q *Question) within() string {
	over := -q.Limit
	for _, p := range q.Pets {
		over += float64(p.Price)
	}
	switch {
	case q.Limit == 0:
		return ""
	case over > 0 || over == 0 && q.Strict:
		return fmt.Sprintf(" That is $%.0f too much for $%.0f.", over, q.Limit)
	}
	return fmt.Sprintf(" That leaves $%.0f of $%.0f.", -over, q.Limit)
}

// instead returns pets that could live with keep instead of other, the cheapest first.
func (q *Question) instead(keep, other *catalogue.Pet) []string {
	const most = 3
	var found []*catalogue.Pet
	for _, p := range q.Others {
		a, _ := with(p, keep)
		b, _ := with(keep, p)
		if p.Species == other.Species && p != keep && a == catalogue.Yes && b == catalogue.Yes && (q.Limit == 0 || float64(p.Price+keep.Price) <= q.Limit) {
			found = append(found, p)
		}
	}
	slices.SortStableFunc(found, func(a, b *catalogue.Pet) int { return cmp.Compare(a.Price, b.Price) })
	var names []string
	for _, p := range found[:min(most, len(found))] {
		names = append(names, fmt.Sprintf("**%s** $%d", p.Name, p.Price))
	}
	return names
}

// Apart says which of several pets cannot share a home; "" if all can.
func Apart(pets []*catalogue.Pet) string {
	const most = 3
	var list []string
	for i, p := range pets {
		for _, o := range pets[i+1:] {
			t, why := with(p, o)
			if t != catalogue.No {
				t, why = with(o, p)
			}
			if t == catalogue.No && len(list) < most {
				list = append(list, why)
			}
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "Mind that " + strings.Join(list, "; ") + "."
}

// with returns how a pet tolerates another one, and a sentence about it.
func with(p, other *catalogue.Pet) (catalogue.Tolerance, string) {
	var t catalogue.Tolerance
	var of string
	switch {
	case p.Species == catalogue.Fish && (other.Species == catalogue.Dog || other.Species == catalogue.Cat):
		return catalogue.Yes, fmt.Sprintf("**%s** can stay behind a tight lid with **%s** around", p.Name, other.Name)
	case other.Species == catalogue.Cat:
		t, of = p.GoodWith.Cats, "cats"
	case other.Species == catalogue.Dog:
		t, of = p.GoodWith.Dogs, "dogs"
	case p.Species == catalogue.Cat || p.Species == catalogue.Dog:
		return catalogue.Yes, fmt.Sprintf("**%s** can share a home with **%s**, never without you in the room", p.Name, other.Name)
	default:
		return ruled(p, other)
	}
	switch t {
	case catalogue.No:
		return t, fmt.Sprintf("**%s** should not live with %s, so not with **%s**", p.Name, of, other.Name)
	case catalogue.Slow:
		return t, fmt.Sprintf("**%s** can live with %s such as **%s** after a slow introduction", p.Name, of, other.Name)
	default:
		return catalogue.Yes, fmt.Sprintf("**%s** gets along with %s such as **%s**", p.Name, of, other.Name)
	}
}

// ruled returns the rule for two pets in the table of pairs.
func ruled(p, other *catalogue.Pet) (catalogue.Tolerance, string) {
	is := func(p *catalogue.Pet, of []string) bool {
		return slices.Contains(of, string(p.Species)) || slices.Contains(of, p.BreedID)
	}
	names := fmt.Sprintf("**%s** and **%s**: ", p.Name, other.Name)
	for _, pair := range known().Pairs {
		switch {
		case (!is(p, pair.Of) || !is(other, pair.With)) && (!is(other, pair.Of) || !is(p, pair.With)):
		case pair.No != "":
			return catalogue.No, names + pair.No
		default:
			return catalogue.Slow, names + pair.Slow
		}
	}
	return catalogue.Slow, names + "ask the staff before you put them together"
}

func rank(t catalogue.Tolerance) int {
	return slices.Index([]catalogue.Tolerance{catalogue.No, catalogue.Slow, catalogue.Older, catalogue.Yes}, t)
}

// sentenceOn returns the sentence of a pet's story about a species.
func sentenceOn(p *catalogue.Pet, s catalogue.Species) string {
	for sentence := range strings.SplitSeq(p.Story, ". ") {
		if strings.Contains(strings.ToLower(sentence), " "+string(s)) {
			return strings.TrimSuffix(sentence, ".") + "."
		}
	}
	return ""
}

// Heads returns how many animals there are, if a turn counts animals rather than names.
func (f *Finder) Heads(t *read.Turn) (*Question, *read.Sentence) {
	if t.Language != nil || !t.Has("count") || !t.Has("each-animal") && (!t.Has("all-of") || !t.Has("total")) {
		return nil, nil
	}
	whole := &read.Sentence{Text: t.Text, From: 0, To: len(t.Words)}
	if at := slices.IndexFunc(t.Asks, func(s read.Sentence) bool {
		return t.HasIn(&s, "count") && len(t.Species(s.From, s.To, read.Plain)) > 0
	}); at >= 0 {
		whole = &t.Asks[at] // what else is asked is of others: "female rabbits? and the total number of rabbits"
	}
	q := &Question{Op: Heads, Pets: f.Fitting(whole), By: []*catalogue.Attribute{f.Catalogue.Attribute(fee)}, Each: t.Has("total")}
	for _, m := range t.Marks {
		if m.Attribute != nil && m.Attribute.Name == "sex" && m.Value != string(catalogue.Group) && m.From >= whole.From && m.To <= whole.To {
			q.Sex = m.Value
		}
	}
	q.Pets = slices.DeleteFunc(q.Pets, func(p *catalogue.Pet) bool { return members(p, q.Sex) == 0 })
	if len(q.Pets) == 0 {
		return nil, nil
	}
	return q, whole
}

// members returns how many animals share a pet's name, of one sex if it is set.
func members(p *catalogue.Pet, sex string) int {
	if p.Sex != catalogue.Group {
		if sex == "" || sex == string(p.Sex) {
			return 1
		}
		return 0
	}
	n := 0
	for of, count := range known().Members[p.ID] {
		if sex == "" || sex == of {
			n += count
		}
	}
	return n
}

// heads says how many animals there are.
func (q *Question) heads() string {
	n, single := 0, 0
	var several []string
	for _, p := range q.Pets {
		m := members(p, q.Sex)
		n += m
		if p.Sex == catalogue.Group {
			several = append(several, fmt.Sprintf("%d of **%s**", m, p.Name))
		} else {
			single++
		}
	}
	said := fmt.Sprintf("**%d** animals, each one counted, under %d names.", n, len(q.Pets))
	if len(several) > 0 && single > 0 {
		said = fmt.Sprintf("**%d** animals, each one counted: %d that live by themselves, %s.", n, single, strings.Join(several, ", "))
	} else if len(several) > 0 {
		said = fmt.Sprintf("**%d** animals, each one counted: %s.", n, strings.Join(several, ", "))
	}
	if q.Each {
		total := &Question{Pets: q.Pets}
		said += "\n\n" + total.sum()
	}
	return said
}
