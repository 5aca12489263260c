package chat

import (
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/openaiapi"
	"github.com/pawstream/pawstream/internal/sse"
)

// A Dialect is OpenAI's Chat Completions API. It is safe for concurrent use.
type Dialect struct {
	// Unknown says how to treat unknown members of a request; "" refuses them.
	Unknown dialect.Unknown

	// Event types, for clients that asked for them.
	progress, failure, done sse.Name
}

var _ dialect.Updating = (*Dialect)(nil)

// New returns the dialect.
func New() *Dialect {
	return &Dialect{
		progress: sse.Must(sse.NewName("progress")),
		failure:  sse.Must(sse.NewName("error")),
		done:     sse.Must(sse.NewName("done")),
	}
}

// Decode implements [dialect.Dialect].
func (d *Dialect) Decode(text []byte, hold func(bytes int) *failure.Error) (*dialect.Request, *failure.Error) {
	x, err := decodeRequest(text, hold, d.Unknown)
	if err != nil {
		return nil, err
	}
	x.r.Failures = d.inTermsOf(&x.legacy)
	return x.r, nil
}

// Failure implements [dialect.Dialect].
func (*Dialect) Failure(e *failure.Error) (status int, body []byte) {
	return e.Status, openai.AppendError(nil, e)
}

// View implements [dialect.Dialect].
func (*Dialect) View(m proto.Message) (view any, ok bool) {
	switch m := m.(type) {
	case interface {
		GetCompletion() *completionv1.Completion
	}: // the answers to all calls with a completion
		return NewCompletion(m.GetCompletion()), true
	case *completionv1.DeleteCompletionResponse:
		return NewDeleted(m.GetCompletionId()), true
	case *completionv1.ListCompletionsResponse:
		return NewCompletionList(m), true
	case *completionv1.ListCompletionMessagesResponse:
		return NewMessageList(m), true
	case interface{ GetModel() *completionv1.Model }:
		return NewModel(m.GetModel()), true
	case *completionv1.ListModelsResponse:
		return NewModelList(m), true
	}
	return nil, false
}

// PublicID implements [dialect.Dialect]: a completion has the same id here as in the contract.
func (*Dialect) PublicID(completion string) string { return completion }

// CompletionID implements [dialect.Dialect].
func (*Dialect) CompletionID(public string) (completion string, ok bool) {
	return public, strings.HasPrefix(public, openaiapi.CompletionID)
}

// maxEventID bounds the length of an event id: none of ours is longer.
const maxEventID = 128

// ParseEventID implements [dialect.Dialect]: an event id is "<completion id>.<sequence>".
func (*Dialect) ParseEventID(text string) (at dialect.Cursor, ok bool) {
	if len(text) > maxEventID {
		return dialect.Cursor{}, false
	}
	dot := strings.LastIndexByte(text, '.')
	if dot <= 0 || strings.ContainsFunc(text[:dot], notInID) {
		return dialect.Cursor{}, false
	}
	after, ok := dialect.ParseSequence(text[dot+1:])
	return dialect.Cursor{ID: text[:dot], After: &after}, ok
}

func notInID(c rune) bool {
	letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	return !letter && (c < '0' || c > '9') && c != '_' && c != '-'
}
