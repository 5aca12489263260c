package responses

import (
	"strconv"

	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/internal/beside"
)

// A kind is the kind of an item.
type kind int

const (
	reasoning kind = iota
	message
	call
)

// A part describes one kind of part: the item it belongs to, its frames and its JSON.
type part struct {
	of          kind
	delta, done event
	begin       string // how its JSON begins
	text        string // the member with its text
}

// The kinds of parts.
//
//nolint:gochecknoglobals // constants
var (
	textPart      = &part{message, textDelta, textDone, `{"type":"output_text","annotations":[],"logprobs":[`, "text"}
	refusalPart   = &part{message, refusalDelta, refusalDone, `{"type":"refusal"`, "refusal"}
	reasoningPart = &part{reasoning, reasoningDelta, reasoningDone, `{"type":"reasoning_text"`, "text"}
)

// An item is an item of the output. Once done, it keeps only its JSON.
type item struct {
	kind  kind
	id    string
	index int // in the output

	done     []byte // the JSON; nil: the item is still open
	parts    []byte // the JSON of parts that are done
	count    int    // of parts, including the open one
	open     *part  // nil: none is open
	text     []byte // of the open part, or the arguments of a call, escaped for JSON, without the quotes
	logprobs []byte // of the open part

	encrypted string         // reasoning that only the model's server can read
	besides   beside.Members // additional members from the model's server

	callID, name string // of a call
	number       int32  // of a call: the model's index for it
}

// newItem returns an item of a completion. Its id identifies the completion and the piece.
func newItem(k kind, completion string, index, number int) *item {
	prefix := [...]string{reasoning: reasoningPrefix, message: messagePrefix, call: callPrefix}[k]
	return &item{kind: k, index: index, id: prefix + key(completion) + "_" + strconv.Itoa(number)}
}

// Prefixes of the ids of items.
const (
	reasoningPrefix = "rs_"
	messagePrefix   = "msg_"
	callPrefix      = "fc_"
)

// appendItem appends the item as JSON. A done item has its final status, any other the given one.
func (i *item) appendItem(dst []byte, status string) []byte {
	if i.done != nil {
		return append(dst, i.done...)
	}
	dst = openai.AppendString(append(dst, `{"id":`...), i.id)
	dst = append(append(append(dst, `,"status":"`...), status...), '"')
	switch i.kind {
	case call:
		dst = openai.AppendString(append(dst, `,"type":"function_call","call_id":`...), i.callID)
		dst = openai.AppendString(append(dst, `,"name":`...), i.name)
		dst = i.appendText(append(dst, `,"arguments":`...))
		return append(i.appendBesides(dst), '}')
	case reasoning:
		dst = append(dst, `,"type":"reasoning","summary":[],"content":[`...)
	case message:
		dst = append(dst, `,"type":"message","role":"assistant","content":[`...)
	}
	dst = append(dst, i.parts...)
	if i.open != nil {
		if len(i.parts) > 0 {
			dst = append(dst, ',')
		}
		dst = i.appendPart(dst)
	}
	dst = append(dst, ']')
	if i.encrypted != "" {
		dst = openai.AppendString(append(dst, `,"encrypted_content":`...), i.encrypted)
	}
	return append(i.appendBesides(dst), '}')
}

// itemMembers are the members of items themselves. A model's server cannot override them.
var itemMembers = []string{ //nolint:gochecknoglobals // a table
	"id", "type", "status", "role", "content", "summary", "encrypted_content", "call_id", "name", "arguments", "output", "phase",
}

// appendBesides appends the additional members from the model's server.
func (i *item) appendBesides(dst []byte) []byte {
	return openai.AppendMore(dst, i.besides.String(), itemMembers)
}

// appendPart appends the open part.
func (i *item) appendPart(dst []byte) []byte {
	dst = append(dst, i.open.begin...)
	if i.open == textPart {
		dst = append(append(dst, i.logprobs...), ']')
	}
	dst = append(append(append(dst, `,"`...), i.open.text...), `":`...)
	return append(i.appendText(dst), '}')
}

// appendText appends the whole text as a JSON string.
func (i *item) appendText(dst []byte) []byte {
	return append(append(append(dst, '"'), i.text...), '"')
}

// take adds a piece to the text, and returns it escaped for JSON, without the quotes. It escapes a piece only
// once; frames copy the result.
func take[T string | []byte](i *item, text T) []byte {
	if i.text == nil {
		i.text = make([]byte, 0, textRoom)
	}
	at := len(i.text)
	i.text = openai.AppendString(i.text, text)
	piece := i.text[at:]
	copy(piece, piece[1:len(piece)-1])
	i.text = i.text[:len(i.text)-2]
	return i.text[at:]
}

// textRoom is the initial capacity of a text, in bytes.
const textRoom = 512

// appendPlace appends the position of the open part, or of an item without parts.
func (i *item) appendPlace(dst []byte) []byte {
	dst = openai.AppendString(append(dst, `,"item_id":`...), i.id)
	dst = strconv.AppendInt(append(dst, `,"output_index":`...), int64(i.index), 10)
	if i.kind != call {
		dst = strconv.AppendInt(append(dst, `,"content_index":`...), int64(i.count-1), 10)
	}
	return dst
}
