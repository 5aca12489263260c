package advisor

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// All patterns run over reading.lower: words in lower case, one space between them,
// thousands without commas.
var (
	moneyAmount = regexp.MustCompile(`(?:^| )([$€£])? ?(\d{1,6})(?:\.\d+)?(k)?([$€£])?(?: (dollars?|bucks|usd|euros?|eur|gbp|quid|pounds sterling|british pounds))?(?: (?:(?:a|per|each|every) )?(month|monthly|mo|week|year|yearly|years?|yrs?|lbs?|pounds?|kg|hours?|hrs?|minutes?|weeks?|months?|days?|gallons?|liters?|inch(?:es)?|feet|ft|square|miles?|kids?|cats?|dogs?|bedrooms?|people))?`)
	moneyWords  = regexp.MustCompile(`\b(budget|spend|afford|under|below|less than|max|maximum|up to|at most|no more than|within|cost|costs|fee|price|cheaper than|pay|save|saved)\b`)
	hourSpan    = regexp.MustCompile(`(\d{1,2}) (?:(?:to|or) )?(?:(\d{1,2}) )?(?:hours?|hrs?|h)\b`)
	awayWords   = regexp.MustCompile(`\b(away|work|working|gone|alone|office|out|shift|job|home|absent|school)\b`)
	childAges   = regexp.MustCompile(`\b(?:kids?|child|children|sons?|daughters?|boys?|girls?|grandchild|grandchildren|grandkids|twins|ages?|aged|nephews?|nieces?)\b(?: \w+){0,3}? (\d{1,2})\b(?: (?:and|or|to) (\d{1,2})\b)?(?: (?:and )?(\d{1,2})\b)?(?: ([a-z]+))?`)
	ageOfChild  = regexp.MustCompile(`(\d{1,2})(?: and (\d{1,2}))? ?(?:year|yr|month|mo)s? ?old(?: \w+)? (?:kids?|child|children|son|daughter|boy|girl|twins|grandchild|grandson|granddaughter|nephew|niece)`)
	yearsAtHome = regexp.MustCompile(`(?:\b(?:my|our|have a|a|an|have an) )(\d{1,2}) (?:year|yr)s? old(?: at home| here)?(?: and|$| who| in| $)`)
	wisherIs    = regexp.MustCompile(`\b(?:my|our|a|an) (\d{1,2}) (?:year|yr)s? old (?:have|get|own|keep|handle|look after|take care of|care for|wants?|would (?:like|love)|asks?|is asking|keeps asking|has been asking|begs|is begging|dreams of)\b`)
	theyAre     = regexp.MustCompile(`^(?:hes|shes|he is|she is|they are|theyre) (?:now )?(\d{1,2})(?: and (\d{1,2}))?(?: (?:years?|yrs?) old)?$`)
	fromTo      = regexp.MustCompile(`\b(\d{1,2})(?: ?am)? (?:to|till|until) (\d{1,2})(?: ?pm)?(?: |$)`)
	endsInAge   = regexp.MustCompile(`(?:for a|for my|for our|for an) \d{1,2} (?:year|yr)s? old$`)
	underWeight = regexp.MustCompile(`(?:under|below|less than|up to|max|at most) (\d{1,3}) ?(lbs?|pounds?|kg|kilos?)`)
)

// "I have 200 pounds" is money, and "a dog of 80 pounds" is not.
var (
	poundsHad = regexp.MustCompile(`\b(?:budget|spend|afford|pay|save|saved|fee|costs?|price|i have|we have|ive got|weve got)(?: (?:of|is|for|about|around|only|just|up to|under|max|at most|maximum))*$`)
	toSpend   = regexp.MustCompile(`^ (?:to spend|to pay|budget|max|maximum|at most|in total)\b`)
)

// digits writes number words as digits, as far as people spell them.
func digits(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		if n, ok := map[string]string{
			"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
			"nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "twenty": "20", "thirty": "30", "forty": "40",
			"fifty": "50", "sixty": "60", "hundred": "100", "thousand": "1000",
		}[w]; ok {
			words[i] = n
		}
	}
	text = " " + strings.Join(words, " ") + " "
	text = strings.NewReplacer(" a 100 ", " 100 ", " 1 100 ", " 100 ", " 2 100 ", " 200 ", " 3 100 ", " 300 ", " 4 100 ", " 400 ", " 5 100 ", " 500 ", " a 1000 ", " 1000 ", " 1 1000 ", " 1000 ").Replace(text)
	return strings.TrimSpace(text)
}

// An amount is a sum of money in a text.
type amount struct {
	dollars int
	monthly bool
	least   bool   // "over $100"
	foreign string // the money if it is not dollars
}

// amounts returns the sums of money that a text speaks of. A bare number is one only
// next to words of money.
func amounts(r *reading) []amount {
	text := digits(r.lower)
	var list []amount
	for _, m := range moneyAmount.FindAllStringSubmatchIndex(text, -1) {
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return text[m[2*i]:m[2*i+1]]
		}
		before := text[max(0, m[0]-24):m[0]]
		marked := part(1) != "" || part(4) != "" || part(5) != ""
		period := part(6)
		foreign := otherMoney(part(1) + part(4) + part(5))
		if period == "pounds" && poundsHad.MatchString(before) {
			marked, period = true, ""
			foreign = "pounds"
		}
		marked = marked || period == "" && toSpend.MatchString(text[m[1]:])
		if !marked && (period != "" && !oneOf(period, "month", "monthly", "mo") || !moneyWords.MatchString(before)) {
			continue
		}
		n, _ := strconv.Atoi(part(2))
		if part(3) != "" {
			n *= 1000
		}
		a := amount{dollars: n, monthly: oneOf(period, "month", "monthly", "mo") || strings.Contains(before, "monthly") || strings.Contains(before, "month budget"), foreign: foreign}
		if oneOf(period, "year", "yearly") {
			a.dollars, a.monthly = n/12, true
		}
		a.least = regexpOver.MatchString(before)
		if a.dollars > 0 {
			list = append(list, a)
		}
	}
	return list
}

// otherMoney names money that is not dollars.
func otherMoney(mark string) string {
	switch {
	case strings.Contains(mark, "€"), strings.Contains(mark, "eur"):
		return "euros"
	case strings.Contains(mark, "£"), strings.Contains(mark, "pound"), oneOf(mark, "gbp", "quid"):
		return "pounds"
	}
	return ""
}

var regexpOver = regexp.MustCompile(`\b(over|above|more than|at least)$`)

func (p *profile) learnMoney(r *reading) {
	for _, a := range amounts(r) {
		if !a.least {
			p.currency = a.foreign
		}
		switch {
		case a.least:
		case a.monthly:
			p.monthly = a.dollars
		default:
			p.fee = a.dollars
		}
	}
	if r.says("money is no object", "no budget", "budget doesnt matter", "price doesnt matter", "cost doesnt matter", "any price") {
		p.fee, p.monthly = 0, 0
	}
}

// hoursAway reads how long nobody is home on a usual day.
func hoursAway(r *reading) (int, bool) {
	text := digits(r.lower)
	m := hourSpan.FindStringSubmatch(text)
	if !awayWords.MatchString(text) {
		return 0, false
	}
	if m == nil {
		return clockHours(text)
	}
	most := m[1]
	if m[2] != "" {
		most = m[2]
	}
	n, err := strconv.Atoi(most)
	return n, err == nil && n <= 24
}

// clockHours reads "from 8 to 4".
func clockHours(text string) (int, bool) {
	m := fromTo.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	from, _ := strconv.Atoi(m[1])
	to, _ := strconv.Atoi(m[2])
	if to <= from {
		to += 12
	}
	return to - from, from >= 5 && from <= 12 && to-from >= 3 && to-from <= 14
}

func (p *profile) learnChildren(r *reading) {
	text := digits(r.lower)
	if r.has("adults_only") {
		p.children, p.youngest = no, -1
		return
	}
	mentions := r.found["children"]
	if r.petIsChild() {
		return
	}
	for _, m := range mentions {
		if r.youngAnimal(m) {
			continue
		}
		if r.follows("together", m.from, 4) || oneOf(r.word(m.to), "friendly", "safe") {
			p.kidSafe = true
			if !r.negated(m) && m.value != "some" {
				p.children = yes
				p.young(map[string]int{"baby": 0, "toddler": 2, "older": 9, "teen": 14}[m.value])
			}
			continue
		}
		if r.negated(m) {
			p.children, p.youngest, p.kidSafe = no, -1, false
			return
		}
		p.children = yes
		switch m.value {
		case "baby":
			p.young(0)
		case "toddler":
			p.young(2)
		case "older":
			p.young(9)
		case "teen":
			p.young(14)
		}
	}
	ages := childAges.FindAllStringSubmatch(text, -1)
	ages = append(ages, ageOfChild.FindAllStringSubmatch(text, -1)...)
	ages = append(ages, wisherIs.FindAllStringSubmatch(text, -1)...)
	if endsInAge.MatchString(text) || !r.has("species") && len(r.pets()) == 0 {
		ages = append(ages, yearsAtHome.FindAllStringSubmatch(text, -1)...)
	}
	ages = append(ages, r.childByAge(text)...)
	if p.children == yes {
		ages = append(ages, theyAre.FindAllStringSubmatch(text, -1)...)
	}
	for _, m := range ages {
		// "Two kids and 1 dog" tells no age.
		if r.counted(m[len(m)-1]) {
			continue
		}
		for _, s := range m[1:] {
			if n, err := strconv.Atoi(s); err == nil && n < 18 {
				p.children = yes
				p.setAge(n)
			}
		}
	}
}

var byAge = regexp.MustCompile(`\b(\w+ )?(?:a|an|my|our) (\d{1,2}) (?:year|yr|month|mo)s? old(?: (\w+))?(?: (\w+))?`)

// seeks reports whether a word stands before the age of an animal that is looked for
// or described, and not before that of a child.
func seeks(w string) bool {
	return oneOf(w, "is", "was", "hes", "shes", "its", "adopt", "adopting", "want", "wanted", "prefer", "like", "getting", "get", "got", "for", "about", "looking", "consider", "considering", "find", "than")
}

// childByAge finds a child that is known by its age alone: "we have a 3 year old".
// Behind the age of an animal stands the animal; and nobody looks for a child here.
func (r *reading) childByAge(text string) [][]string {
	var list [][]string
	for _, m := range byAge.FindAllStringSubmatch(text, -1) {
		years, _ := strconv.Atoi(m[2])
		before := strings.TrimSpace(m[1])
		if years > 12 || seeks(before) && (before != "for" || r.aboutOwn()) {
			continue
		}
		animal := oneOf(m[3], "male", "female", "mixed", "mix", "rescue", "neutered", "spayed", "tabby", "stray", "one", "pet", "animal", "boy", "girl", "intact", "senior", "indoor", "black", "white", "brown", "orange", "tom")
		for _, w := range m[3:] {
			animal = animal || w != "" && (slices.ContainsFunc(r.found["species"], func(s mention) bool { return r.word(s.from) == w }) && w == m[3] ||
				slices.ContainsFunc(r.names, func(n catalogue.Mention) bool { return strings.HasPrefix(strings.ToLower(r.text[n.Start:n.End]), w) }))
		}
		if second := m[4]; !animal && second != "" && !oneOf(m[3], "and", "who", "in", "at", "which", "what", "that", "with", "so", "can", "is", "or", "but") {
			animal = slices.ContainsFunc(r.found["species"], func(s mention) bool { return r.word(s.from) == second })
		}
		if animal || oneOf(m[3], "is") {
			continue
		}
		list = append(list, []string{m[0], m[2], ""})
	}
	return list
}

// youngAnimal reports whether a word for a child is said of an animal: "a baby
// bearded dragon".
func (r *reading) youngAnimal(m mention) bool {
	return r.word(m.from) == "baby" && r.animalAt(m.to, m.to)
}

// counted reports whether a word after a number is what was counted.
func (r *reading) counted(word string) bool {
	return oneOf(word, "dollars", "bucks", "hours", "usd", "bedroom", "bedrooms", "rooms", "weeks", "pets", "animals") ||
		slices.ContainsFunc(r.found["species"], func(m mention) bool { return r.word(m.from) == word })
}

// petIsChild reports whether a word for a child is said of an animal.
func (r *reading) petIsChild() bool {
	return r.says("fur baby", "fur babies", "baby rabbit", "baby bunny", "baby bird", "baby hamster", "baby turtle", "litter of", "have babies", "had babies")
}

func (p *profile) young(years int) { p.setAge(years) }

// setAge keeps the youngest age said in one go. A "toddler" that is then said to be
// four is four.
func (p *profile) setAge(years int) {
	if p.youngest < 0 || years < p.youngest {
		p.youngest = years
	}
}

func sizeByWeight(text string) ([]catalogue.Size, bool) {
	m := underWeight.FindStringSubmatch(text)
	if m == nil {
		return nil, false
	}
	n, _ := strconv.Atoi(m[1])
	if m[2][0] == 'k' {
		n = n * 22 / 10
	}
	switch {
	case n <= 30:
		return []catalogue.Size{catalogue.Tiny, catalogue.Small}, true
	case n <= 65:
		return []catalogue.Size{catalogue.Tiny, catalogue.Small, catalogue.Medium}, true
	}
	return nil, false
}
