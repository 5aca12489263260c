package jetlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	logv1 "github.com/pawstream/pawstream/gen/petstore/completion/log/v1"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
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
	meta, _, err := l.storedMeta(ctx, id)
	if err != nil {
		return chat.Head{Meta: meta, Last: -1}, place{}, err
	}
	msg, err := l.lastOf(ctx, eventsPrefix+id)
	if errors.Is(err, chat.ErrNotFound) { // it has expired since
		meta, err = l.expiredMeta(ctx, id)
		return chat.Head{Meta: meta, Last: -1}, place{}, err
	}
	if err != nil {
		return chat.Head{}, place{}, err
	}
	r, err := record.Decode(msg.Data)
	if err != nil {
		return chat.Head{}, place{}, err
	}
	head := chat.Head{Meta: meta, Last: r.Next() - 1, Terminal: r.Terminal()}
	return head, place{sequence: msg.Sequence, epoch: r.Epoch}, nil
}

// storedMeta reads what holds for a completion as a whole, and the stream sequence of its first
// record.
func (l *Log) storedMeta(ctx context.Context, id string) (*chat.Meta, uint64, error) {
	msg, err := l.firstOf(ctx, eventsPrefix+id)
	if errors.Is(err, chat.ErrNotFound) {
		past, gone := l.expiredMeta(ctx, id)
		if !errors.Is(gone, chat.ErrTrimmed) {
			return past, 0, gone
		}
		// It may have been admitted between the two looks.
		if msg, err = l.firstOf(ctx, eventsPrefix+id); errors.Is(err, chat.ErrNotFound) {
			return past, 0, gone
		}
	}
	if err != nil {
		return nil, 0, err
	}
	r, err := record.Decode(msg.Data)
	switch {
	case err != nil:
		return nil, 0, err
	case r.Meta == nil: // the beginning has expired, the rest is about to
		past, err := l.expiredMeta(ctx, id)
		return past, 0, err
	}
	first := msg.Sequence
	msg, err = l.lastOf(ctx, labelsPrefix+id)
	switch {
	case errors.Is(err, chat.ErrNotFound):
		return r.Meta, first, nil
	case err != nil:
		return nil, 0, err
	}
	var labels logv1.Labels
	if err := proto.Unmarshal(msg.Data, &labels); err != nil {
		return nil, 0, fmt.Errorf("%w: %w", record.ErrCorrupt, err)
	}
	r.Meta.Metadata = labels.GetMetadata()
	return r.Meta, first, nil
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
	if _, err := l.js.Publish(ctx, pastPrefix+id, nil); err != nil {
		return failure(err)
	}
	return nil
}

// expiredMeta returns what is remembered of a completion with [chat.ErrTrimmed], or
// [chat.ErrNotFound].
func (l *Log) expiredMeta(ctx context.Context, id string) (*chat.Meta, error) {
	msg, err := l.past.GetLastMsgForSubject(ctx, pastPrefix+id)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, chat.ErrNotFound
	case err != nil:
		return nil, failure(err)
	case len(msg.Data) == 0: // it was deleted
		return nil, chat.ErrNotFound
	}
	return &chat.Meta{ID: id, Principal: string(msg.Data)}, chat.ErrTrimmed
}

// admission is how long a completion may take from its name to its meta.
const admission = 2 * time.Second

// awaitMeta returns the meta of a completion whose name has just been claimed:
// [chat.ErrNotFound] if it does not come.
func (l *Log) awaitMeta(ctx context.Context, id string) (*chat.Meta, error) {
	ctx, cancel := context.WithTimeout(ctx, admission)
	defer cancel()
	for {
		meta, _, err := l.storedMeta(ctx, id)
		if !errors.Is(err, chat.ErrNotFound) || !wait(ctx, retryPause) {
			return meta, err
		}
	}
}

// publishProgress shows progress to the readers in other replicas. It may get lost.
func (l *Log) publishProgress(id string, p chat.Progress) {
	data, err := proto.Marshal(wire.ProtoEvent(&chat.Event{Kind: chat.KindProgress, Progress: &p}))
	if err == nil {
		_ = l.conn.Publish(livePrefix+id+progressToken, data)
	}
}

func decodeProgress(data []byte) (chat.Progress, bool) {
	p := &completionv1.CompletionEvent{}
	if err := proto.Unmarshal(data, p); err != nil {
		return chat.Progress{}, false
	}
	e := wire.Event(p)
	if e.Kind != chat.KindProgress {
		return chat.Progress{}, false
	}
	return *e.Progress, true
}
