package jetlog

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	logv1 "github.com/pawstream/pawstream/gen/petstore/completion/log/v1"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/record"
	"github.com/pawstream/pawstream/services/completion/internal/wire"
)

// A place is where the next record of a subject belongs.
type place struct {
	sequence uint64 // of the last record in the stream
	epoch    uint64
}

// storedHead reads how far a completion is from the stream.
func (l *Log) storedHead(ctx context.Context, id string) (chat.Head, place, error) {
	end, err := enter(ctx, l.reads.records)
	if err != nil {
		return chat.Head{}, place{}, err
	}
	defer end()
	meta, _, err := l.readMeta(ctx, id)
	if err != nil {
		return chat.Head{Meta: meta, Last: -1}, place{}, err
	}
	r, msg, err := readRecord(ctx, id, l.io.LastOf)
	if errors.Is(err, chat.ErrNotFound) { // it has expired since
		meta, err = l.expiredMeta(ctx, id)
		return chat.Head{Meta: meta, Last: -1}, place{}, err
	}
	if err != nil {
		return chat.Head{}, place{}, err
	}
	head := chat.Head{Meta: meta, Last: r.Next() - 1, Terminal: r.Terminal()}
	return head, place{sequence: msg.Sequence, epoch: r.Epoch}, nil
}

// storedMeta reads what holds for a completion as a whole, and the stream sequence of its first
// record.
func (l *Log) storedMeta(ctx context.Context, id string) (*chat.Meta, uint64, error) {
	end, err := enter(ctx, l.reads.records)
	if err != nil {
		return nil, 0, err
	}
	defer end()
	return l.readMeta(ctx, id)
}

// readMeta is storedMeta for who has a place among the reads of records.
func (l *Log) readMeta(ctx context.Context, id string) (*chat.Meta, uint64, error) {
	r, first, err := readRecord(ctx, id, l.io.FirstOf)
	if errors.Is(err, chat.ErrNotFound) {
		past, gone := l.expiredMeta(ctx, id)
		if !errors.Is(gone, chat.ErrTrimmed) {
			return past, 0, gone
		}
		// It may have been admitted between the two looks.
		if r, first, err = readRecord(ctx, id, l.io.FirstOf); errors.Is(err, chat.ErrNotFound) {
			return past, 0, gone
		}
	}
	switch {
	case err != nil:
		return nil, 0, err
	case r.Meta == nil: // the beginning has expired, the rest is about to
		past, err := l.expiredMeta(ctx, id)
		return past, 0, err
	}
	msg, err := l.io.LastOf(ctx, labelsPrefix+id)
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

// remember says whose a completion is, for when it has expired. Nobody waits until that is
// stored: without it the completion would seem never to have been, no more.
// It comes too late for one that was deleted: there is a message then.
func (l *Log) remember(m *chat.Meta) {
	_ = l.conn.PublishMsg(&nats.Msg{
		Subject: pastPrefix + m.ID,
		Header:  nats.Header{jetstream.ExpectedLastSubjSeqHeader: {"0"}},
		Data:    []byte(m.Principal),
	})
}

// unremember puts nobody's name in the place of whose a completion was, and keeps that: what
// remember has sent may still be on its way, from another replica too.
func (l *Log) unremember(ctx context.Context, id string) error {
	_, err := l.js.Publish(ctx, pastPrefix+id, nil)
	if errors.Is(err, jetstream.ErrNoStreamResponse) {
		if err := l.keeper.keepPast(ctx); err != nil {
			return jetio.Failure(err)
		}
		_, err = l.js.Publish(ctx, pastPrefix+id, nil)
	}
	if err != nil {
		return jetio.Failure(err)
	}
	return nil
}

// expiredMeta returns what is remembered of a completion with [chat.ErrTrimmed], or
// [chat.ErrNotFound].
func (l *Log) expiredMeta(ctx context.Context, id string) (*chat.Meta, error) {
	var msg *jetstream.RawStreamMsg
	past, err := l.pastStream(ctx)
	if err == nil {
		msg, err = lastSaid(ctx, past, pastPrefix+id, min(l.cfg.Patience, electionTime))
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

// lastSaid returns the last message of a subject. While the stream's servers elect a leader, it waits for
// that, as long as the patience lasts.
func lastSaid(ctx context.Context, stream jetstream.Stream, subject string, patience time.Duration) (*jetstream.RawStreamMsg, error) {
	for until := time.Now().Add(patience); ; {
		msg, err := stream.GetLastMsgForSubject(ctx, subject)
		var told *jetstream.APIError
		electing := errors.As(err, &told) && told.Code == http.StatusServiceUnavailable
		if !electing || time.Now().After(until) || wait.For(ctx, jetio.RetryPause) != nil {
			return msg, err
		}
	}
}

// publishProgress shows progress to the readers in other replicas. It may get lost.
func (l *Log) publishProgress(id string, p chat.Progress) {
	data, err := proto.Marshal(wire.EventToProto(&chat.Event{Kind: chat.KindProgress, Progress: &p}))
	if err == nil {
		_ = l.conn.Publish(livePrefix+id+progressToken, data)
	}
}

func decodeProgress(data []byte) (chat.Progress, bool) {
	p := &completionv1.CompletionEvent{}
	if err := proto.Unmarshal(data, p); err != nil {
		return chat.Progress{}, false
	}
	e := wire.EventFromProto(p)
	if e.Kind != chat.KindProgress {
		return chat.Progress{}, false
	}
	return *e.Progress, true
}
