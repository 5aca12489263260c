package jetlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	logv1 "github.com/pawstream/pawstream/gen/petstore/completion/log/v1"
	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

// An archive is what the streams hold of completions. It does not know who is writing and reading them.
type archive struct {
	io       *jetio.Stream
	gate     *gate
	reads    *reads
	js       jetstream.JetStream
	past     atomic.Pointer[jetstream.Stream] // remembers expired completions; nil: not opened yet
	patience time.Duration
}

// A place is where the next record of a subject belongs.
type place struct {
	sequence uint64 // of the last record in the stream
	epoch    uint64
}

// head reads how far a completion is from the stream.
func (a *archive) head(ctx context.Context, id string) (chat.Head, place, error) {
	end, err := enter(ctx, a.reads.records)
	if err != nil {
		return chat.Head{}, place{}, err
	}
	defer end()
	meta, _, err := a.readMeta(ctx, id)
	if err != nil {
		return chat.Head{Meta: meta, Last: -1}, place{}, err
	}
	r, msg, err := readRecord(ctx, id, a.io.LastOf)
	if errors.Is(err, chat.ErrNotFound) { // it has expired meanwhile
		meta, err = a.pastMeta(ctx, id)
		return chat.Head{Meta: meta, Last: -1}, place{}, err
	}
	if err != nil {
		return chat.Head{}, place{}, err
	}
	head := chat.Head{Meta: meta, Last: r.Next() - 1, Terminal: r.Terminal()}
	return head, place{sequence: msg.Sequence, epoch: r.Epoch}, nil
}

// meta reads a completion's meta, and the stream sequence of its first record.
func (a *archive) meta(ctx context.Context, id string) (*chat.Meta, uint64, error) {
	end, err := enter(ctx, a.reads.records)
	if err != nil {
		return nil, 0, err
	}
	defer end()
	return a.readMeta(ctx, id)
}

// readMeta is meta for a caller that already has a place among the reads of records.
func (a *archive) readMeta(ctx context.Context, id string) (*chat.Meta, uint64, error) {
	r, first, err := readRecord(ctx, id, a.io.FirstOf)
	if errors.Is(err, chat.ErrNotFound) {
		past, gone := a.pastMeta(ctx, id)
		if !errors.Is(gone, chat.ErrTrimmed) {
			return past, 0, gone
		}
		// It may have been admitted between the two reads.
		if r, first, err = readRecord(ctx, id, a.io.FirstOf); errors.Is(err, chat.ErrNotFound) {
			return past, 0, gone
		}
	}
	switch {
	case err != nil:
		return nil, 0, err
	case r.Meta == nil: // the beginning has expired, the rest is about to
		past, err := a.pastMeta(ctx, id)
		return past, 0, err
	}
	msg, err := a.io.LastOf(ctx, labelsPrefix+id)
	switch {
	case errors.Is(err, chat.ErrNotFound):
		return r.Meta, first.Sequence, nil
	case err != nil:
		return nil, 0, err
	}
	var labels logv1.Labels
	if err := proto.Unmarshal(msg.Data, &labels); err != nil {
		return nil, 0, fmt.Errorf("%w: %w", record.ErrCorrupt, err)
	}
	r.Meta.Metadata = labels.GetMetadata()
	return r.Meta, first.Sequence, nil
}

// pastMeta returns what is remembered of an expired completion, with [chat.ErrTrimmed], or else
// [chat.ErrNotFound].
func (a *archive) pastMeta(ctx context.Context, id string) (*chat.Meta, error) {
	var msg *jetstream.RawStreamMsg
	past, err := a.pastStream(ctx)
	if err == nil {
		msg, err = lastMessage(ctx, past, pastPrefix+id, min(a.patience, electionTime))
	}
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound), errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, chat.ErrNotFound
	case err != nil:
		return nil, jetio.Failure(err)
	case len(msg.Data) == 0: // it was deleted
		return nil, chat.ErrNotFound
	}
	return &chat.Meta{ID: id, Principal: string(msg.Data)}, chat.ErrTrimmed
}

// pastStream returns the stream that remembers the owners of expired completions: [jetstream.ErrStreamNotFound]
// until it exists.
func (a *archive) pastStream(ctx context.Context) (jetstream.Stream, error) {
	if known := a.past.Load(); known != nil {
		return *known, nil
	}
	stream, err := a.js.Stream(ctx, pastName)
	if err == nil {
		a.past.Store(&stream)
	}
	return stream, err
}

// lastMessage returns the last message of a subject. While the stream's servers elect a leader, it waits, as
// long as the patience lasts.
func lastMessage(ctx context.Context, stream jetstream.Stream, subject string, patience time.Duration) (*jetstream.RawStreamMsg, error) {
	for until := time.Now().Add(patience); ; {
		msg, err := stream.GetLastMsgForSubject(ctx, subject)
		var told *jetstream.APIError
		electing := errors.As(err, &told) && told.Code == http.StatusServiceUnavailable
		if !electing || time.Now().After(until) || wait.For(ctx, jetio.RetryPause) != nil {
			return msg, err
		}
	}
}

// lastRecord returns the last record of a completion, and its message without the data.
func (a *archive) lastRecord(ctx context.Context, id string) (*record.Record, *jetstream.RawStreamMsg, error) {
	return a.oneRecord(ctx, id, a.io.LastOf)
}

// oneRecord returns a record of a completion, within the limit on concurrent reads.
func (a *archive) oneRecord(ctx context.Context, id string, get func(context.Context, string) (*jetstream.RawStreamMsg, error)) (*record.Record, *jetstream.RawStreamMsg, error) {
	end, err := enter(ctx, a.reads.records)
	if err != nil {
		return nil, nil, err
	}
	defer end()
	return readRecord(ctx, id, get)
}

// readRecord returns a record of a completion, and its message without the data. The caller has a place among
// [reads].records, and keeps it for all the records that it reads of one completion: if it waited for another
// place, it would hold what it has read, and so would all the others that wait.
func readRecord(ctx context.Context, id string, get func(context.Context, string) (*jetstream.RawStreamMsg, error)) (*record.Record, *jetstream.RawStreamMsg, error) {
	msg, err := get(ctx, eventsPrefix+id)
	if err != nil {
		return nil, nil, err
	}
	r, err := record.Decode(msg.Data)
	msg.Data = nil
	return r, msg, err
}

// records passes the records of a completion after a message of the stream to each, by the rules of
// [jetio.Stream.Data].
func (a *archive) records(ctx context.Context, id string, after uint64, each func(data []byte) error) (uint64, error) {
	end, err := enter(ctx, a.reads.batches)
	if err != nil {
		return after, err
	}
	defer end()
	return a.io.Data(ctx, eventsPrefix+id, after, each)
}

// A history is what the stream holds of a completion.
type history struct {
	meta   *chat.Meta
	events []chat.Event
	turns  []*record.Record // the first record with events of each further writer, without its events
	epoch  uint64
	claims int    // since the last record with events
	first  uint64 // stream sequence of the first record
	last   uint64 // stream sequence of the last record
}

// history reads a whole completion. Anything inconsistent is an error: nobody continues from a guess.
func (a *archive) history(ctx context.Context, id string) (*history, error) {
	meta, first, err := a.meta(ctx, id)
	if err != nil {
		return nil, err
	}
	h := &history{meta: meta, first: first}
	chain := record.Chain{ID: id}
	h.last, err = a.records(ctx, id, 0, func(data []byte) error {
		r, err := record.Decode(data)
		if err != nil {
			return err
		}
		if r.Meta == nil && !chain.Begun() {
			return chat.ErrTrimmed // the beginning has expired meanwhile
		}
		if r.Claim {
			h.claims++
		} else if len(r.Events) > 0 {
			h.claims = 0
		}
		h.add(r)
		return chain.Add(r)
	})
	h.epoch = chain.Epoch()
	return h, err
}

// add adds the events of a record.
func (h *history) add(r *record.Record) {
	if len(r.Events) == 0 {
		return
	}
	if n := len(h.turns); n == 0 || h.turns[n-1].Term() != r.Term() {
		h.turns = append(h.turns, &record.Record{Writer: r.Writer, Epoch: r.Epoch, First: r.First})
	}
	h.events = append(h.events, r.Events...)
}

// feed shows the events to readers.
func (h *history) feed(s *shared) error {
	for i, turn := range h.turns {
		end := int64(len(h.events))
		if i+1 < len(h.turns) {
			end = h.turns[i+1].First
		}
		part := *turn
		part.Events = h.events[turn.First:end]
		if err := s.feed(&part); err != nil {
			return err
		}
	}
	return nil
}

// replace appends a message to a subject, whatever the last one there is, and returns its sequence.
func (a *archive) replace(ctx context.Context, in era, subject string, data []byte) (uint64, error) {
	var expect uint64
	for first := true; ; first = false {
		at, err := a.io.Append(ctx, in, subject, data, expect)
		if !errors.Is(err, jetio.ErrFenced) {
			return at, err
		}
		if !first && wait.For(ctx, jetio.RetryPause) != nil {
			return 0, jetio.Failure(ctx.Err())
		}
		switch msg, err := a.io.LastOf(ctx, subject); {
		case err == nil:
			expect = msg.Sequence
		case errors.Is(err, chat.ErrNotFound):
			expect = 0
		default:
			return 0, err
		}
	}
}

// deleteUpTo deletes the messages of a subject up to the one with that sequence: [chat.ErrNotFound] if there
// are none, perhaps because somebody else has deleted them. The subject, which says who owns a completion or
// what its key names, is part of the request: in a new stream, a bare number may belong to any completion.
// Nothing learned in another era deletes anything.
func (a *archive) deleteUpTo(ctx context.Context, in era, subject string, last uint64) error {
	request, err := json.Marshal(map[string]any{"filter": subject, "seq": last + 1}) // up to this one, exclusively
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, a.patience)
	defer cancel()
	switch err := a.gate.Pass(ctx, in, time.Now().Add(a.patience)); {
	case errors.Is(err, chat.ErrLost):
		return chat.ErrNotFound
	case err != nil:
		return jetio.Failure(err)
	}
	reply, err := a.io.Ask(ctx, "$JS.API.STREAM.PURGE."+streamName, request)
	if err != nil {
		return jetio.Failure(err)
	}
	var answer struct {
		Error  *jetstream.APIError `json:"error"`
		Purged uint64              `json:"purged"`
	}
	switch err := json.Unmarshal(reply.Data, &answer); {
	case err != nil:
		return fmt.Errorf("answer of JetStream: %w", err)
	case answer.Error != nil:
		return jetio.Failure(answer.Error)
	case answer.Purged == 0:
		return chat.ErrNotFound
	}
	return nil
}
