package chat

// A Request is what a caller asks for: the parameters of OpenAI's "create chat
// completion", under the same names. Nil pointers mean absent, as opposed to zero. A
// Request must not be changed after it has been admitted.
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

	// Instructions precede the conversation, for this answer only.
	Instructions *string
	// PreviousID names the completion whose conversation this request continues; nil: none.
	PreviousID *string
	// Background says that the caller will come back for the answer.
	Background bool
	// More is as in [Message].
	More                      string
	IncludeEncryptedReasoning bool // if the model's server can provide it
	Truncate                  bool // drop the oldest turns instead of refusing the request
	// FunctionCalls says that the caller knows functions, but not tools.
	FunctionCalls bool

	// Digest identifies everything that is asked for, except the model: requests with the same
	// Digest and the same Model ask for the same. An idempotency key needs it.
	Digest [32]byte
	// SentBefore is how often the caller's client has already sent this request; nil: the client does not count. A
	// client that counts retries by itself if it loses the answer.
	SentBefore *int
}

// Choices returns how many choices the request asks for.
func (r *Request) Choices() int {
	if r.N == nil {
		return 1
	}
	return *r.N
}

// TokenLimit returns the maximum number of tokens of each choice; ok is false if
// the request has no limit.
func (r *Request) TokenLimit() (limit int, ok bool) {
	switch {
	case r.MaxCompletionTokens != nil:
		return *r.MaxCompletionTokens, true
	case r.MaxTokens != nil:
		return *r.MaxTokens, true
	}
	return 0, false
}

// StreamOptions select what a stream shows beyond the answer. They are fixed at
// creation, so that every replay shows the same.
type StreamOptions struct {
	IncludeUsage       bool
	IncludeObfuscation bool
	IncludeEvents      bool
}

// OnDisconnect is what happens to a generation whose last reader has left.
type OnDisconnect string

// The policies for a generation whose last reader has left.
const (
	// OnDisconnectDefault lets the service choose: grace if a reader can come
	// back for the answer, otherwise cancel.
	OnDisconnectDefault OnDisconnect = ""
	// OnDisconnectCancel ends the generation at once.
	OnDisconnectCancel OnDisconnect = "cancel"
	// OnDisconnectGrace ends it unless a reader comes back within the service's grace period.
	OnDisconnectGrace OnDisconnect = "grace"
	// OnDisconnectContinue lets it run to its end.
	OnDisconnectContinue OnDisconnect = "continue"
)

// Role is the author of a message, in OpenAI's spelling.
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
	// Parts is the content. Content that was sent as one string is one text part.
	Parts              []Part
	Name               string
	ToolCalls          []ToolCall
	ToolCallID         string
	Refusal            string
	Reasoning          string
	EncryptedReasoning []string // as in [Delta], one after the other
	// More has additional members, as the text of a JSON object; "": none. They are for the model's
	// server, and are not interpreted here.
	More string
	// Pieces name pieces of earlier answers. Admission replaces them with what they name.
	Pieces []Piece
}

// Text returns the concatenated text of the message's parts, including refusals.
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

// A Part is one part of a message's content. The fields of other kinds are empty.
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
	More      string // as in [Message]: additional members of the call
}

// A Tool is a function that the model may call.
type Tool struct {
	// Foreign says that the tool is not a function, but something that the model's server may know. Then only More is set.
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

// A ToolChoice constrains tool calls: by Mode or, if that is empty, to the one
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

// A ResponseFormat is the shape that the answer must have. All fields except Kind
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

// ReasoningEffort is how much a reasoning model should think, as a name of the contract; "" is
// the model's default. An engine that does not know a name may treat it as the default.
type ReasoningEffort string

// Verbosity is how long the answer should be, as a name of the contract. An engine that does not know a name
// may treat it as VerbosityDefault.
type Verbosity string

// The lengths of an answer that the embedded engine knows.
const (
	VerbosityDefault Verbosity = ""
	VerbosityLow     Verbosity = "low"
	VerbosityMedium  Verbosity = "medium"
	VerbosityHigh    Verbosity = "high"
)
