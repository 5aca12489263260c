package jetlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

// recheck is how often a silent mirror looks into the stream: a message that was
// published to it may have been lost.
const recheck = 2 * time.Second

// A mirror feeds a completion's tape from the stream.
type mirror struct {
	log     *Log
	shared  *shared
	from    uint64 // stream sequence to read from
	choices int    // 0 before the meta has been read
}

func (l *Log) startMirror(s *shared) {
	ctx, stop := context.WithCancel(l.ctx)
	stopped := make(chan struct{})
	l.mu.Lock()
	s.stop, s.stopped = stop, stopped
	l.mu.Unlock()
	l.work.Go(func() {
		defer close(stopped)
		defer stop()
		m := &mirror{log: l, shared: s, from: 1}
		if err := m.run(ctx); err != nil && ctx.Err() == nil {
			l.drop(s)
			s.tape.Drop(err)
		}
	})
}

// run feeds the tape until the terminal event. It listens first and reads what is
// stored then, so that nothing falls between the two.
func (m *mirror) run(ctx context.Context) error {
	live := make(chan *nats.Msg, 256)
	for _, subject := range []string{livePrefix, progressPrefix} {
		sub, err := m.log.conn.ChanSubscribe(subject+m.shared.name, live)
		if err != nil {
			return failure(err)
		}
		defer func() { _ = sub.Unsubscribe() }()
	}
	if err := m.log.conn.FlushTimeout(m.log.cfg.Patience); err != nil {
		return failure(err)
	}
	if err := m.catchUp(ctx); err != nil {
		return err
	}
	idle := time.NewTimer(recheck)
	defer idle.Stop()
	for !m.ended() {
		var err error
		select {
		case msg := <-live:
			err = m.take(ctx, msg)
			idle.Reset(recheck)
		case <-idle.C:
			err = m.catchUp(ctx)
			idle.Reset(recheck)
		case <-ctx.Done():
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *mirror) ended() bool {
	_, terminal := m.shared.tape.Last()
	return terminal != nil
}

// catchUp reads what the stream holds. While the stream cannot be reached, it leaves
// the tape as it is.
func (m *mirror) catchUp(ctx context.Context) error {
	first := m.choices == 0
	for msg, err := range m.log.messages(ctx, eventsPrefix+m.shared.name, m.from) {
		switch {
		case err != nil && first:
			return err
		case err != nil:
			m.log.cfg.Logger.WarnContext(ctx, "cannot follow a completion for now",
				slog.String("completion", m.shared.name), slog.Any("error", err))
			return ctx.Err()
		}
		if err := m.feed(msg.Data); err != nil {
			return err
		}
		m.from = msg.Sequence + 1
	}
	if m.choices == 0 {
		_, err := m.log.expiredMeta(ctx, m.shared.name)
		return err
	}
	if m.from > 1 && !m.ended() {
		return m.stillThere(ctx)
	}
	return nil
}

// stillThere tells a completion that is silent from one that was deleted.
func (m *mirror) stillThere(ctx context.Context) error {
	_, err := m.log.lastOf(ctx, eventsPrefix+m.shared.name)
	if errors.Is(err, chat.ErrNotFound) {
		return chat.ErrTrimmed
	}
	return ctx.Err()
}

// take handles a live message: a record, or progress.
func (m *mirror) take(ctx context.Context, msg *nats.Msg) error {
	if msg.Subject == progressPrefix+m.shared.name {
		if p, ok := decodeProgress(msg.Data); ok {
			m.shared.tape.Progress(p)
		}
		return nil
	}
	err := m.feed(msg.Data)
	if errors.Is(err, errGap) {
		return m.catchUp(ctx)
	}
	return err
}

func (m *mirror) feed(data []byte) error {
	r, err := record.Decode(data)
	switch {
	case err != nil:
		return fmt.Errorf("completion %s: %w", m.shared.name, err)
	case r.Meta != nil:
		m.choices = r.Meta.Request.Choices()
		return nil
	case m.choices == 0:
		return chat.ErrTrimmed // the beginning has expired
	}
	return m.shared.feed(r, m.choices)
}
