package chat

// EventKind tells which fields of an [Event] are set.
type EventKind uint8

// The kinds of events.
const (
	// KindDelta is a piece of one choice.
	KindDelta EventKind = iota + 1
	// KindFinish ends one choice.
	KindFinish
	// KindUsage reports what the completion cost.
	KindUsage
	// KindError ends the completion early. Terminal.
	KindError
	// KindDone ends the completion. Terminal.
	KindDone
	// KindProgress reports what the service is doing. It is only live: it has no
	// sequence number and is not stored.
	KindProgress
)

// An Event is one step of a completion. Only the fields of its kind are set; it is
// a struct and not an interface so that following a completion allocates nothing.
type Event struct {
	Kind     EventKind
	Choice   int          // KindDelta, KindFinish
	Delta    Delta        // KindDelta
	Reason   FinishReason // KindFinish
	Usage    *Usage       // KindUsage; KindError and KindDone in the log, for the books
	Err      *Error       // KindError
	Progress *Progress    // KindProgress
}

// Terminal reports whether e is the last event of its completion.
func (e *Event) Terminal() bool { return e.Kind == KindError || e.Kind == KindDone }

// EndsBefore reports whether a completion that ends with e, under that sequence number, lacks
// events that a reader has seen up to a cursor. Those events were in a log that has been lost.
func (e *Event) EndsBefore(sequence, cursor int64) bool {
	if e.Err == nil || !e.Err.SetBack {
		return cursor > sequence
	}
	return cursor >= sequence || e.Err.Throughout && cursor != FromStart
}

// Sizes of the parts of an event, in bytes, without its texts.
const (
	textEventSize = 4
	eventSize     = 256
	callSize      = 64
)

// Size returns about how many bytes an event takes in memory, and never too few.
func (e *Event) Size() int {
	d := &e.Delta
	size := len(d.Content) + len(d.Refusal) + len(d.Reasoning) + len(d.EncryptedReasoning) + len(d.More)
	if e.Kind == KindDelta && d.Role == "" && d.ToolCalls == nil && d.Logprobs == nil && d.More == "" && d.EncryptedReasoning == "" {
		return size + textEventSize
	}
	size += eventSize
	for i := range d.ToolCalls {
		c := &d.ToolCalls[i]
		size += callSize + len(c.ID) + len(c.Name) + len(c.Arguments) + len(c.More)
	}
	if d.Logprobs != nil {
		size += d.Logprobs.size()
	}
	return size
}

// A Delta is a piece of one choice, to append to the earlier pieces.
type Delta struct {
	Role               Role // on the first delta of each choice
	Content            string
	Refusal            string
	Reasoning          string
	ToolCalls          []ToolCallDelta
	Logprobs           *Logprobs
	Pets               []Pet    // all pets that the choice shows; on at most one delta of a choice
	RelatedQuestions   []string // possible follow-ups; on at most one delta of a choice
	EncryptedReasoning string   // the reasoning since the previous such delta; only the model's server can read it
	// More has additional members that a model's server sent, as the text of a JSON object; "": none.
	More string
	// NoContent says that the choice's content is absent so far, not empty. It is set only on the
	// first delta of a choice.
	NoContent bool
}

// A ToolCallDelta is a piece of one tool call. Only the call's first delta has ID and
// Name.
type ToolCallDelta struct {
	Index     int
	ID        string
	Name      string
	Arguments string
	More      string // as in [Delta]: additional members of the call
}

// FinishReason is why a choice ended, in OpenAI's spelling.
type FinishReason string

// The reasons why a choice ends.
const (
	FinishStop          FinishReason = "stop"
	FinishLength        FinishReason = "length"
	FinishToolCalls     FinishReason = "tool_calls"
	FinishContentFilter FinishReason = "content_filter"
)

// Logprobs are the log probabilities of a delta's tokens.
type Logprobs struct {
	Content []TokenLogprob
	Refusal []TokenLogprob
}

// tokenSize is about how many bytes a token's log probability takes.
const tokenSize = 80

func (l *Logprobs) size() int {
	size := 0
	for _, tokens := range [][]TokenLogprob{l.Content, l.Refusal} {
		for i := range tokens {
			size += tokenSize * (1 + len(tokens[i].Top))
		}
	}
	return size
}

// A TokenLogprob is the log probability of one token. Bytes is nil if not known.
type TokenLogprob struct {
	Token   string
	Logprob float64
	Bytes   []byte
	Top     []TopLogprob
}

// A TopLogprob is the log probability of one of the likely tokens at a position.
type TopLogprob struct {
	Token   string
	Logprob float64
	Bytes   []byte
}

// Usage is what a completion cost, in tokens.
type Usage struct {
	PromptTokens     int64
	CompletionTokens int64

	CachedTokens             int64 // of PromptTokens
	PromptAudioTokens        int64 // of PromptTokens
	ReasoningTokens          int64 // of CompletionTokens
	CompletionAudioTokens    int64 // of CompletionTokens
	AcceptedPredictionTokens int64 // of CompletionTokens
	RejectedPredictionTokens int64 // of CompletionTokens

	// CostUSD is the price of the tokens, in US dollars; 0: no price is known.
	CostUSD float64

	// Estimated says that we counted the tokens, because the upstream did not report them.
	Estimated bool
}

// Stage is a phase of a completion.
type Stage string

// The phases of a completion.
const (
	StageQueued     Stage = "queued"
	StageRetrieval  Stage = "retrieval"
	StageWaiting    Stage = "waiting"
	StageGenerating Stage = "generating"
	StageTakeover   Stage = "takeover"
)

// Progress reports what the service is doing before or between events.
type Progress struct {
	Stage         Stage
	Fraction      *float64 // 0 to 1; nil: not known
	QueuePosition *int     // 1 = next; nil: not queued
}

// Text returns an event that appends text to a choice.
func Text(choice int, text string) Event {
	return Event{Kind: KindDelta, Choice: choice, Delta: Delta{Content: text}}
}

// Opening returns the first event of a choice, which names its speaker.
func Opening(choice int) Event {
	return Event{Kind: KindDelta, Choice: choice, Delta: Delta{Role: RoleAssistant}}
}

// Finish returns the event that ends a choice.
func Finish(choice int, reason FinishReason) Event {
	return Event{Kind: KindFinish, Choice: choice, Reason: reason}
}

// UsageEvent returns the event that reports what the completion cost.
func UsageEvent(u Usage) Event {
	return Event{Kind: KindUsage, Usage: &u}
}
