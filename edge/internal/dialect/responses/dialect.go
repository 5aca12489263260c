package responses

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

// A Dialect is OpenAI's Responses API. It is safe for concurrent use.
type Dialect struct {
	// Unknown says how to treat unknown members at the top of a request; "" refuses them.
	Unknown dialect.Unknown

	names [events]sse.Name
	heads [events]string // how the data of each type begins
}

var _ dialect.Dialect = (*Dialect)(nil)

// New returns the dialect.
func New() *Dialect {
	d := &Dialect{}
	for e := range events {
		d.names[e] = sse.Must(sse.NewName(e.String()))
		d.heads[e] = `{"type":"` + e.String() + `","sequence_number":`
	}
	return d
}

// Failure implements [dialect.Dialect].
func (*Dialect) Failure(e *failure.Error) (status int, body []byte) {
	return e.Status, openai.AppendError(nil, e)
}

// View implements [dialect.Dialect]. A response is the sum of its events, not the view of one message: see
// [Fold].
func (d *Dialect) View(m proto.Message) (view any, ok bool) {
	switch m := m.(type) {
	case *completionv1.DeleteCompletionResponse:
		return &Deleted{ID: d.PublicID(m.GetCompletionId()), Object: "response.deleted", Deleted: true}, true
	case *completionv1.CountPromptTokensResponse:
		return &InputTokens{Object: "response.input_tokens", InputTokens: m.GetPromptTokens()}, true
	}
	return nil, false
}

// InputTokens reports how many tokens an input has.
type InputTokens struct {
	Object      string `json:"object"`
	InputTokens int64  `json:"input_tokens"`
}

// A Deleted reports that a response has been deleted.
type Deleted struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`
}

// PublicID implements [dialect.Dialect]: only the prefix of an id differs between dialects.
func (*Dialect) PublicID(completion string) string { return openaiapi.ResponseID + key(completion) }

// CompletionID implements [dialect.Dialect].
func (*Dialect) CompletionID(public string) (completion string, ok bool) {
	return completionOf(public, openaiapi.ResponseID)
}

// key returns a completion's id without its prefix.
func key(completion string) string { return strings.TrimPrefix(completion, openaiapi.CompletionID) }

// completionOf returns the id of the completion that a public id with that prefix names.
func completionOf(public, prefix string) (completion string, ok bool) {
	rest, ok := strings.CutPrefix(public, prefix)
	if !ok || rest == "" || len(rest) > maxKey || strings.ContainsFunc(rest, notInKey) {
		return "", false
	}
	return openaiapi.CompletionID + rest, true
}

// maxKey bounds the characters of a key: none of our ids has more.
const maxKey = 64

func notInKey(c rune) bool {
	letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	return !letter && (c < '0' || c > '9') && c != '-'
}

// ParseEventID implements [dialect.Dialect]: an event id is "<response id>.<sequence number>".
func (d *Dialect) ParseEventID(text string) (at dialect.Cursor, ok bool) {
	id, number, _ := strings.Cut(text, ".")
	after, isNumber := dialect.ParseSequence(number)
	completion, ok := d.CompletionID(id)
	return dialect.Cursor{ID: completion, After: &after}, ok && isNumber
}
