package responses

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/beside"
)

// maxItems bounds the items of the input. Several of them may be one message; the contract accepts as many
// messages.
const maxItems = 2048

// An input is the conversation as messages, and the place of each of them in the body.
type input struct {
	messages []*completionv1.ChatMessage
	places   []place
	text     bool // the input is a string
	open     bool // the last message is the assistant's and may continue
}

// A place says which items of the body a message consists of.
type place struct {
	item   int   // the first one
	output bool  // it is a tool's output
	calls  []int // one for each tool call
	pieces []int // one for each answer piece
}

// decode reads "input": a string or an array of items.
func (in *input) decode(d *body.Decoder) *failure.Error {
	if d.Absent() {
		return nil
	}
	switch d.Kind() {
	case jsontext.KindString:
		text := &completionv1.ChatMessage_Text{}
		in.add(0, &completionv1.ChatMessage{Role: completionv1.Role_ROLE_USER, Content: text})
		in.text = true
		return d.Text(&text.Text)
	case jsontext.KindBeginArray:
		n := 0
		return d.Array(func() *failure.Error {
			if n == maxItems {
				return failure.Field(failure.CodeArrayAboveMaxLength, "input", fmt.Sprintf("may hold at most %d items", maxItems))
			}
			i, err := decodeItem(d)
			if err == nil {
				err = in.item(n, i)
			}
			n++
			return err
		})
	default:
		return d.OtherType("a string or an array of items")
	}
}

// add adds a message that begins with the item at that index.
func (in *input) add(item int, m *completionv1.ChatMessage) {
	in.messages = append(in.messages, m)
	in.places = append(in.places, place{item: item, output: m.GetToolCallId() != ""})
	in.open = m.GetRole() == completionv1.Role_ROLE_ASSISTANT
}

// assistant returns the assistant's message that an item belongs to: the last one if it can take the item,
// otherwise a new one.
func (in *input) assistant(item int, takes func(*completionv1.ChatMessage) bool) (*completionv1.ChatMessage, *place) {
	if !in.open || !takes(in.messages[len(in.messages)-1]) {
		in.add(item, &completionv1.ChatMessage{Role: completionv1.Role_ROLE_ASSISTANT})
	}
	return in.messages[len(in.messages)-1], &in.places[len(in.places)-1]
}

// speechless reports whether a message has nothing but reasoning.
func speechless(m *completionv1.ChatMessage) bool {
	return m.GetContent() == nil && len(m.GetToolCalls()) == 0 && m.GetRefusal() == "" &&
		!slices.ContainsFunc(m.GetAnswerPieces(), func(p *completionv1.AnswerPiece) bool {
			return p.GetKind() != completionv1.AnswerPiece_KIND_REASONING
		})
}

// names reports whether a message has a piece of a completion. Its items may come in any order, even reasoning
// after a call.
func names(m *completionv1.ChatMessage, completion string) bool {
	return slices.ContainsFunc(m.GetAnswerPieces(), func(p *completionv1.AnswerPiece) bool { return p.GetCompletionId() == completion })
}

func always(*completionv1.ChatMessage) bool { return true }

// item adds an item.
func (in *input) item(n int, i *inputItem) *failure.Error {
	switch i.kind {
	case itemMessage:
		if i.role == completionv1.Role_ROLE_ASSISTANT {
			m, _ := in.assistant(n, speechless)
			m.Content = i.said.Content
			addMore(m, &i.more)
			return nil
		}
		in.add(n, &completionv1.ChatMessage{Role: i.role, Content: i.said.Content, More: i.more.Object()})
	case itemReasoning:
		takes := speechless
		if i.reasoning == "" && i.encrypted == "" {
			takes = always // it has only additional members of a model's server
		}
		m, _ := in.assistant(n, takes)
		addMore(m, &i.more)
		m.Reasoning += i.reasoning
		if i.encrypted != "" {
			m.EncryptedReasoning = append(m.EncryptedReasoning, i.encrypted)
		}
	case itemCall:
		m, at := in.assistant(n, always)
		m.ToolCalls = append(m.ToolCalls, &completionv1.ToolCall{Id: i.callID, More: i.more.Object(), Kind: &completionv1.ToolCall_Function{
			Function: &completionv1.FunctionCall{Name: i.name, Arguments: i.arguments},
		}})
		at.calls = append(at.calls, n)
	case itemOutput:
		in.add(n, &completionv1.ChatMessage{Role: completionv1.Role_ROLE_TOOL, ToolCallId: i.callID, Content: i.said.Content, More: i.more.Object()})
	case itemReference:
		return in.reference(n, i.id)
	}
	return nil
}

// addMore adds an item's additional members to its message. Several items of a message may have some.
func addMore(m *completionv1.ChatMessage, more *body.Besides) {
	var all beside.Members
	all.Add(m.GetMore())
	all.Add(more.Object())
	m.More = all.String()
}

// reference adds an item that refers to one of an earlier response.
func (in *input) reference(n int, id string) *failure.Error {
	piece, ok := pieceOf(id)
	if !ok {
		return failure.Field(failure.CodeInvalidValue, fmt.Sprintf("input[%d].id", n), "names no known item")
	}
	m, at := in.assistant(n, func(m *completionv1.ChatMessage) bool {
		return piece.GetKind() == completionv1.AnswerPiece_KIND_TOOL_CALL || speechless(m) || names(m, piece.GetCompletionId())
	})
	m.AnswerPieces = append(m.AnswerPieces, piece)
	at.pieces = append(at.pieces, n)
	return nil
}

// pieceOf returns the piece of an answer that an item's id stands for.
func pieceOf(id string) (*completionv1.AnswerPiece, bool) {
	end := strings.LastIndexByte(id, '_')
	if end < 0 {
		return nil, false
	}
	number, err := strconv.ParseInt(id[end+1:], 10, 32)
	if err != nil || number < 0 {
		return nil, false
	}
	for prefix, k := range map[string]completionv1.AnswerPiece_Kind{
		reasoningPrefix: completionv1.AnswerPiece_KIND_REASONING,
		messagePrefix:   completionv1.AnswerPiece_KIND_CONTENT,
		callPrefix:      completionv1.AnswerPiece_KIND_TOOL_CALL,
	} {
		completion, ok := completionOf(id[:end], prefix)
		if !ok {
			continue
		}
		piece := &completionv1.AnswerPiece{CompletionId: completion, Kind: k}
		if k == completionv1.AnswerPiece_KIND_TOOL_CALL {
			piece.Index = int32(number)
		}
		return piece, true
	}
	return nil, false
}

// finish checks the whole input: an output needs its call, which may be in the conversation that the request
// continues.
func (in *input) finish(takesUp bool) *failure.Error {
	called := map[string]bool{}
	for i, m := range in.messages {
		if m.GetRole() == completionv1.Role_ROLE_ASSISTANT && speechless(m) && len(m.GetAnswerPieces()) == 0 {
			m.Content = &completionv1.ChatMessage_Text{} // an answer that had barely begun
		}
		takesUp = takesUp || len(m.GetAnswerPieces()) > 0
		for _, c := range m.GetToolCalls() {
			called[c.GetId()] = true
		}
		if m.GetRole() == completionv1.Role_ROLE_TOOL && m.GetToolCallId() != "" && !takesUp && !called[m.GetToolCallId()] {
			return failure.Field(failure.CodeInvalidValue, fmt.Sprintf("input[%d].call_id", in.places[i].item), "names no function call of the input")
		}
	}
	return nil
}
