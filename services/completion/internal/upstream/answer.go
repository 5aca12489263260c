package upstream

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// errGone says that the reader of an answer wants no more.
var errGone = errors.New("upstream: the reader has gone")

// An answer is one completion on its way to the reader, whichever targets it comes from,
// and what of it has been shown.
type answer struct {
	req    *chat.Request
	resume []chat.Event // what a dead process has shown
	yield  func(chat.Event, error) bool

	choices []choice
	fresh   bool // nothing was yielded here: resume is all that was shown

	place  *Place           // that was asked last
	blamed map[*Target]bool // that this request has found ill

	usage   chat.Usage // what servers have told, of all attempts
	told    bool       // servers have told something
	partial bool       // they have not told all, or have not seen the answer as one
}

// A choice is what has been shown of one choice.
type choice struct {
	opened, finished bool
	text             strings.Builder
	reasoning        strings.Builder
	other            bool            // a refusal or tool calls too
	besides          strings.Builder // their text
	calls            int             // tool calls that have begun
}

// touched reports whether more than its beginning has been shown.
func (c *choice) touched() bool {
	return c.text.Len() > 0 || c.reasoning.Len() > 0 || c.other || c.finished
}

func newAnswer(req *chat.Request, resume []chat.Event, yield func(chat.Event, error) bool) *answer {
	a := &answer{req: req, resume: resume, yield: yield, choices: make([]choice, req.Choices()), fresh: true}
	for i := range resume {
		a.note(&resume[i])
	}
	return a
}

// note adds an event to what has been shown.
func (a *answer) note(e *chat.Event) {
	c := &a.choices[e.Choice]
	switch e.Kind {
	case chat.KindDelta:
		d := &e.Delta
		c.opened = c.opened || d.Role != ""
		c.text.WriteString(d.Content)
		c.reasoning.WriteString(d.Reasoning)
		c.other = c.other || d.Refusal != "" || len(d.ToolCalls) > 0 || len(d.Pets) > 0
		c.besides.WriteString(d.Refusal)
		for _, call := range d.ToolCalls {
			c.besides.WriteString(call.Name)
			c.besides.WriteString(call.Arguments)
			c.calls = max(c.calls, call.Index+1)
		}
	case chat.KindFinish:
		c.finished = true
	default:
	}
}

// show yields an event: errGone where the reader wants no more.
func (a *answer) show(e chat.Event) error {
	a.note(&e)
	a.fresh = false
	if !a.yield(e, nil) {
		return errGone
	}
	return nil
}

// open shows the beginning of a choice, once.
func (a *answer) open(i int) error {
	if a.choices[i].opened {
		return nil
	}
	return a.show(chat.Opening(i))
}

// progress tells those who asked for it what is going on.
func (a *answer) progress(p chat.Progress) error {
	if a.req.Stream.IncludeEvents && !a.yield(chat.Event{Kind: chat.KindProgress, Progress: &p}, nil) {
		return errGone
	}
	return nil
}

// touched reports whether anything has been shown that another attempt could contradict.
func (a *answer) touched() bool {
	for i := range a.choices {
		if a.choices[i].touched() {
			return true
		}
	}
	return false
}

// complete reports whether every choice has ended.
func (a *answer) complete() bool {
	for i := range a.choices {
		if !a.choices[i].finished {
			return false
		}
	}
	return true
}

// size grows whenever anything is shown that counts.
func (a *answer) size() int {
	n := 0
	for i := range a.choices {
		n += a.choices[i].text.Len() + a.choices[i].reasoning.Len() + a.choices[i].calls
	}
	return n
}

// add takes what a server told an attempt has cost.
func (a *answer) add(u *chat.Usage) {
	a.usage.PromptTokens += u.PromptTokens
	a.usage.CompletionTokens += u.CompletionTokens
	a.usage.CachedTokens += u.CachedTokens
	a.usage.PromptAudioTokens += u.PromptAudioTokens
	a.usage.ReasoningTokens += u.ReasoningTokens
	a.usage.CompletionAudioTokens += u.CompletionAudioTokens
	a.usage.AcceptedPredictionTokens += u.AcceptedPredictionTokens
	a.usage.RejectedPredictionTokens += u.RejectedPredictionTokens
	a.usage.Estimated = a.usage.Estimated || u.Estimated
}

// countPatience bounds the counting of what a server has not told: an answer that is
// cancelled has to end at once.
const countPatience = 40 * time.Millisecond

// bytesPerToken is what is reckoned with where there is no time to count.
const bytesPerToken = 4

// cost returns what the answer has cost: what servers told if that is all of it, else
// what we count.
func (a *answer) cost(ctx context.Context, counter tokencount.Counter) chat.Usage {
	if a.told && !a.partial {
		return a.usage
	}
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), countPatience)
		defer cancel()
	}
	u := chat.Usage{Estimated: true}
	u.PromptTokens = promptTokens(ctx, counter, a.req.Messages)
	for i := range a.choices {
		reasoning := textTokens(ctx, counter, a.choices[i].reasoning.String())
		u.ReasoningTokens += reasoning
		u.CompletionTokens += reasoning + textTokens(ctx, counter, a.choices[i].text.String()) +
			textTokens(ctx, counter, a.choices[i].besides.String())
	}
	return u
}

func promptTokens(ctx context.Context, counter tokencount.Counter, messages []chat.Message) int64 {
	n, err := counter.Prompt(ctx, messages, 1<<30)
	if err == nil {
		return int64(n)
	}
	size := 0
	for i := range messages {
		size += len(messages[i].Text()) + len(messages[i].Refusal)
	}
	return int64(size / bytesPerToken)
}

func textTokens(ctx context.Context, counter tokencount.Counter, text string) int64 {
	n, err := counter.Count(ctx, text, 1<<30)
	if err != nil {
		return int64(len(text)/bytesPerToken) + 1
	}
	return int64(n)
}
