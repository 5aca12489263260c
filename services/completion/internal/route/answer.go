package route

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// errGone says that the reader of an answer has left.
var errGone = errors.New("route: the reader has gone")

// An answer is one completion on its way to the reader, from one or more targets,
// and what the reader has been shown of it.
type answer struct {
	model   string // the public one
	req     *chat.Request
	resume  []chat.Event // what a dead process showed
	yield   func(chat.Event, error) bool
	counter tokencount.Counter

	choices []choice
	fresh   bool // nothing was yielded here: only resume was shown

	target  *Target          // the latest
	attempt *Attempt         // the latest attempt of target
	tried   []*Target        // in the order of their first attempts
	blamed  map[*Target]bool // the targets that failed this request

	usage    chat.Usage // as reported by servers, for all attempts
	reported bool       // some server reported its usage
	partial  bool       // the reports are incomplete, or cover only parts of the answer
}

// A choice is what has been shown of one choice.
type choice struct {
	opened, finished bool
	text             strings.Builder
	reasoning        strings.Builder
	other            bool            // it also has a refusal or tool calls
	besides          strings.Builder // their text
	calls            int             // number of tool calls that have begun
}

// touched reports whether more than the opening has been shown.
func (c *choice) touched() bool {
	return c.text.Len() > 0 || c.reasoning.Len() > 0 || c.other || c.finished
}

func newAnswer(req *chat.Request, resume []chat.Event, counter tokencount.Counter, yield func(chat.Event, error) bool) *answer {
	a := &answer{req: req, resume: resume, counter: counter, yield: yield, choices: make([]choice, req.Choices()), fresh: true}
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
		c.other = c.other || d.Refusal != "" || len(d.ToolCalls) > 0 || len(d.Pets) > 0 || len(d.RelatedQuestions) > 0 || d.More != "" || d.EncryptedReasoning != ""
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

// call returns the next call to a backend.
func (a *answer) call() *Call {
	c := &Call{Request: a.req, Shown: make([]Shown, len(a.choices))}
	for i := range a.choices {
		from := &a.choices[i]
		c.Shown[i] = Shown{Text: from.text.String(), Reasoning: from.reasoning.String(), Other: from.other, Finished: from.finished}
	}
	return c
}

// rest returns the request for what follows the shown text of its only choice. Its token limit is what
// is left of the original one; left is false if nothing is left.
func (a *answer) rest(ctx context.Context) (req *chat.Request, left bool) {
	limit, limited := a.req.TokenLimit()
	if !limited {
		return a.req, true
	}
	c := &a.choices[0]
	limit -= int(textTokens(ctx, a.counter, c.text.String()) + textTokens(ctx, a.counter, c.reasoning.String()))
	own := *a.req
	if own.MaxCompletionTokens != nil {
		own.MaxCompletionTokens = &limit
	}
	if own.MaxTokens != nil {
		own.MaxTokens = &limit
	}
	return &own, limit > 0
}

// apply shows an event of a target, and adds up the reported usage.
func (a *answer) apply(e *chat.Event) error {
	switch {
	case e.Kind == chat.KindProgress:
		return a.progress(*e.Progress)
	case e.Kind == chat.KindUsage && e.Usage.Estimated:
		a.partial = true // so we must count
		return nil
	case e.Kind == chat.KindUsage:
		a.add(e.Usage)
		return nil
	case e.Kind == chat.KindDelta && e.Delta.Role != "" && a.choices[e.Choice].opened:
		return nil // a repeated opening
	}
	return a.show(*e)
}

// show yields an event. It returns errGone if the reader has left.
func (a *answer) show(e chat.Event) error {
	a.note(&e)
	a.fresh = false
	if !a.yield(e, nil) {
		return errGone
	}
	return nil
}

// progress yields a progress event, if the request asks for progress.
func (a *answer) progress(p chat.Progress) error {
	if a.req.Stream.IncludeEvents && !a.yield(chat.Event{Kind: chat.KindProgress, Progress: &p}, nil) {
		return errGone
	}
	return nil
}

// touched reports whether the reader has seen anything that another attempt could contradict.
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

// size grows whenever a part of the answer is shown.
func (a *answer) size() int {
	n := 0
	for i := range a.choices {
		n += a.choices[i].text.Len() + a.choices[i].reasoning.Len() + a.choices[i].calls
	}
	return n
}

// add adds the usage that a server reported for a call.
func (a *answer) add(u *chat.Usage) {
	a.reported = true
	a.attempt.Usage.PromptTokens += u.PromptTokens
	a.attempt.Usage.CompletionTokens += u.CompletionTokens
	a.usage.PromptTokens += u.PromptTokens
	a.usage.CompletionTokens += u.CompletionTokens
	a.usage.CachedTokens += u.CachedTokens
	a.usage.PromptAudioTokens += u.PromptAudioTokens
	a.usage.ReasoningTokens += u.ReasoningTokens
	a.usage.CompletionAudioTokens += u.CompletionAudioTokens
	a.usage.AcceptedPredictionTokens += u.AcceptedPredictionTokens
	a.usage.RejectedPredictionTokens += u.RejectedPredictionTokens
}

// countPatience bounds how long we count tokens that a server has not reported: a cancelled
// answer must end at once.
const countPatience = 40 * time.Millisecond

// bytesPerToken is the estimate if there is no time to count.
const bytesPerToken = 4

// cost returns what the answer has cost: as reported by the servers if that is complete, otherwise
// as counted here.
func (a *answer) cost(ctx context.Context) chat.Usage {
	if a.reported && !a.partial {
		return a.usage
	}
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), countPatience)
		defer cancel()
	}
	u := chat.Usage{Estimated: true}
	u.PromptTokens = promptTokens(ctx, a.counter, a.req.Messages)
	for i := range a.choices {
		reasoning := textTokens(ctx, a.counter, a.choices[i].reasoning.String())
		u.ReasoningTokens += reasoning
		u.CompletionTokens += reasoning + textTokens(ctx, a.counter, a.choices[i].text.String()) +
			textTokens(ctx, a.counter, a.choices[i].besides.String())
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

// price sets the cost of the tokens in dollars, if the target that answered has a price. Ten decimal places are
// enough for any answer.
func (a *answer) price(usage *chat.Usage) {
	if a.target != nil {
		const digits = 1e10
		usage.CostUSD = math.Round(a.target.cfg.Price.of(usage)*digits) / digits
	}
}

// trace adds to the completion's span which model answered, and the cost.
func (a *answer) trace(ctx context.Context, usage *chat.Usage) {
	span := trace.SpanFromContext(ctx)
	if a.target == nil || !span.IsRecording() {
		return
	}
	if name := a.target.cfg.Name; name != "" {
		span.SetAttributes(attribute.String(telemetry.TargetAttribute, name))
	}
	if a.target.cfg.Backend != nil {
		span.SetAttributes(attribute.String("gen_ai.response.model", a.target.cfg.Model))
	}
	if a.target.cfg.Price != (Price{}) {
		span.SetAttributes(attribute.Float64("pawstream.cost_usd", usage.CostUSD))
	}
}
