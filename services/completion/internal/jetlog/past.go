package jetlog

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
)

// remember records the owner of a completion, for when it has expired. Nobody waits until that is stored:
// without it the completion would merely seem never to have existed. For a deleted completion it comes too
// late: there is a message then.
func (l *Log) remember(m *chat.Meta) {
	_ = l.conn.PublishMsg(&nats.Msg{
		Subject: pastPrefix + m.ID,
		Header:  nats.Header{jetstream.ExpectedLastSubjSeqHeader: {"0"}},
		Data:    []byte(m.Principal),
	})
}

// unremember replaces the owner of a completion by nobody, and keeps that entry: what remember has sent may
// still be on its way, even from another replica.
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
