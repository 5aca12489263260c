package jetlog

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
)

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
