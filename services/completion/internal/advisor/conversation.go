package advisor

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// maxRead bounds how much of a conversation is read, in bytes from its end. A turn counts at most maxTurn bytes.
const (
	maxRead = 32 << 10
	maxTurn = 6 << 10
)

// listen follows a conversation to its last turn.
func (a *Advisor) listen(messages []chat.Message) *plan.Plan {
	c := a.planner.Begin()
	messages = recent(messages)
	last := len(messages) - 1
	for last >= 0 && messages[last].Role != chat.RoleUser {
		last--
	}
	var pl *plan.Plan
	for i, m := range messages {
		text := m.Text()
		switch m.Role {
		case chat.RoleSystem, chat.RoleDeveloper:
			c.Brief(text)
		case chat.RoleAssistant:
			c.Answered(a.shownIn(text))
		case chat.RoleUser:
			if i < last {
				c.Hear(text)
			} else {
				pl = c.Ask(text)
			}
		case chat.RoleTool:
		}
	}
	if pl == nil { // there is no turn of a user
		pl = c.Ask("")
	}
	return pl
}

// recent drops the oldest messages beyond the limit, except the system's and developer's among the first four.
func recent(messages []chat.Message) []chat.Message {
	total := 0
	for i := len(messages) - 1; i >= 0; i-- {
		total += min(len(messages[i].Text()), maxTurn) + 64
		if total <= maxRead {
			continue
		}
		var kept []chat.Message
		for _, m := range messages[:min(i+1, 4)] {
			if m.Role == chat.RoleSystem || m.Role == chat.RoleDeveloper {
				kept = append(kept, m)
			}
		}
		return append(kept, messages[i+1:]...)
	}
	return messages
}

var bold = regexp.MustCompile(`\*\*([^*\n]{2,60})\*\*`)

// shownIn returns the pets that an answer shows: those in bold or, in an answer of another model, all named ones.
func (a *Advisor) shownIn(text string) []*catalogue.Pet {
	text = text[:min(len(text), maxTurn)]
	var shown []*catalogue.Pet
	add := func(p *catalogue.Pet) {
		if p != nil && !slices.Contains(shown, p) {
			shown = append(shown, p)
		}
	}
	for _, m := range bold.FindAllStringSubmatch(text, -1) {
		add(a.cat.PetNamed(m[1]))
	}
	if len(shown) == 0 && !citesGuides(text) {
		for _, m := range a.cat.Names(text) {
			add(m.Pet)
		}
	}
	return shown
}

// citesGuides reports whether an answer is the advisor's own, and names no pet as its source: "peanuts" are no pet then.
func citesGuides(text string) bool {
	return strings.Contains(text, "*Sources: ") && !strings.Contains(text, "pets in our store: ")
}

// voiceOf returns the voice of the answer to a request.
func voiceOf(req *chat.Request, pl *plan.Plan, choice int) compose.Voice {
	v := compose.Voice{Length: compose.Normal, Choice: choice, Seed: compose.SeedOf(pl.Turn.Written)}
	if req.Model == ModelTurbo {
		v.Length = compose.Short
	}
	switch req.Verbosity {
	case chat.VerbosityLow:
		v.Length--
	case chat.VerbosityHigh:
		v.Length++
	case chat.VerbosityDefault, chat.VerbosityMedium:
	}
	if req.Seed != nil {
		v.Seed = compose.SeedOf(strconv.FormatInt(*req.Seed, 10))
	}
	return v
}

// write composes one choice, as text or, if requested, as JSON.
func (a *Advisor) write(req *chat.Request, pl *plan.Plan, choice int) (compose.Answer, error) {
	answer := compose.Write(a.cat, pl, voiceOf(req, pl, choice))
	f := req.ResponseFormat
	if f == nil && pl.Style.Wants("json") && !grave(&pl.Items[0]) {
		if underKeys(pl.Turn, &answer) {
			return answer, nil
		}
		f = &chat.ResponseFormat{Kind: chat.FormatJSONObject}
	}
	if f != nil && f.Kind != chat.FormatText {
		return inJSON(f, answer)
	}
	return answer, nil
}
