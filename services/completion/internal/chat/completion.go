package chat

import "strings"

// Status is how far a completion is.
type Status string

// The statuses of a completion.
const (
	StatusInProgress Status = "in_progress"
	StatusCompleted  Status = "completed"
	StatusFailed     Status = "failed"
	StatusCancelled  Status = "cancelled"
)

// A Completion is a completion as it stands: its events added up.
type Completion struct {
	Meta    *Meta
	Status  Status
	Choices []Choice
	Usage   *Usage // nil while it runs
	Err     *Error // why it failed or was cancelled
}

// A Choice is one answer; partial unless the completion is completed.
type Choice struct {
	Content   string
	Refusal   string
	Reasoning string
	ToolCalls []ToolCall
	Logprobs  *Logprobs
	Pets      []Pet
	Reason    FinishReason // empty: it has not ended
}

// tally adds events up to a [Completion].
type tally struct {
	choices  []choiceTally
	terminal *Event
}

type choiceTally struct {
	content, refusal, reasoning strings.Builder
	calls                       []callTally
	logprobs                    *Logprobs
	pets                        []Pet
	reason                      FinishReason
}

type callTally struct {
	id, name  string
	arguments strings.Builder
}

func newTally(choices int) *tally { return &tally{choices: make([]choiceTally, choices)} }

// add takes the next event. Events of choices that were not asked for are refused
// before they are stored, so the index is in range.
func (t *tally) add(e *Event) {
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
	for _, call := range d.ToolCalls {
		c.addCall(call)
	}
	c.pets = append(c.pets, d.Pets...)
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
		c.calls = append(c.calls, callTally{})
	}
	call := &c.calls[d.Index]
	if d.ID != "" {
		call.id = d.ID
	}
	call.name += d.Name
	call.arguments.WriteString(d.Arguments)
}

// completion returns the sum so far.
func (t *tally) completion(m *Meta) *Completion {
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
		Reasoning: c.reasoning.String(),
		Logprobs:  c.logprobs,
		Pets:      c.pets,
		Reason:    c.reason,
	}
	for i := range c.calls {
		call := &c.calls[i]
		out.ToolCalls = append(out.ToolCalls, ToolCall{ID: call.id, Name: call.name, Arguments: call.arguments.String()})
	}
	return out
}

// size returns about how many bytes a completion takes where it is shown.
func (c *Completion) size() int {
	size := 0
	for i := range c.Choices {
		choice := &c.Choices[i]
		size += len(choice.Content) + len(choice.Refusal) + len(choice.Reasoning)
		for _, call := range choice.ToolCalls {
			size += len(call.ID) + len(call.Name) + len(call.Arguments)
		}
		if choice.Logprobs != nil {
			size += choice.Logprobs.size()
		}
		for j := range choice.Pets {
			size += choice.Pets[j].Size()
		}
	}
	return size
}
