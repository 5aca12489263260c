package compose

import (
	"fmt"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// The lines on poison are the same in the whole country and open day and night.
const poisonLines = "ASPCA Animal Poison Control (888) 426-4435 or Pet Poison Helpline (855) 764-7661"

// harmPoison is triage's name of a poisoning.
const harmPoison = "poison"

// What an answer to a danger begins with.
const (
	callNow    = "**This can be an emergency. Call a vet or the nearest animal emergency clinic now.**"
	callPoison = "**This can be an emergency. Call a vet or a poison line now:** " + poisonLines + ", day and night; a fee may apply."
	callToday  = "**Please have a vet see your animal today.** Call now and describe what you see; go at once if it gets worse."
	callPerson = "**Look after the person first: call 911 for heavy bleeding, trouble breathing or a bite to the face or neck, and otherwise see a doctor today.**"

	mayBeUrgent = "This may be urgent. **Call a vet now if** your animal has trouble breathing, collapses, has a seizure, bleeds, cannot pee, has a tight belly, is in strong pain, or has stopped eating and drinking. Otherwise have it looked at within a day."
	cannotTell  = "I cannot examine your animal or tell how serious it is. A vet can."
)

// emergency says first whom to call, then what to do until then: of the harm at hand, or
// else what is right for any.
func (c *composer) emergency(i *plan.Item) {
	v := &c.plan.Verdict
	poison := strings.HasPrefix(v.Harm, harmPoison)
	switch {
	case c.plan.Turn.Has("crisis"):
		c.add("I am glad that you wrote. Please talk to a person now: in the US call or text **988**, day and night, or **911** if you are in danger; elsewhere your local emergency number. You need not be alone with this.")
		return
	case v.Harm == "ill-person":
		c.add("**For a person call 911 or your local emergency number now.** I know about pets only, and this needs a doctor.")
		return
	case v.Person:
		c.add(callPerson)
	case v.Level == triage.Caution:
		c.add(mayBeUrgent)
	case poison:
		c.add(callPoison)
	case v.Level == triage.Today:
		c.add(callToday)
	default:
		c.add(callNow)
	}
	aid := c.aid(i)
	for n, p := range aid {
		words := c.voice.Length.by(60, 90, 140, 160)
		if n == 0 {
			c.add(excerpt(p.Text, words))
		} else if c.voice.Length >= Short {
			c.add("**" + p.Heading + "** " + excerpt(p.Text, words/2))
		}
		c.cite(p)
	}
	if v.Level == triage.Caution && len(i.Hits) > 0 && i.Hits[0].Answers() {
		c.passages(i, 2)
	}
	if len(aid) == 0 && v.Level == triage.Now && !v.Person {
		c.add("Until then keep your animal quiet and safe from further harm, give nothing by mouth, and tell them on the phone what happened, when, and how it is now.")
	}
	if !v.Person {
		c.add(cannotTell)
	}
}

// aid returns the first aid of the harm at hand, and what its guide says of the very case.
func (c *composer) aid(i *plan.Item) []*catalogue.Passage {
	v := &c.plan.Verdict
	if len(v.Guides) == 0 {
		return nil
	}
	g := c.cat.Guide(v.Guides[0])
	if g == nil {
		return nil
	}
	aid := g.Passages[:1:1]
	text := v.Look
	if text == "" {
		text = i.Text
	}
	for _, h := range c.cat.Search(catalogue.Query{Text: text, Species: i.Species, Limit: 12}) {
		if h.Guide == g && h.Passage != g.Passages[0] && h.Near() {
			return append(aid, h.Passage)
		}
	}
	return aid
}

// cruelty refuses to help to harm an animal, and says where to turn instead.
func (c *composer) cruelty(i *plan.Item) {
	c.add("I won't help with anything that hurts, kills or abandons an animal. There is always another way:")
	c.add("- If you cannot keep a pet, bring it back to us or to a shelter; nobody will judge you for asking.\n" +
		"- If an animal suffers or is dying, only a vet can let it go without pain, and many clinics help when money is short.\n" +
		"- If a pet's behavior drives you to despair, tell me what it does, and I say what helps.\n" +
		"- If somebody hurts an animal, call the police or animal control.")
	for _, h := range i.Hits {
		if h.Guide.ID == "gentle-end-and-last-costs" || h.Guide.ID == "giving-up-a-pet" || h.Guide.ID == "releasing-pets" {
			c.add("**" + h.Heading + "** " + excerpt(h.Text, 60))
			c.cite(h.Passage)
			return
		}
	}
}

// dose names no dose, whoever asks.
func (c *composer) dose(i *plan.Item) {
	c.add("I cannot give doses, and please do not give any medicine without a vet: human medicines such as ibuprofen or acetaminophen can kill a pet, and the right amount depends on the animal. Call your vet. If some was given already, call a poison line now: " + poisonLines + ".")
	if len(i.Hits) > 0 && i.Hits[0].Answers() && c.voice.Length >= Short {
		c.add(fmt.Sprintf("**%s** %s", i.Hits[0].Heading, excerpt(i.Hits[0].Text, 70)))
		c.cite(i.Hits[0].Passage)
	}
}
