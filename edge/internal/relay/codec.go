package relay

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

// A message is one received message in protobuf's wire format. It is used again for the
// next one.
type message struct{ wire []byte }

// codec is the one of gRPC, and can leave a message as it is on the wire. Servers see
// no difference.
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

// plainText is an event that is a piece of one choice's text and nothing else.
type plainText struct {
	sequence uint64
	index    int32
	text     []byte // within the message
}

// event returns the message as an event.
func (m *message) event() (*completionv1.CompletionEvent, error) {
	e := new(completionv1.CompletionEvent)
	if err := proto.Unmarshal(m.wire, e); err != nil {
		return nil, status.Errorf(codes.Internal, "message that is no event: %v", err)
	}
	return e, nil
}

// Field numbers of CompletionEvent and of Delta.
const (
	eventSequence = 1
	eventDelta    = 3
	deltaIndex    = 1
	deltaContent  = 3
)

// scan reads an event that is text and nothing else: ok tells. Whatever is unusual, were
// it only the order or a field given twice, is not ok, so that what it means is decided
// by protobuf alone.
func scan(wire []byte) (p plainText, ok bool) {
	wire, p.sequence = scanVarint(wire, eventSequence)
	delta, ok := scanBytes(wire, eventDelta)
	if !ok {
		return plainText{}, false
	}
	delta, index := scanVarint(delta, deltaIndex)
	p.index = int32(index) //nolint:gosec // as protobuf does
	p.text, ok = scanBytes(delta, deltaContent)
	return p, ok && len(p.text) > 0 && utf8.Valid(p.text)
}

// scanVarint reads a field if it is the next one. If it is not, it is zero.
func scanVarint(wire []byte, field protowire.Number) (rest []byte, v uint64) {
	number, kind, n := protowire.ConsumeTag(wire)
	if n < 0 || number != field || kind != protowire.VarintType {
		return wire, 0
	}
	v, m := protowire.ConsumeVarint(wire[n:])
	if m < 0 {
		return wire, 0
	}
	return wire[n+m:], v
}

// scanBytes reads a field that has to be the next one and the last.
func scanBytes(wire []byte, field protowire.Number) (v []byte, ok bool) {
	number, kind, n := protowire.ConsumeTag(wire)
	if n < 0 || number != field || kind != protowire.BytesType {
		return nil, false
	}
	v, m := protowire.ConsumeBytes(wire[n:])
	return v, m >= 0 && n+m == len(wire)
}
