// Package accent reads the streams of servers with OpenAI's chat-completion API, including their deviations
// from it. It turns a body into events, and each event's data into chunks as OpenAI would send them.
// [Table] has every known deviation, the servers that send it, and how it is read.
//
// The package does not judge whether an answer is complete. It follows the rule of package openaibackend:
// anything that cannot be read as intended is an error, and never a part of an answer.
package accent

// An Accent is one way in which servers deviate from OpenAI's stream.
type Accent uint8

// The accents, in the order in which a body meets them.
const (
	EncodedBody Accent = iota
	WholeBody
	ErrorLines
	UnclosedEnd
	EmptyEvents
	ErrorForms
	LooseNumbers
	SplitCharacters
	ContentParts
	NullContent
	ReasoningNames
	MoreMembers
	MessageForDelta
	TextForDelta
	SingleCalls
	LegacyCalls
	SharedIndexes
	SecondNames
	MissingIndexes
	SparseIndexes
	ChangingIDs
	MissingIDs
	NamePieces
	LateNames
	ObjectArguments
	FinishNames
	UnknownFinishes
	StopsWithCalls
	UsageElsewhere
	accents // how many there are
)

// A Row describes an accent.
type Row struct {
	Name string // the name of its case in testdata
	From string // the servers that send it
	Made string // how it is read
}

// Table has a row for each accent. A test checks that each has a recorded stream, which is read correctly
// with the row, and differently without it.
var Table = [accents]Row{ //nolint:gochecknoglobals // a table
	EncodedBody:     {"encoded-body", "gateways and proxies that compress whatever they pass on", "gzip, deflate and zstd are decoded, though identity was asked for"},
	WholeBody:       {"whole-body", "gateways that buffer, and servers without streaming", "a whole answer, or an error, in JSON is read as a stream of one chunk"},
	ErrorLines:      {"error-lines", "llama.cpp before 2025", "a field `error:` is an event of that name"},
	UnclosedEnd:     {"unclosed-end", "servers that close the connection behind their last line", "a whole `[DONE]` counts without its blank line, or its newline"},
	EmptyEvents:     {"empty-events", "gateways that keep a connection alive by `data:`", "an event without data is none"},
	ErrorForms:      {"error-forms", "vLLM, SGLang, Mistral, Gemini, xAI, Cohere, FastAPI, Cloudflare", "an error is one in whichever of their shapes it comes in a stream"},
	LooseNumbers:    {"loose-numbers", "servers in languages with one kind of number", "1.0 and \"1\" are 1"},
	SplitCharacters: {"split-characters", "servers that send tokens which hold half a character", "halves of a surrogate pair, or bytes of a character, are joined; what a length limit cut is U+FFFD"},
	ContentParts:    {"content-parts", "Mistral's reasoning models", "a list of parts, or one alone, becomes text and reasoning; parts of another kind are handed on"},
	NullContent:     {"null-content", "OpenAI, Azure, Groq, DeepSeek, llama.cpp", "content that is null stays null"},
	ReasoningNames:  {"reasoning-names", "vLLM, OpenRouter, Groq, Ollama, LM Studio", "`reasoning` is `reasoning_content`; of both, one counts"},
	MoreMembers:     {"more-members", "Gemini (extra_content), OpenRouter (reasoning_details), LiteLLM (thinking_blocks)", "members that OpenAI does not have are handed on, beside a delta or a call"},
	MessageForDelta: {"message-for-delta", "servers that end a stream with the form of a whole answer", "`message` is read where there is no `delta`"},
	TextForDelta:    {"text-for-delta", "servers that stream the older completions' form", "`text` is content where there is neither `delta` nor `message`"},
	SingleCalls:     {"single-calls", "small gateways", "`tool_calls` that is one object is a list of it"},
	LegacyCalls:     {"legacy-calls", "servers from before tool calls, Azure's older versions", "`function_call` is a tool call"},
	SharedIndexes:   {"shared-indexes", "Ollama, proxies before Gemini", "calls of one index with ids of their own are calls of their own"},
	SecondNames:     {"second-names", "SGLang's and other parsers of calls in text", "a name after whole arguments begins another call, under the same id too"},
	MissingIndexes:  {"missing-indexes", "Gemini, Ollama before 0.4.7", "calls without an index are told apart by ids, names and whole arguments"},
	SparseIndexes:   {"sparse-indexes", "servers that number calls with their blocks of content", "our indexes are dense, whatever theirs are"},
	ChangingIDs:     {"changing-ids", "vLLM, which gave each piece an id of its own", "a new id without a name goes on with the arguments"},
	MissingIDs:      {"missing-ids", "LM Studio, text-generation-inference, older parsers", "a call gets an id; one that was given away already is replaced"},
	NamePieces:      {"name-pieces", "servers that stream the name by tokens, or repeat it", "pieces are added up until arguments begin; the name so far is not added again"},
	LateNames:       {"late-names", "MiniMax, vMLX, Kimi through gateways", "a call is kept until its name is there"},
	ObjectArguments: {"object-arguments", "servers that pass Ollama's own form on, TGI", "arguments that are an object are their text"},
	FinishNames:     {"finish-names", "Together (eos), Anthropic's and Gemini's own through gateways", "their reasons are OpenAI's"},
	UnknownFinishes: {"unknown-finishes", "whoever comes next", "a reason that nobody knows is stop if there is an answer, and is counted"},
	StopsWithCalls:  {"stops-with-calls", "Gemini, Ollama", "stop after tool calls is tool_calls"},
	UsageElsewhere:  {"usage-elsewhere", "Groq (x_groq), Mistral, OpenRouter, DeepSeek", "usage counts wherever it stands, the last one"},
}
