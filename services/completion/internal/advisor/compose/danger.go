package compose

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/excerpt"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/urgent"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// gentleEnd is the guide for people who have to let an animal go.
const gentleEnd = "gentle-end-and-last-costs"

// emergency says first whom to call, and then what to do meanwhile: for the harm in question, or else what is always
// right.
func (c *composer) emergency(i *plan.Item) {
	v := &c.plan.Verdict
	first, last := urgent.First(v, c.plan.Frame.Person.Minor)
	if c.add(first...); last {
		return
	}
	if i.Answer != nil && len(v.Says) == 0 {
		c.add("**No.** " + i.Answer.Text)
	}
	aid := c.aid(i)
	for n, p := range aid {
		words := c.voice.Length.by(60, 90, 140, 160)
		if n == 0 {
			c.add(excerpt.Of(p.Text, words))
		} else if c.voice.Length >= Short {
			c.add("**" + p.Heading + "** " + excerpt.Of(p.Text, words/2))
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
		c.add(urgent.CannotTell)
	}
}

// aid returns the first aid for the harm in question, and its guide's passages about the specific case.
func (c *composer) aid(i *plan.Item) []*catalogue.Passage {
	v := &c.plan.Verdict
	var g *catalogue.Guide
	if len(v.Guides) > 0 {
		id, one, ok := strings.Cut(v.Guides[0], "/")
		g = c.cat.Guide(id)
		if n, err := strconv.Atoi(one); ok && err == nil && n < len(g.Passages) {
			return g.Passages[n : n+1 : n+1]
		}
	}
	if best := clearly(g, i.Hits); best != nil && (g == nil || v.Harm != urgent.Poison || !v.Sole || best[0].Guide.About(catalogue.TopicPoison)) {
		return best
	}
	if g == nil {
		for _, h := range i.Hits { // other questions, such as which brush is good, have to wait
			if h.Surely() && (h.Guide.About(catalogue.TopicEmergency) || h.Guide.About(catalogue.TopicHealth)) {
				return []*catalogue.Passage{h.Passage}
			}
		}
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

// clearly returns the passages of a guide that the turn is certainly about, if it differs from triage's and fits much
// better: several guides have the same sign, and the named cause decides. First aid comes first, then the specific
// case.
func clearly(g *catalogue.Guide, hits []catalogue.Hit) []*catalogue.Passage {
	const much = 1.2
	if len(hits) == 0 || !hits[0].Surely() || !hits[0].Guide.About(catalogue.TopicEmergency) {
		return nil
	}
	best, own := hits[0], 0.0
	for _, h := range hits {
		if h.Guide == g {
			own = max(own, h.Score)
		}
	}
	if best.Guide == g || best.Score <= much*own {
		return nil
	}
	aid := best.Guide.Passages[:1:1]
	if best.Passage != aid[0] {
		aid = append(aid, best.Passage)
	}
	return aid
}

// cruelty refuses to help harm an animal, and says where to turn instead.
func (c *composer) cruelty(i *plan.Item) {
	if g := c.plan.Verdict.Guides; len(g) > 0 && g[0] == gentleEnd {
		c.add("I am sorry that it has come to this. **Please give nothing from home:** medicines and home methods make an animal suffer, and I name none. Only a vet can let it go without pain.",
			"Call a vet today and ask for pain relief until then. If the price is too high, ask other clinics, a humane society, a shelter or a vet school, which often do it for less, and ask for payment in parts or a vet who comes to your home.")
		if guide := c.cat.Guide(gentleEnd); guide != nil {
			c.cite(guide.Passages[0])
		}
		return
	}
	c.add("I won't help with anything that hurts, kills or abandons an animal. There is always another way:")
	c.add("- If you cannot keep a pet, bring it back to us or to a shelter; nobody will judge you for asking.\n" +
		"- If an animal suffers or is dying, only a vet can let it go without pain, and many clinics help when money is short.\n" +
		"- If a pet's behavior drives you to despair, tell me what it does, and I say what helps.\n" +
		"- If somebody hurts an animal, call the police or animal control.")
	for _, h := range i.Hits {
		if h.Guide.ID == gentleEnd || h.Guide.ID == "giving-up-a-pet" || h.Guide.ID == "releasing-pets" {
			c.add("**" + h.Heading + "** " + excerpt.Of(h.Text, 60))
			c.cite(h.Passage)
			return
		}
	}
}

// dose names no dose, even to professionals.
func (c *composer) dose(i *plan.Item) {
	if i.Answer != nil {
		c.add("**" + i.Answer.Verdict + ".** " + i.Answer.Text)
	}
	no := ""
	if i.Answer == nil && c.plan.Turn.Has("asks-to-give") {
		no = "**No.** "
	}
	c.add(no + "I cannot give doses, and please do not give any medicine without a vet: human medicines such as ibuprofen or acetaminophen can kill a pet, and the right amount depends on the animal. Call your vet. If some was given already, call a poison line now: " + urgent.PoisonLines + ".")
	if len(i.Hits) > 0 && i.Hits[0].Answers() && c.voice.Length >= Short {
		c.add(fmt.Sprintf("**%s** %s", i.Hits[0].Heading, excerpt.Of(i.Hits[0].Text, 70)))
		c.cite(i.Hits[0].Passage)
	}
}
