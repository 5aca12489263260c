// Package record converts between the domain and the stored format
// petstore.completion.log.v1. A record that cannot be read is an error, never a guess: it is
// better to end a completion than to continue it wrongly.
package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/pawstream/pawstream/gen/petstore/completion/log/v1"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/wire"
)

// ErrCorrupt is wrapped by every error about a record that cannot be read.
var ErrCorrupt = errors.New("record: cannot be read")

const maxSequence = 1 << 62

// A Record is one message of a completion's subject. Exactly one of Meta, Claim and Events is set.
type Record struct {
	Writer string
	Epoch  uint64
	Meta   *chat.Meta
	Claim  bool
	// First is the sequence number of the first of Events or, in a claim, of the next event.
	First  int64
	Events []chat.Event
}

// Term identifies the record's writer and epoch, as in [chat.Entry].
func (r *Record) Term() uint32 {
	sum := fnv.New32a()
	_, _ = sum.Write(binary.BigEndian.AppendUint64([]byte(r.Writer), r.Epoch)) // never fails
	return max(sum.Sum32(), 1)
}

// Encode returns the stored form of r.
func Encode(r *Record) ([]byte, error) {
	p := &logv1.Record{Writer: r.Writer, Epoch: r.Epoch}
	switch {
	case r.Meta != nil:
		meta, err := encodeMeta(r.Meta)
		if err != nil {
			return nil, fmt.Errorf("encode meta: %w", err)
		}
		p.Content = &logv1.Record_Meta{Meta: meta}
	case r.Claim:
		p.Content = &logv1.Record_Claim{Claim: &logv1.Claim{NextSequence: uint64(r.First)}} //nolint:gosec // counted from 0
	default:
		p.Content = &logv1.Record_Events{Events: encodeEvents(r)}
	}
	return proto.Marshal(p)
}

// Decode returns the record that data holds, or an error that wraps [ErrCorrupt].
func Decode(data []byte) (*Record, error) {
	p := &logv1.Record{}
	err := proto.Unmarshal(data, p)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	r := &Record{Writer: p.GetWriter(), Epoch: p.GetEpoch()}
	switch content := p.GetContent().(type) {
	case *logv1.Record_Meta:
		if content.Meta.GetId() == "" || content.Meta.GetParams() == nil || len(content.Meta.GetRequestHash()) != 32 {
			return nil, fmt.Errorf("%w: incomplete meta", ErrCorrupt)
		}
		if r.Meta, err = decodeMeta(content.Meta); err != nil {
			return nil, err
		}
	case *logv1.Record_Claim:
		if content.Claim.GetNextSequence() > maxSequence {
			return nil, fmt.Errorf("%w: claim", ErrCorrupt)
		}
		r.Claim, r.First = true, int64(content.Claim.GetNextSequence()) //nolint:gosec // bounded above
	case *logv1.Record_Events:
		return r, r.decodeEvents(content.Events)
	default:
		return nil, fmt.Errorf("%w: unknown content", ErrCorrupt)
	}
	return r, nil
}

func encodeMeta(m *chat.Meta) (*logv1.Meta, error) {
	params, err := wire.RequestToProto(m.Request)
	if err != nil {
		return nil, err
	}
	hash := m.RequestHash
	if m.IdempotencyKey != "" {
		hash = m.Request.LegacyHash() // versions without digests compare it
	}
	return &logv1.Meta{
		Id:             m.ID,
		Principal:      m.Principal,
		Created:        m.Created.Unix(),
		Model:          m.Model,
		Fingerprint:    m.Fingerprint,
		ServiceTier:    m.ServiceTier,
		Params:         params,
		IdempotencyKey: m.IdempotencyKey,
		RequestHash:    hash[:],
		Digest:         m.RequestHash[:],
		DigestVersion:  wire.DigestVersion,
		ObfuscationKey: m.ObfuscationKey,
		OnDisconnect:   wire.OnDisconnectToProto(m.OnDisconnect),
		Metadata:       m.Metadata,
		RequestSize:    int64(m.RequestSize),
	}, nil
}

func decodeMeta(p *logv1.Meta) (*chat.Meta, error) {
	digest, err := digestOf(p)
	var legacy [32]byte
	if p.GetDigestVersion() == 0 {
		legacy = [32]byte(p.GetRequestHash())
	}
	return &chat.Meta{
		ID:             p.GetId(),
		Principal:      p.GetPrincipal(),
		Created:        time.Unix(p.GetCreated(), 0),
		Model:          p.GetModel(),
		Fingerprint:    p.GetFingerprint(),
		ServiceTier:    p.GetServiceTier(),
		Request:        wire.RequestFromProto(p.GetParams()),
		Metadata:       p.GetMetadata(),
		RequestSize:    int(p.GetRequestSize()),
		IdempotencyKey: p.GetIdempotencyKey(),
		RequestHash:    digest,
		LegacyHash:     legacy,
		ObfuscationKey: p.GetObfuscationKey(),
		OnDisconnect:   wire.OnDisconnectFromProto(p.GetOnDisconnect()),
	}, err
}

// digestOf returns the digest of the stored request, as this version computes it.
func digestOf(p *logv1.Meta) ([32]byte, error) {
	if p.GetDigestVersion() == wire.DigestVersion && len(p.GetDigest()) == 32 {
		return [32]byte(p.GetDigest()), nil
	}
	digest, err := wire.Digest(p.GetParams())
	if err != nil {
		return digest, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return digest, nil
}

func encodeEvents(r *Record) *logv1.Events {
	p := &logv1.Events{
		FirstSequence: uint64(r.First), //nolint:gosec // counted from 0
		Events:        make([]*logv1.Event, len(r.Events)),
	}
	for i := range r.Events {
		p.Events[i] = encodeEvent(&r.Events[i])
	}
	return p
}

func encodeEvent(e *chat.Event) *logv1.Event {
	if plainText(e) {
		return &logv1.Event{Event: &logv1.Event_Text{Text: e.Delta.Content}}
	}
	return &logv1.Event{Event: &logv1.Event_Other{Other: wire.EventToProto(e)}, Usage: terminalUsage(e), SetBack: e.Err != nil && e.Err.SetBack, SetBackThroughout: e.Err != nil && e.Err.Throughout}
}

// recordOverhead is what an event takes in a record in addition to its own size: its tag and its length.
const recordOverhead = 4

// Size returns about how many bytes an event takes in a record, and never too few.
func Size(e *chat.Event) int {
	if plainText(e) {
		return len(e.Delta.Content) + 2*recordOverhead
	}
	return proto.Size(encodeEvent(e)) + recordOverhead
}

// plainText reports whether e is only content of choice 0.
func plainText(e *chat.Event) bool {
	d := &e.Delta
	return e.Kind == chat.KindDelta && e.Choice == 0 && d.Role == "" && d.Refusal == "" &&
		d.Reasoning == "" && d.ToolCalls == nil && d.Logprobs == nil && d.Pets == nil && d.RelatedQuestions == nil && d.More == "" && !d.NoContent && d.EncryptedReasoning == ""
}

// terminalUsage returns the usage, which the contract's terminal events do not show.
func terminalUsage(e *chat.Event) *completionv1.Usage {
	if !e.Terminal() {
		return nil
	}
	return wire.UsageToProto(e.Usage)
}

func (r *Record) decodeEvents(p *logv1.Events) error {
	if len(p.GetEvents()) == 0 || p.GetFirstSequence() > maxSequence {
		return fmt.Errorf("%w: no events", ErrCorrupt)
	}
	r.First = int64(p.GetFirstSequence()) //nolint:gosec // bounded above
	r.Events = make([]chat.Event, len(p.GetEvents()))
	for i, e := range p.GetEvents() {
		switch v := e.GetEvent().(type) {
		case *logv1.Event_Text:
			r.Events[i] = chat.Text(0, v.Text)
		case *logv1.Event_Other:
			r.Events[i] = wire.EventFromProto(v.Other)
		}
		event := &r.Events[i]
		if event.Kind == 0 || event.Terminal() && i < len(r.Events)-1 {
			return fmt.Errorf("%w: event %d", ErrCorrupt, r.First+int64(i))
		}
		if event.Terminal() {
			event.Usage = wire.UsageFromProto(e.GetUsage())
			if event.Err != nil {
				event.Err.SetBack, event.Err.Throughout = e.GetSetBack(), e.GetSetBackThroughout()
			}
		}
	}
	return nil
}

// Next returns the sequence number that follows the record's events.
func (r *Record) Next() int64 { return r.First + int64(len(r.Events)) }

// Terminal returns the terminal event if the record holds it, else nil.
func (r *Record) Terminal() *chat.Event {
	if n := len(r.Events); n > 0 && r.Events[n-1].Terminal() {
		return &r.Events[n-1]
	}
	return nil
}
