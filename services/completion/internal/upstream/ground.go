package upstream

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

const (
	searchPets     = "search_pets"
	groundPassages = 4
	groundPets     = 5
	foundPets      = 8
	// maxQuestion bounds what of a question is searched for, in bytes.
	maxQuestion = 2000
)

// searchSchema are the arguments of search_pets.
const searchSchema = `{"type":"object","properties":{` +
	`"species":{"type":"array","items":{"type":"string","enum":["dog","cat","rabbit","guinea-pig","hamster","bird","fish","reptile"]}},` +
	`"sizes":{"type":"array","items":{"type":"string","enum":["tiny","small","medium","large","giant"]}},` +
	`"max_price":{"type":"integer","minimum":0,"description":"adoption fee in US dollars"},` +
	`"max_age_months":{"type":"integer","minimum":0},` +
	`"home":{"type":"string","enum":["apartment","house","garden"],"description":"where the pet would live"},` +
	`"children":{"type":"boolean","description":"lives with small children"},` +
	`"cats":{"type":"boolean","description":"lives with cats"},"dogs":{"type":"boolean","description":"lives with dogs"},` +
	`"hours_alone":{"type":"integer","minimum":0,"description":"hours alone on a usual day"},` +
	`"beginner":{"type":"boolean","description":"suits a first-time owner"}},"additionalProperties":false}`

// searchArguments are the arguments of search_pets as a model gives them.
type searchArguments struct {
	Species    []catalogue.Species `json:"species"`
	Sizes      []catalogue.Size    `json:"sizes"`
	MaxPrice   int                 `json:"max_price"`
	MaxMonths  int                 `json:"max_age_months"`
	Home       catalogue.Home      `json:"home"`
	Children   bool                `json:"children"`
	Cats       bool                `json:"cats"`
	Dogs       bool                `json:"dogs"`
	HoursAlone int                 `json:"hours_alone"`
	Beginner   bool                `json:"beginner"`
}

// offersTool reports whether search_pets may be offered: to a caller who has no use for
// tool calls of its own.
func (t *Target) offersTool(req *chat.Request) bool {
	plain := req.ResponseFormat == nil || req.ResponseFormat.Kind == chat.FormatText
	talk := !slices.ContainsFunc(req.Messages, func(m chat.Message) bool { return m.Role == chat.RoleTool })
	return t.cfg.Tools && len(req.Tools) == 0 && req.ToolChoice == nil && req.Choices() == 1 && plain && talk
}

// ground puts what the catalogue says about the question before the conversation.
func (t *Target) ground(r *request, a *answer, offered bool) error {
	if err := a.progress(chat.Progress{Stage: chat.StageRetrieval}); err != nil {
		return err
	}
	text := t.sources(question(a.req.Messages))
	r.Messages = append([]message{{Role: chat.RoleSystem, Content: text}}, r.Messages...)
	if offered {
		r.Tools = []tool{{Type: "function", Function: function{
			Name:        searchPets,
			Description: "Searches the pets that wait for a home in the store. All arguments are optional.",
			Parameters:  json.RawMessage(searchSchema),
		}}}
	}
	return nil
}

// question returns the last thing that the user said.
func question(messages []chat.Message) string {
	for i := range slices.Backward(messages) {
		if messages[i].Role == chat.RoleUser {
			text := messages[i].Text()
			return strings.ToValidUTF8(text[:min(len(text), maxQuestion)], "")
		}
	}
	return ""
}

// sources returns the passages and pets that are about a question, each with its id.
func (t *Target) sources(question string) string {
	var b strings.Builder
	b.WriteString("You answer for Petstore, a pet-adoption store. Rely on these sources of the store where they help, " +
		"name the id of each that you use in square brackets, and do not make up pets. In an emergency send people to a vet.\n")
	if question == "" {
		return b.String()
	}
	for _, hit := range t.cfg.Catalogue.Search(catalogue.Query{Text: question, Limit: groundPassages}) {
		fmt.Fprintf(&b, "\n[%s] %s: %s\n%s\n", hit.ID, hit.Guide.Title, hit.Heading, hit.Text)
	}
	named := 0
	for _, mention := range t.cfg.Catalogue.Names(question) {
		if mention.Pet != nil && named < groundPets {
			named++
			fmt.Fprintf(&b, "\n%s\n", describe(mention.Pet))
		}
		if mention.Breed == nil {
			continue
		}
		for _, pet := range t.cfg.Catalogue.Select(catalogue.Filter{BreedIDs: []string{mention.Breed.ID}}) {
			if named < groundPets {
				named++
				fmt.Fprintf(&b, "\n%s\n", describe(pet))
			}
		}
	}
	return b.String()
}

func describe(p *catalogue.Pet) string {
	return fmt.Sprintf("[%s] %s: %s, %s, %s, %d months old, fee $%d, size %s, energy %s, needs at least: %s. "+
		"Good with children: %s, cats: %s, dogs: %s. %s %s",
		p.ID, p.Name, p.Species, p.Breed.Name, p.Sex, p.AgeMonths, p.Price, p.Size, p.Energy, p.Home,
		p.GoodWith.Children, p.GoodWith.Cats, p.GoodWith.Dogs, p.SpecialNeeds, p.Story)
}

// answerCalls returns the turns that follow when the model has called our tool.
func (t *Target) answerCalls(s *session) []message {
	turns := []message{{Role: chat.RoleAssistant, Content: s.said.String(), ToolCalls: s.calls}}
	for i := range s.calls {
		turns = append(turns, message{
			Role: chat.RoleTool, ToolCallID: s.calls[i].ID, Content: t.call(&s.calls[i].Function),
		})
	}
	return turns
}

// call runs search_pets. What is wrong with the call is for the model to read.
func (t *Target) call(f *functionCall) string {
	if f.Name != searchPets {
		return "There is no such tool."
	}
	var args searchArguments
	if f.Arguments != "" {
		if err := json.Unmarshal([]byte(f.Arguments), &args); err != nil {
			return "The arguments are not what the tool takes."
		}
	}
	pets := t.cfg.Catalogue.Select(catalogue.Filter{
		Species: args.Species, Sizes: args.Sizes, MaxPrice: args.MaxPrice, MaxMonths: args.MaxMonths, Home: args.Home,
		Children: args.Children, Cats: args.Cats, Dogs: args.Dogs, HoursAlone: args.HoursAlone, Beginner: args.Beginner,
	})
	if len(pets) == 0 {
		return "No pet in the store is like that."
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d pets are like that.\n", len(pets))
	for _, p := range pets[:min(len(pets), foundPets)] {
		b.WriteString(describe(p))
		b.WriteByte('\n')
	}
	return b.String()
}
