package chat

// A Request is what a caller asks for: the parameters of OpenAI's "create chat
// completion", under the same names. Pointers and nil tell absent from zero. A
// Request is not changed once it has been admitted.
type Request struct {
	Model    string
	Messages []Message

	MaxCompletionTokens *int
	MaxTokens           *int // the older name of MaxCompletionTokens
	N                   *int
	Stop                []string
	Seed                *int64
	Temperature         *float64
	TopP                *float64
	FrequencyPenalty    *float64
	PresencePenalty     *float64
	LogitBias           map[int]float64
	Logprobs            bool
	TopLogprobs         *int

	Tools             []Tool
	ToolChoice        *ToolChoice
	ParallelToolCalls *bool

	ResponseFormat  *ResponseFormat
	Modalities      []Modality
	ReasoningEffort ReasoningEffort
	Verbosity       Verbosity
	Prediction      *string
	ServiceTier     string

	Store        bool
	Metadata     map[string]string
	OnDisconnect OnDisconnect
	Stream       StreamOptions

	User             string
	SafetyIdentifier string
	PromptCacheKey   string

	// Instructions stand above the conversation, for this answer alone.
	Instructions *string
	// PreviousID names the completion whose conversation is taken up; nil: none.
	PreviousID *string
	// Background says that the caller wants to come back for the answer.
	Background bool
	// More is as in [Message].
	More                      string
	IncludeEncryptedReasoning bool // where the model's server can give it
	Truncate                  bool // leave the oldest turns out rather than refuse the request
	// FunctionCalls says that the caller knows functions and no tools.
	FunctionCalls bool

	// Digest tells what is asked for from anything else, but for the model: requests with one
	// Digest and one Model ask for the same. An idempotency key needs it.
	Digest [32]byte
	// SentBefore is how often the caller's client has sent this request before; nil: it does not count. One that
	// counts asks again by itself, should it lose the answer.
	SentBefore *int
}

// Choices returns how many choices the request asks for.
func (r *Request) Choices() int {
	if r.N == nil {
		return 1
	}
	return *r.N
}

// TokenLimit returns the most tokens that each choice may have; ok is false where
// the request names no limit.
func (r *Request) TokenLimit() (limit int, ok bool) {
	switch {
	case r.MaxCompletionTokens != nil:
		return *r.MaxCompletionTokens, true
	case r.MaxTokens != nil:
		return *r.MaxTokens, true
	}
	return 0, false
}

// StreamOptions choose what a stream shows beyond the answer. They are fixed at
// creation, so that every replay shows the same.
type StreamOptions struct {
	IncludeUsage       bool
	IncludeObfuscation bool
	IncludeEvents      bool
}

// OnDisconnect is what becomes of a generation that nobody follows any more.
type OnDisconnect string

// The policies of a generation that nobody follows any more.
const (
	// OnDisconnectDefault lets the service choose: grace where somebody can come
	// back for the answer, cancel where nobody can.
	OnDisconnectDefault OnDisconnect = ""
	// OnDisconnectCancel ends the generation at once.
	OnDisconnectCancel OnDisconnect = "cancel"
	// OnDisconnectGrace ends it when no reader came back within the grace of the service.
	OnDisconnectGrace OnDisconnect = "grace"
	// OnDisconnectContinue lets it run to its end.
	OnDisconnectContinue OnDisconnect = "continue"
)

// Role is who speaks, in OpenAI's spelling.
type Role string

// The roles.
const (
	RoleSystem    Role = "system"
	RoleDeveloper Role = "developer"
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
	RoleTool      Role = "tool"
)

// A Message is one turn of a conversation.
type Message struct {
	Role Role
	// Parts is the content. Content that came as one string is one text part.
	Parts              []Part
	Name               string
	ToolCalls          []ToolCall
	ToolCallID         string
	Refusal            string
	Reasoning          string
	EncryptedReasoning []string // as in [Delta], one after the other
	// More has the members besides, as a JSON object's text; "": none. They are for the model's
	// server, and nobody looks at them here.
	More string
	// Pieces are put in the place of what they name when the request is admitted.
	Pieces []Piece
}

// Text returns the text of the message's parts, refusals included, one after the other.
func (m *Message) Text() string {
	switch len(m.Parts) {
	case 0:
		return ""
	case 1:
		return m.Parts[0].Text
	}
	var text []byte
	for _, p := range m.Parts {
		text = append(text, p.Text...)
	}
	return string(text)
}

// PartKind is what a content part holds, in OpenAI's spelling.
type PartKind string

// The kinds of content parts.
const (
	PartText    PartKind = "text"
	PartRefusal PartKind = "refusal"
	PartImage   PartKind = "image_url"
	PartAudio   PartKind = "input_audio"
	PartFile    PartKind = "file"
)

// A Part is one part of a message's content. Fields outside of its kind are empty.
type Part struct {
	Kind PartKind

	Text string // PartText, PartRefusal

	ImageURL    string // PartImage
	ImageDetail string // PartImage: "", "auto", "low", "high", "original"

	AudioData   string // PartAudio: Base64
	AudioFormat string // PartAudio: "wav", "mp3"

	FileID   string // PartFile
	FileData string // PartFile: Base64
	Filename string // PartFile

	More string // as in [Message]
}

// A ToolCall is a call of a function that the model made.
type ToolCall struct {
	ID        string
	Name      string
	Arguments string // JSON text as the model wrote it; it may be malformed
	More      string // as in [Message]: what stands beside the call
}

// A Tool is a function that the model may call.
type Tool struct {
	// Foreign says that it is no function, but something that the model's server may know: More is all of it.
	Foreign     bool
	Name        string
	Description string
	Parameters  map[string]any // JSON Schema; nil: no arguments
	Strict      *bool
	More        string // as in [Message]
}

// ToolChoiceMode is a rule on tool calls, in OpenAI's spelling.
type ToolChoiceMode string

// The rules on tool calls.
const (
	ToolChoiceNone     ToolChoiceMode = "none"
	ToolChoiceAuto     ToolChoiceMode = "auto"
	ToolChoiceRequired ToolChoiceMode = "required"
)

// A ToolChoice constrains tool calls: by Mode or, where that is empty, to the one
// Function.
type ToolChoice struct {
	Mode     ToolChoiceMode
	Function string
}

// FormatKind is a shape of an answer, in OpenAI's spelling.
type FormatKind string

// The shapes of an answer.
const (
	FormatText       FormatKind = "text"
	FormatJSONObject FormatKind = "json_object"
	FormatJSONSchema FormatKind = "json_schema"
)

// A ResponseFormat is the shape that the answer has to have. All fields but Kind
// belong to FormatJSONSchema.
type ResponseFormat struct {
	Kind        FormatKind
	Name        string
	Description string
	Schema      map[string]any
	Strict      *bool
}

// Modality is a kind of output, in OpenAI's spelling.
type Modality string

// The kinds of output.
const (
	ModalityText  Modality = "text"
	ModalityAudio Modality = "audio"
)

// ReasoningEffort is how much a reasoning model should think, by a name of the contract's; "" is
// the model's default. An engine that does not know a name may treat it as the default.
type ReasoningEffort string

// Verbosity is how long the answer should be, by a name of the contract's. An engine that does not know a name
// may treat it as VerbosityDefault.
type Verbosity string

// The lengths of an answer that the embedded engine knows.
const (
	VerbosityDefault Verbosity = ""
	VerbosityLow     Verbosity = "low"
	VerbosityMedium  Verbosity = "medium"
	VerbosityHigh    Verbosity = "high"
)
