package advisor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// What is asked for that needs a plain word first, whatever the guides say.
const (
	adviceVomit      = "vomit"
	adviceEuthanasia = "euthanasia"
	adviceBreeding   = "breeding"
	adviceDung       = "dung"
	advicePregnant   = "pregnant"
)

var (
	makeVomit  = regexp.MustCompile(`\b(?:make|get|force|induce|inducing|making|cause|have)\b(?: \w+){0,4} (?:throw up|vomit|vomiting|puke|be sick)\b`)
	endLife    = regexp.MustCompile(`\b(?:euthani[sz]\w*|put(?:ting)? (?:\w+ ){0,3}(?:down|to sleep))\b`)
	breedsOwn  = regexp.MustCompile(`\b(?:to|can i|should i|could i|i|how do i|we|start|id like to) breed(?:ing)? (?:my|our|her|him|the|cats|dogs|rabbits|kittens|puppies|hamsters|birds)\b|\bbreeding (?:my|our|cats|dogs|rabbits) (?:\w+ )?for (?:money|profit)\b`)
	ateWords   = regexp.MustCompile(`\b(?:ate|eats|eat|eating|eaten)\b`)
	athomeSelf = regexp.MustCompile(`\b(?:at home|myself|ourselves|yourself|how (?:do|can|could|to)(?: i| we)?)\b`)
)

// advising is what has one answer that must not get lost among guides.
func advising(m *moment, r *reading, k *ask) bool {
	switch {
	case makeVomit.MatchString(r.lower) && !r.says("why", "what makes", "makes"):
		k.value = adviceVomit
	case endLife.MatchString(r.lower) && athomeSelf.MatchString(r.lower) && r.asks() && !r.says("vet", "vets", "know when", "decide", "cope", "when its time", "when it is time"):
		k.value = adviceEuthanasia
	case breedsOwn.MatchString(r.lower):
		k.value = adviceBreeding
	case r.has("dung") && ateWords.MatchString(r.lower) && !r.says("litter", "when he", "when she"):
		k.value = adviceDung
	case r.says("pregnant", "pregnancy") && r.says("cat", "cats", "kitten") && r.says("dangerous", "danger", "safe", "toxoplasmosis", "risk", "harm", "hurt", "get rid", "litter"):
		k.value = advicePregnant
	default:
		return false
	}
	k.kind = kindAdvice
	k.orOwn(m)
	return true
}

// advice says the plain word, and what the guides add.
func (c *composer) advice() error {
	switch c.ask.value {
	case adviceVomit:
		c.add("**Please do not make an animal vomit yourself.** Salt, peroxide, oil or a finger down the throat can burn the gullet, poison it or send vomit into the lungs, and some poisons do more harm on the way up. Whether it should vomit, and with what, is for a vet to say.",
			"If it swallowed something, call a vet or a poison line now: "+poisonLines+", day and night; a fee may apply. Tell them what it was, how much, when, and the animal's weight.")
	case adviceEuthanasia:
		c.add("I am sorry that you have to think about this. **Only a vet may put an animal to sleep.** There is no way to do it yourself that is painless or safe, and in most places it is against the law. Many vets come to your home for it, so that a pet can go in its own bed and with you. Ask your vet about that, and about the cost. If it is in pain now, call one today.")
		c.citeAbout("losing-a-pet", "puts a pet to sleep")
	case adviceBreeding:
		kind := "a pet"
		if s := c.species(); len(s) == 1 {
			kind = article(speciesName(s[0]))
		}
		c.add(fmt.Sprintf("My plain answer: please do not breed %s for money. Health tests, vet care, a possible cesarean and weeks of raising cost more than the young bring in, the mother can die, and shelters are full of animals without a home. Neutering keeps yours healthier. If you love raising litters, ask a shelter about fostering.", kind))
		c.citeAbout("neutering-overview", "")
	case adviceDung:
		return c.dung()
	case advicePregnant:
		c.add("**Your cat is hardly a danger to you.** The risk is toxoplasmosis, which comes from cat stool that is a day or more old, and more often from undercooked meat and unwashed vegetables.")
		c.citeAbout("pregnancy-and-zoonoses", "while pregnant")
	}
	return nil
}

// dung answers an animal that ate stool.
func (c *composer) dung() error {
	species := c.species()
	if slices.ContainsFunc(species, func(s catalogue.Species) bool {
		return s == catalogue.Rabbit || s == catalogue.GuineaPig || s == catalogue.Hamster
	}) {
		c.add("That is normal: rabbits, guinea pigs and hamsters eat some of their own soft droppings to digest them twice. If soft droppings are left lying, or there are no droppings at all, call a vet.")
		return nil
	}
	c.add("Unpleasant, but seldom dangerous: eating poop is called coprophagia. Call a vet if your animal vomits, has diarrhea or is dull, or if it ate stool of an animal on medicine.")
	c.citeAbout("dog-feeding", "eat poop")
	return nil
}

// citeAbout adds a guide's passage whose heading has words in it.
func (c *composer) citeAbout(id, words string) {
	g := c.cat.Guide(id)
	if g == nil {
		return
	}
	if p := passageAbout(g, words); p != nil {
		c.add(excerpt(p.Text, c.voice.length.by(30, 50, 90, 120)))
		c.cite(p)
	}
}

// lasting is an upset that has gone on for days.
var lasting = regexp.MustCompile(`\b(?:for|since|over|past|last)(?: (?:the|about|almost|nearly|past|last))* (?:\d+|two|three|four|five|six|several|a few|a couple of|a couple|many) (?:days|weeks)\b|\b(?:all week|for a week|for days|days now|days in a row|for weeks|two days straight|since (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|last week))\b`)

// lasts reports whether an animal has been ill for too long to wait at home.
func (r *reading) lasts() bool {
	return r.ails() && (lasting.MatchString(r.lower) || lasting.MatchString(digits(r.lower)))
}

// dishes adds what the guides say of each food that was asked about and that the
// answer has not come to.
func (c *composer) dishes(hits []catalogue.Hit) error {
	r := c.ask.part
	if r == nil || len(r.found["dish"]) < 2 {
		return nil
	}
	for _, m := range r.found["dish"] {
		name := strings.TrimSuffix(r.word(m.to-1), "s")
		if strings.Contains(strings.ToLower(strings.Join(c.blocks, " ")), name) {
			continue
		}
		more, err := c.search(name+" food", 3, "feeding")
		if err != nil {
			return err
		}
		for _, h := range slices.Concat(hits, more) {
			if said := sentenceOf(h.Text, name); said != "" {
				c.add("**" + upperFirst(r.word(m.to-1)) + ":** " + said)
				c.cite(h.Passage)
				break
			}
		}
	}
	return nil
}

// sentenceOf returns the sentence that speaks of a food itself, rather than of its
// leaves, or "". Lists say too little to be quoted in parts.
func sentenceOf(text, name string) string {
	if strings.Contains(text, "\n- ") {
		return ""
	}
	best := ""
	for _, s := range proseSentences(text) {
		low := strings.ToLower(s)
		if strings.Contains(low, name+"s") {
			return s
		}
		if best == "" && strings.Contains(low, name) {
			best = s
		}
	}
	return best
}
