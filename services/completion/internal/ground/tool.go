package ground

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"strings"

	"github.com/pawstream/pawstream/internal/beside"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

const (
	searchPets = "search_pets"
	foundPets  = 8
	// maxArguments bounds the arguments of one call, in bytes.
	maxArguments = 64 << 10
)

// searchTool returns the description of search_pets for a model.
func searchTool() chat.Tool {
	yes := map[string]any{"type": "boolean"}
	count := map[string]any{"type": "integer", "minimum": 0}
	list := func(values ...any) map[string]any {
		return map[string]any{"type": "array", "items": map[string]any{"type": "string", "enum": values}}
	}
	described := func(m map[string]any, text string) map[string]any {
		out := maps.Clone(m)
		out["description"] = text
		return out
	}
	return chat.Tool{
		Name:        searchPets,
		Description: "Searches the pets that wait for a home in the store. All arguments are optional.",
		Parameters: map[string]any{
			"type": "object", "additionalProperties": false,
			"properties": map[string]any{
				"species":        list("dog", "cat", "rabbit", "guinea-pig", "hamster", "bird", "fish", "reptile"),
				"sizes":          list("tiny", "small", "medium", "large", "giant"),
				"max_price":      described(count, "adoption fee in US dollars"),
				"max_age_months": count,
				"home": map[string]any{
					"type": "string", "enum": []any{"apartment", "house", "garden"}, "description": "where the pet would live",
				},
				"children":    described(yes, "lives with small children"),
				"cats":        described(yes, "lives with cats"),
				"dogs":        described(yes, "lives with dogs"),
				"hours_alone": described(count, "hours alone on a usual day"),
				"beginner":    described(yes, "suits a first-time owner"),
			},
		},
	}
}

// searchArguments are the arguments of a model's call of search_pets.
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

// A session is one call of the backend in which the model has the tool. It answers tool calls, and hides them
// from the reader.
type session struct {
	said      strings.Builder // the text
	calls     []chat.ToolCall
	more      []beside.Members // additional members of each call
	encrypted []string         // reasoning
	besides   beside.Members   // additional members of the message
	finishes  []chat.Event     // held back: the answer continues if there are calls
	out       []chat.Event
}

// relay yields the events for the reader, and keeps the others. It reports whether the call ended without an
// error, and the reader still wants events.
func (s *session) relay(events iter.Seq2[[]chat.Event, error], yield func([]chat.Event, error) bool) bool {
	for batch, err := range events {
		if err != nil {
			yield(nil, err)
			return false
		}
		s.out = s.out[:0]
		for i := range batch {
			s.filter(&batch[i])
		}
		if !yield(s.out, nil) {
			return false
		}
	}
	return true
}

// filter appends an event to those for the reader, without tool calls and finishes.
func (s *session) filter(e *chat.Event) {
	switch e.Kind {
	case chat.KindFinish:
		s.finishes = append(s.finishes, *e)
	case chat.KindDelta:
		s.said.WriteString(e.Delta.Content)
		s.besides.Add(e.Delta.More)
		if e.Delta.EncryptedReasoning != "" {
			s.encrypted = append(s.encrypted, e.Delta.EncryptedReasoning)
		}
		for i := range e.Delta.ToolCalls {
			s.collect(&e.Delta.ToolCalls[i])
		}
		own := *e
		own.Delta.ToolCalls = nil
		if d := &own.Delta; len(e.Delta.ToolCalls) > 0 && d.Role == "" && d.Content == "" && d.Refusal == "" && d.Reasoning == "" && d.EncryptedReasoning == "" && d.Logprobs == nil && d.More == "" {
			return // there is nothing else
		}
		s.out = append(s.out, own)
	default:
		s.out = append(s.out, *e)
	}
}

// collect adds a piece of a tool call.
func (s *session) collect(d *chat.ToolCallDelta) {
	for len(s.calls) <= d.Index {
		s.calls = append(s.calls, chat.ToolCall{})
		s.more = append(s.more, beside.Members{})
	}
	s.more[d.Index].Add(d.More)
	c := &s.calls[d.Index]
	if d.ID != "" {
		c.ID, c.Name = d.ID, d.Name
	}
	if len(c.Arguments)+len(d.Arguments) <= maxArguments {
		c.Arguments += d.Arguments
	}
}

// answerCalls returns the messages to append after the model has called our tool.
func (b *Backend) answerCalls(s *session) []chat.Message {
	for i := range s.calls {
		s.calls[i].More = s.more[i].String()
	}
	messages := []chat.Message{{
		Role: chat.RoleAssistant, Parts: text(s.said.String()), ToolCalls: s.calls, EncryptedReasoning: s.encrypted, More: s.besides.String(),
	}}
	for i := range s.calls {
		messages = append(messages, chat.Message{Role: chat.RoleTool, ToolCallID: s.calls[i].ID, Parts: text(b.call(&s.calls[i]))})
	}
	return messages
}

// call runs search_pets. It returns errors as text for the model.
func (b *Backend) call(f *chat.ToolCall) string {
	if f.Name != searchPets {
		return "There is no such tool."
	}
	var args searchArguments
	if f.Arguments != "" {
		if err := json.Unmarshal([]byte(f.Arguments), &args); err != nil {
			return "The arguments are not what the tool takes."
		}
	}
	pets := b.store.Select(catalogue.Filter{
		Species: args.Species, Sizes: args.Sizes, MaxPrice: args.MaxPrice, MaxMonths: args.MaxMonths, Home: args.Home,
		Children: args.Children, Cats: args.Cats, Dogs: args.Dogs, HoursAlone: args.HoursAlone, Beginner: args.Beginner,
	})
	if len(pets) == 0 {
		return "No pet in the store is like that."
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%d pets are like that.\n", len(pets))
	for _, p := range pets[:min(len(pets), foundPets)] {
		out.WriteString(describe(p))
		out.WriteByte('\n')
	}
	return out.String()
}
