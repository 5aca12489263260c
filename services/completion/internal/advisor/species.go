package advisor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// An outline is what holds for a species as a whole, worked out from its breeds.
type outline struct {
	species catalogue.Species
	life    [2]float64
	cost    [2]float64
	fees    [2]int
	hours   [2]int
	stock   int
	friend  bool // some are easier for allergic people
	furless bool
}

// outlineOf takes the middle of the breeds: single ones at either end say little
// about what somebody should expect.
func (c *composer) outlineOf(s catalogue.Species) outline {
	o := outline{species: s, furless: s == catalogue.Fish || s == catalogue.Reptile}
	var lifeLow, lifeHigh, costLow, costHigh []float64
	var hours []int
	for _, b := range c.cat.Breeds() {
		if b.Species != s {
			continue
		}
		lifeLow, lifeHigh = append(lifeLow, b.LifespanYears[0]), append(lifeHigh, b.LifespanYears[1])
		costLow, costHigh = append(costLow, b.MonthlyCost[0]), append(costHigh, b.MonthlyCost[1])
		hours = append(hours, b.HoursAlone)
		o.friend = o.friend || b.AllergyFriendly
	}
	o.life = [2]float64{quantile(lifeLow, 0.25), quantile(lifeHigh, 0.75)}
	o.cost = [2]float64{quantile(costLow, 0.25), quantile(costHigh, 0.75)}
	slices.Sort(hours)
	if len(hours) > 0 {
		o.hours = [2]int{hours[len(hours)/4], hours[len(hours)*3/4]}
	}
	for _, p := range c.cat.Select(catalogue.Filter{Species: []catalogue.Species{s}}) {
		if o.stock++; o.stock == 1 {
			o.fees = [2]int{p.Price, p.Price}
		}
		o.fees = [2]int{min(o.fees[0], p.Price), max(o.fees[1], p.Price)}
	}
	return o
}

func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[int(q*float64(len(v)-1)+0.5)]
}

func (o *outline) monthly() string { return fmt.Sprintf("$%.0f to $%.0f", o.cost[0], o.cost[1]) }

func (o *outline) fee() string {
	if o.stock == 0 {
		return "none in store"
	}
	if o.fees[0] == o.fees[1] {
		return dollars(o.fees[0])
	}
	return dollars(o.fees[0]) + " to " + dollars(o.fees[1])
}

func (o *outline) allergy() string {
	switch {
	case o.furless:
		return "safest choice"
	case o.friend:
		return "some are easier, none is free of allergens"
	}
	return "can cause them"
}

// compareSpecies compares kinds of animals by what a household notices.
func (c *composer) compareSpecies(species []catalogue.Species) {
	all := make([]outline, len(species))
	for i, s := range species {
		all[i] = c.outlineOf(s)
	}
	rows := []row{
		rowOf("Time a day", all, func(o outline) string { return dayOf(o.species) }),
		rowOf("Alone on a workday", all, func(o outline) string { return fmt.Sprintf("%d to %d h", o.hours[0], o.hours[1]) }),
		rowOf("Upkeep a month", all, func(o outline) string { return o.monthly() }),
		rowOf("Adoption fee here", all, func(o outline) string { return o.fee() }),
		rowOf("Lives", all, func(o outline) string { return fmt.Sprintf("%.0f to %.0f years", o.life[0], o.life[1]) }),
		rowOf("Allergies", all, func(o outline) string { return o.allergy() }),
		rowOf("In our store", all, func(o outline) string { return fmt.Sprint(o.stock) }),
	}
	for i := range rows[1].cells {
		if all[i].hours[0] >= 24 {
			rows[1].cells[i] = "a day"
		}
		if all[i].hours[0] == all[i].hours[1] && all[i].hours[0] < 24 {
			rows[1].cells[i] = fmt.Sprintf("about %d h", all[i].hours[0])
		}
	}
	c.add(table(mapped(species, func(s catalogue.Species) string { return "**" + upperFirst(speciesName(s)) + "**" }), rows[:c.voice.length.by(4, 5, 7, 7)]))
	c.speciesVerdict(species)
	if hits, err := c.cat.Search(c.ctx, catalogue.Query{Text: "which pet fits which household", Topics: []catalogue.Topic{catalogue.TopicBefore}, Limit: 1}); err == nil && len(hits) > 0 {
		c.cite(hits[0].Passage)
	}
}

// dayOf is how much of a day a species takes.
func dayOf(s catalogue.Species) string {
	return map[catalogue.Species]string{
		catalogue.Dog: "2 to 4 h, walks in any weather", catalogue.Cat: "about 1 h", catalogue.Rabbit: "1 to 2 h, room to run",
		catalogue.GuineaPig: "about 1 h", catalogue.Hamster: "half an hour, evenings", catalogue.Bird: "1 to 3 h of company",
		catalogue.Fish: "15 min, weekly water change", catalogue.Reptile: "about half an hour",
	}[s]
}

// speciesVerdict goes by how many of the store's pets of each species suit.
func (c *composer) speciesVerdict(species []catalogue.Species) {
	know := c.wishless()
	said := know.summary()
	best, share, rest := catalogue.Species(""), -1.0, ""
	var examples, none []string
	for _, s := range species {
		n, suit := 0, 0
		var top fit
		for _, p := range c.cat.Select(catalogue.Filter{Species: []catalogue.Species{s}}) {
			n++
			if f := judge(p, know); f.far == 0 {
				suit++
				if top.pet == nil || f.score > top.score {
					top = f
				}
			}
		}
		if n > 0 && suit == 0 {
			none = append(none, speciesPlural(s))
		}
		if top.pet != nil {
			examples = append(examples, fmt.Sprintf("**%s** (%s, %s)", top.pet.Name, kindOf(top.pet), dollars(top.pet.Price)))
			c.citePets(top.pet)
		}
		if n > 0 && float64(suit)/float64(n) > share {
			best, share = s, float64(suit)/float64(n)
		}
	}
	if said == "" {
		var lines []string
		for _, s := range species {
			lines = append(lines, fmt.Sprintf("%s if %s", article(speciesName(s)), suitsIf(s)))
		}
		c.add("**Verdict:** choose " + strings.Join(lines, "; ") + ". Tell me about your home, hours and family, and I can be more definite.")
		return
	}
	if best != "" {
		rest = fmt.Sprintf("**Verdict:** with %s, %s is the easier choice: %s of our %s suit you.", said, article(speciesName(best)), portion(share), speciesPlural(best))
	}
	if len(none) > 0 && len(none) < len(species) {
		rest += " None of our " + list(none) + " fits that."
	}
	if len(examples) > 0 {
		rest += " The best matches of each kind: " + list(examples) + "."
	}
	c.add(rest)
}

func portion(share float64) string {
	switch {
	case share == 0:
		return "though none"
	case share < 0.34:
		return "some"
	case share < 0.67:
		return "about half"
	case share < 1:
		return "most"
	}
	return "all"
}

func suitsIf(s catalogue.Species) string {
	return map[catalogue.Species]string{
		catalogue.Dog:       "you are home a lot and like to be outdoors every day",
		catalogue.Cat:       "you are out for part of the day and still want contact",
		catalogue.Rabbit:    "you have room for a pen and want two quiet, busy animals to watch and pet",
		catalogue.GuineaPig: "you want sociable animals that children can help to look after",
		catalogue.Hamster:   "you have little space and are awake late",
		catalogue.Bird:      "you are home most of the day and do not mind noise",
		catalogue.Fish:      "you would rather watch than hold, or allergies matter",
		catalogue.Reptile:   "you want a quiet animal without fur and can keep heat and light right",
	}[s]
}
