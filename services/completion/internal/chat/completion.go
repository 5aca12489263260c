package chat

import (
	"strings"

	"github.com/pawstream/pawstream/internal/beside"
)

// Status is how far a completion has come.
type Status string

// The statuses of a completion.
const (
	StatusInProgress Status = "in_progress"
	StatusCompleted  Status = "completed"
	StatusFailed     Status = "failed"
	StatusCancelled  Status = "cancelled"
)

// A Completion is the current state of a completion: the sum of its events.
type Completion struct {
	Meta    *Meta
	Status  Status
	Choices []Choice
	Usage   *Usage // nil while it runs
	Err     *Error // why it failed or was cancelled
}

// A Choice is one answer. It is partial unless the completion is completed.
type Choice struct {
	Content            string
	Refusal            string
	Reasoning          string
	EncryptedReasoning []string // as in [Message]
	ToolCalls          []ToolCall
	Logprobs           *Logprobs
	Pets               []Pet
	RelatedQuestions   []string     // as in [Delta]
	More               string       // as in [Delta], of the whole answer
	NoContent          bool         // the content is absent, not empty
	Reason             FinishReason // empty: the choice has not ended
}

// A Tally adds events up to a [Completion].
type Tally struct {
	choices  []choiceTally
	terminal *Event
}

type choiceTally struct {
	content, refusal, reasoning strings.Builder
	encrypted                   []string
	calls                       []*callTally // a builder must not be copied
	logprobs                    *Logprobs
	pets                        []Pet
	related                     []string
	more                        beside.Members
	noContent                   bool
	reason                      FinishReason
}

type callTally struct {
	id, name  string
	arguments strings.Builder
	more      beside.Members
}

// NewTally returns an empty tally for a completion with that many choices.
func NewTally(choices int) *Tally { return &Tally{choices: make([]choiceTally, choices)} }

// Add adds the next event. Events of choices that were not asked for are refused
// before they are stored, so the index is in range.
func (t *Tally) Add(e *Event) {
	switch e.Kind {
	case KindDelta:
		t.choices[e.Choice].add(&e.Delta)
	case KindFinish:
		t.choices[e.Choice].reason = e.Reason
	case KindError, KindDone:
		terminal := *e
		t.terminal = &terminal
	case KindUsage, KindProgress:
		// The terminal event holds the usage; progress is not part of an answer.
	}
}

func (c *choiceTally) add(d *Delta) {
	c.content.WriteString(d.Content)
	c.refusal.WriteString(d.Refusal)
	c.reasoning.WriteString(d.Reasoning)
	if d.EncryptedReasoning != "" {
		c.encrypted = append(c.encrypted, d.EncryptedReasoning)
	}
	for _, call := range d.ToolCalls {
		c.addCall(call)
	}
	c.pets = append(c.pets, d.Pets...)
	c.related = append(c.related, d.RelatedQuestions...)
	c.more.Add(d.More)
	c.noContent = c.noContent || d.NoContent
	if d.Logprobs != nil {
		if c.logprobs == nil {
			c.logprobs = &Logprobs{}
		}
		c.logprobs.Content = append(c.logprobs.Content, d.Logprobs.Content...)
		c.logprobs.Refusal = append(c.logprobs.Refusal, d.Logprobs.Refusal...)
	}
}

func (c *choiceTally) addCall(d ToolCallDelta) {
	for d.Index >= len(c.calls) {
		c.calls = append(c.calls, &callTally{})
	}
	call := c.calls[d.Index]
	if d.ID != "" {
		call.id = d.ID
	}
	call.name += d.Name
	call.arguments.WriteString(d.Arguments)
	call.more.Add(d.More)
}

// Completion returns the sum so far.
func (t *Tally) Completion(m *Meta) *Completion {
	c := &Completion{Meta: m, Status: StatusInProgress, Choices: make([]Choice, len(t.choices))}
	for i := range t.choices {
		c.Choices[i] = t.choices[i].choice()
	}
	if t.terminal == nil {
		return c
	}
	c.Usage, c.Err = t.terminal.Usage, t.terminal.Err
	switch {
	case c.Err == nil:
		c.Status = StatusCompleted
	case c.Err.Code == CodeCompletionCancelled:
		c.Status = StatusCancelled
	default:
		c.Status = StatusFailed
	}
	return c
}

func (c *choiceTally) choice() Choice {
	out := Choice{
		Content:   c.content.String(),
		Refusal:   c.refusal.String(),
		Reasoning: c.reasoning.String(), EncryptedReasoning: c.encrypted,
		Logprobs: c.logprobs,
		Pets:     c.pets, RelatedQuestions: c.related,
		More:      c.more.String(),
		NoContent: c.noContent && c.content.Len() == 0,
		Reason:    c.reason,
	}
	for _, call := range c.calls {
		out.ToolCalls = append(out.ToolCalls, ToolCall{
			ID: call.id, Name: call.name, Arguments: call.arguments.String(),
			More: call.more.String(),
		})
	}
	return out
}

// Size returns about how many bytes a completion takes in a response.
func (c *Completion) Size() int {
	size := 0
	for i := range c.Choices {
		choice := &c.Choices[i]
		size += len(choice.Content) + len(choice.Refusal) + len(choice.Reasoning) + len(choice.More) + len(strings.Join(choice.EncryptedReasoning, ""))
		for _, call := range choice.ToolCalls {
			size += len(call.ID) + len(call.Name) + len(call.Arguments) + len(call.More)
		}
		if choice.Logprobs != nil {
			size += choice.Logprobs.size()
		}
		for j := range choice.Pets {
			size += choice.Pets[j].Size()
		}
		size += SizeOfTexts(choice.RelatedQuestions)
	}
	return size
}
