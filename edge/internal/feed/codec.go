package feed

import (
	"slices"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that ours extends
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// Nearly every message of a stream is a piece of text and nothing else. Such a message
// is read from the wire as it is, without the objects that a CompletionEvent is made
// of; any other one becomes a CompletionEvent.

// A message is one received message in protobuf's wire format. It is reused for the next one.
type message struct{ wire []byte }

// codec is gRPC's own, except that it can leave a message as it is on the wire. Servers see no difference.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*message)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	n := data.Len()
	m.wire = slices.Grow(m.wire[:0], n)[:n]
	data.CopyTo(m.wire)
	return nil
}

// A Text is an event that is a piece of one choice's text and nothing else.
type Text struct {
	Sequence uint64
	Choice   int32
	Content  []byte // within the message
}

// event returns the message as an event.
func (m *message) event() (*completionv1.CompletionEvent, error) {
	e := new(completionv1.CompletionEvent)
	if err := proto.Unmarshal(m.wire, e); err != nil {
		return nil, status.Errorf(codes.Internal, "message that is no event: %v", err)
	}
	return e, nil
}

// The tags of fields of CompletionEvent and of Delta, each of which is one byte.
const (
	eventSequence = 1<<3 | byte(protowire.VarintType)
	eventDelta    = 3<<3 | byte(protowire.BytesType)
	deltaIndex    = 1<<3 | byte(protowire.VarintType)
	deltaContent  = 3<<3 | byte(protowire.BytesType)
)

// scan decodes an event that is only text. It reports false for any other encoding, such
// as another order of the fields or a field given twice: protobuf decodes those.
func scan(wire []byte) (t Text, ok bool) {
	wire, t.Sequence = scanVarint(wire, eventSequence)
	delta, ok := scanBytes(wire, eventDelta)
	if !ok {
		return Text{}, false
	}
	delta, index := scanVarint(delta, deltaIndex)
	t.Choice = int32(index) //nolint:gosec // as protobuf does
	t.Content, ok = scanBytes(delta, deltaContent)
	return t, ok && len(t.Content) > 0 && utf8.Valid(t.Content)
}

// scanVarint reads a field if it comes next. Otherwise the field is zero.
func scanVarint(wire []byte, tag byte) (rest []byte, v uint64) {
	if len(wire) == 0 || wire[0] != tag {
		return wire, 0
	}
	v, n := protowire.ConsumeVarint(wire[1:])
	if n < 0 {
		return wire, 0
	}
	return wire[1+n:], v
}

// scanBytes reads a field that has to come next and last.
func scanBytes(wire []byte, tag byte) (v []byte, ok bool) {
	if len(wire) == 0 || wire[0] != tag {
		return nil, false
	}
	v, n := protowire.ConsumeBytes(wire[1:])
	return v, n >= 0 && 1+n == len(wire)
}
