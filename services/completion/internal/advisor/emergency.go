package advisor

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

const (
	poisonLines = "ASPCA Animal Poison Control (888) 426-4435 or Pet Poison Helpline (855) 764-7661"

	callNow    = "**This can be an emergency. Call a vet or the nearest animal emergency clinic now**, before you read on."
	callPoison = "**This can be an emergency. Call a vet or a poison line now:** " + poisonLines + ", day and night; a fee may apply."
)

const (
	callPerson   = "**This can be an emergency. Look after the person first: call 911 for heavy bleeding or a bite to the face or neck, and otherwise a doctor today.**"
	callVenomous = "**This can be an emergency. Call 911 for a snake bite, trouble breathing, a swelling face or faintness, and otherwise a doctor or US Poison Help, 1-800-222-1222, now.**"
	callFumes    = "**This can be an emergency. Bring the animal into fresh air and call a vet now;** for poison also " + poisonLines + ", day and night; a fee may apply."

	generalAid = "Keep the animal warm, quiet and safe from further harm, give nothing by mouth, and describe on the phone what happened, when, and how the animal is now."
)

// emergency begins with whom to call. Everything else comes after.
func (c *composer) emergency() error {
	r := c.ask.part
	poison := r.has("danger", "poison") || r.has("ingest") && r.has("toxin") || c.ask.harm == harmPoison
	topics := []catalogue.Topic{catalogue.TopicEmergency}
	switch {
	case c.ask.harm == harmPerson:
		c.add(callPerson)
	case c.ask.harm == harmVenomous:
		c.add(callVenomous)
	case c.ask.harm == harmFumes:
		c.add(callFumes)
	case poison:
		c.add(callPoison)
		topics = append(topics, catalogue.TopicPoison)
	default:
		c.add(callNow)
	}
	if c.ask.more {
		c.add("If you have not called yet, do it now, and tell them what you told me: they judge by weight, what and how much it was, when it happened and what you see.")
	}
	if c.ask.harm == harmPerson {
		return c.bitten()
	}
	if c.ask.harm == harmVenomous {
		c.add("Sit or lie still, take off rings and watches, and keep the bitten part at about the height of the heart. Do not cut, suck, ice or bind it, and do not catch the animal. Scrape out a bee's sting and cool the spot. Note the time. I cannot tell how serious it is. A doctor can.")
		return nil
	}
	aid, err := c.firstAid(topics)
	if err != nil {
		return err
	}
	if len(aid) == 0 {
		c.add(generalAid)
	}
	for i, p := range aid {
		if i == 0 {
			c.add(excerpt(p.Text, c.voice.length.by(60, 90, 140, 160)))
			c.cite(p)
		} else if c.voice.length >= short {
			c.add("**" + p.Heading + "** " + excerpt(r.fromToxin(p.Text), c.voice.length.by(0, 40, 80, 110)))
		}
	}
	c.add("I cannot examine your animal or tell how serious it is. A vet can.")
	return nil
}

// bitten is first aid for people.
func (c *composer) bitten() error {
	c.add("Wash the wound with soap and running water for five to fifteen minutes, and cover it with a clean bandage. A doctor judges the risk of infection, tetanus and **rabies**: the same day for a stray, wild or unvaccinated animal, a cat's bite, a child, a deep wound, or a bite to hand, foot, face or joint. Redness that spreads, swelling, pus or fever is urgent.")
	if g := c.cat.Guide("bites-and-scratches-to-people"); g != nil {
		for _, p := range g.Passages[:min(len(g.Passages), c.voice.length.by(1, 1, 3, 3))] {
			if strings.Contains(strings.ToLower(p.Heading), "rabies") && c.voice.length >= normal {
				c.add("**" + p.Heading + "** " + excerpt(p.Text, 70))
			}
			c.cite(p)
		}
	}
	c.add("Shut the animal in a separate room, or keep away from a strange one, note its owner and the time, and report a stray to animal control. If the animal is hurt too, call a vet for it.")
	return nil
}

// firstAid returns what to do at once and what is known of this harm, from one guide.
// Where it is known what happened, no other guide will do: none is better than a wrong
// one.
func (c *composer) firstAid(topics []catalogue.Topic) ([]*catalogue.Passage, error) {
	guide := c.harmGuide()
	if guide == nil && c.ask.harm != "" && c.ask.harm != harmPoison {
		return nil, nil
	}
	if guide == nil {
		hits, err := c.dangerHits(topics)
		if err != nil || len(hits) == 0 {
			return nil, err
		}
		if c.ask.harm == harmPoison && !hits[0].Guide.About(catalogue.TopicPoison) {
			return nil, nil
		}
		return aidOf(hits[0].Guide, hits[0].Passage), nil
	}
	if c.ask.harm == harmFumes || c.ask.harm == harmIllBird {
		return aidOf(guide, passageAbout(guide, map[harm]string{harmFumes: "non-stick", harmIllBird: "seriously ill"}[c.ask.harm])), nil
	}
	if want := c.ask.part.aidHeading(c.ask.harm); want != "" {
		p := passageAbout(guide, want)
		if c.ask.harm == harmCold && p != nil {
			return []*catalogue.Passage{p}, nil // to resuscitate comes second here
		}
		return aidOf(guide, p), nil
	}
	if c.ask.harm == harmPoison {
		return c.poisonAid(guide, topics)
	}
	return guide.Passages[:1], nil
}

// poisonAid adds what the guide says of the very poison, if it does.
func (c *composer) poisonAid(guide *catalogue.Guide, topics []catalogue.Topic) ([]*catalogue.Passage, error) {
	hits, err := c.dangerHits(topics)
	if err != nil {
		return nil, err
	}
	for _, h := range hits {
		if h.Guide == guide && (h.Coverage >= 0.6 || c.ask.part.speaksOfToxin(h.Passage)) {
			return aidOf(guide, h.Passage), nil
		}
	}
	return guide.Passages[:1], nil
}

// speaksOfToxin reports whether a passage has a word of what was named.
func (r *reading) speaksOfToxin(p *catalogue.Passage) bool {
	text := strings.ToLower(p.Heading + " " + p.Text)
	if r.has("medicine") || r.says("pill", "pills", "birth control") {
		return strings.Contains(text, "medic") || strings.Contains(text, "painkiller")
	}
	for w := range strings.FieldsSeq(r.toxins()) {
		if w = strings.TrimSuffix(w, "s"); len(w) >= 4 && !oneOf(w, "bread", "poison", "human", "free", "sugar") && strings.Contains(text, w) {
			return true
		}
	}
	return false
}

func aidOf(g *catalogue.Guide, more *catalogue.Passage) []*catalogue.Passage {
	if more == nil || more == g.Passages[0] {
		return g.Passages[:1]
	}
	return []*catalogue.Passage{g.Passages[0], more}
}

func passageAbout(g *catalogue.Guide, words string) *catalogue.Passage {
	i := slices.IndexFunc(g.Passages, func(p *catalogue.Passage) bool { return strings.Contains(strings.ToLower(p.Heading), words) })
	if i < 0 {
		return nil
	}
	return g.Passages[i]
}

// aidHeading returns what the heading of the passage on the very case has in it.
func (r *reading) aidHeading(h harm) string {
	switch {
	case h == harmVenom && r.has("stinger", "snake"):
		return "if a snake"
	case h == harmVenom && r.has("stinger", "toad"):
		return "licked a toad"
	case h == harmVenom:
		return "wasp sting"
	case h == harmBite:
		return "bit a small pet"
	case h == harmCold:
		return "cold and limp"
	case h == harmInjury && r.says("back legs", "hind legs", "spine", "paralyzed"):
		return "back legs"
	case h == harmInjury && r.says("leg", "bone", "paw", "bent", "broken", "broke"):
		return "broken bone"
	case h == harmInjury && r.says("window", "balcony"):
		return "falls from a window"
	case h == harmSwallowed:
		return "most dangerous"
	case h == harmBlood && !r.says("pee", "peeing", "urine", "poop", "stool", "vomit", "vomiting"):
		return "need a vet"
	}
	return ""
}

// harmGuide returns the guide on what happened that is about this animal, or nil.
func (c *composer) harmGuide() *catalogue.Guide {
	species := c.species()
	ids := c.ask.harm.guidesFor()
	inside := c.ask.harm == harmBlood && c.ask.part.says("pee", "peeing", "peed", "pees", "urine", "urinating", "vomit", "vomiting", "vomited", "throwing", "poop", "pooping", "stool", "diarrhea", "coughing", "cough")
	if inside { // blood from within is no wound to press on
		ids = nil
		if slices.Equal(species, []catalogue.Species{catalogue.Cat}) && c.ask.part.says("pee", "peeing", "peed", "pees", "urine", "urinating") {
			ids = []string{"cat-urinary-blockage"}
		}
	}
	for _, id := range ids {
		g := c.cat.Guide(id)
		if g == nil {
			continue
		}
		if len(species) == 0 && len(g.Species) != 1 || slices.ContainsFunc(species, g.Covers) {
			return g
		}
	}
	return nil
}

// dangerHits searches for what the person wrote and, where that is not described in
// such words, for what it seems to be.
func (c *composer) dangerHits(topics []catalogue.Topic) ([]catalogue.Hit, error) {
	texts := []string{c.ask.text, c.ask.text + " " + c.dangerWords()}
	if toxin := c.ask.part.toxins(); toxin != "" {
		texts = append([]string{toxin}, texts...)
	}
	for i, text := range texts {
		hits, err := c.search(text, 12, topics...)
		if err != nil {
			return nil, err
		}
		hits = slices.DeleteFunc(hits, func(h catalogue.Hit) bool { return !h.Guide.About(catalogue.TopicEmergency) })
		if len(hits) > 0 && (hits[0].Coverage >= 0.6 || i == len(texts)-1) {
			return hits, nil
		}
	}
	return nil, nil
}

// toxins returns the poisonous things that are named.
func (r *reading) toxins() string {
	var words []string
	for _, m := range r.found["toxin"] {
		for i := m.from; i < m.to; i++ {
			words = append(words, r.word(i))
		}
	}
	return strings.Join(words, " ")
}

// dangerWords adds the names under which the guides describe what was seen.
func (c *composer) dangerWords() string {
	words := map[string]string{
		"poison": "poison", "breathing": "trouble breathing", "choking": "choking", "seizure": "seizure", "trauma": "hit by car fall broken bone injury",
		"bleeding": "bleeding wound", "collapse": "emergency collapse", "heat": "heatstroke", "bloat": "bloat swollen belly",
		"urine": "urinary blockage cannot pee", "prolapse": "emergency", "drowning": "emergency",
	}
	var add []string
	for _, m := range c.ask.part.found["danger"] {
		add = append(add, words[m.value])
	}
	if c.ask.part.has("fasting") {
		add = append(add, "stops eating not eating")
	}
	if c.ask.part.has("ingest") && c.ask.part.has("toxin") {
		add = append(add, "ate something poisonous")
	}
	return strings.Join(add, " ")
}

// dose names no dose, whoever asks.
func (c *composer) dose() error {
	c.add("I cannot give doses, and please do not give any medicine without a vet: human medicines such as ibuprofen or acetaminophen can kill a pet, and the right amount depends on the animal. Call your vet. If some was given already, call a poison line now: " + poisonLines + ".")
	hits, err := c.search(c.ask.text, 6, catalogue.TopicPoison, catalogue.TopicHealth)
	if err != nil {
		return err
	}
	if hits = c.relevant(hits); len(hits) > 0 && c.voice.length >= short {
		c.add("**" + hits[0].Heading + "** " + excerpt(hits[0].Text, c.voice.length.by(0, 40, 90, 110)))
		c.cite(hits[0].Passage)
	}
	return nil
}
