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

// emergency begins with whom to call. Everything else comes after.
func (c *composer) emergency() error {
	r := c.ask.part
	poison := r.has("danger", "poison") || r.has("ingest") && r.has("toxin")
	topics := []catalogue.Topic{catalogue.TopicEmergency}
	if poison {
		c.add(callPoison)
		topics = append(topics, catalogue.TopicPoison)
	} else {
		c.add(callNow)
	}
	if c.ask.more {
		c.add("If you have not called yet, do it now, and tell them what you told me: they judge by the animal's weight, what and how much it was, when it happened and how the animal is.")
	}
	hits, err := c.dangerHits(topics)
	if err != nil {
		return err
	}
	if len(hits) == 0 {
		c.add("Keep the animal warm, quiet and safe from further harm, give nothing by mouth, and describe on the phone what happened, when, and how the animal is now.")
		return nil
	}
	best := hits[0]
	first := best.Guide.Passages[0]
	c.add(excerpt(first.Text, c.voice.length.by(60, 90, 140, 160)))
	c.cite(first)
	if best.Passage != first && c.voice.length >= short {
		c.add("**" + best.Heading + "** " + excerpt(r.fromToxin(best.Text), c.voice.length.by(0, 40, 80, 110)))
	}
	c.add("I cannot examine your animal or tell how serious it is. A vet can.")
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
