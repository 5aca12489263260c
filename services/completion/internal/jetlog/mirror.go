package jetlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/record"
	"github.com/pawstream/pawstream/services/completion/internal/tape"
)

// recheck is how often a silent mirror reads the stream: a message published to it may have been lost.
const recheck = 2 * time.Second

// A mirror feeds a completion's tape from the stream. It reads the subject's messages in the order of the
// stream, each once, and shows none that does not fit.
type mirror struct {
	log    *Log
	shared *shared
	era    era
	chain  record.Chain
	last   uint64 // stream sequence of the last message added
	missed bool   // there is more than could be read: read again soon
	unkept int    // bytes for which no room has been reserved yet

	failing  bool       // the stream cannot be reached
	behind   jetio.Mark // when the stream was first found to hold less than was shown; zero: it does not
	knows    bool       // the server that was read since knows all of the stream
	patience time.Time  // until when the meta may be missing
}

// startMirror makes the stream feed s. moved says that its readers have followed it in an earlier stream: what the new
// one does not hold is lost. The caller holds the lock.
func (l *Log) startMirror(s *shared, moved bool) {
	ctx, stop := context.WithCancel(l.ctx)
	stopped := make(chan struct{})
	before, in := s.stopped, l.gate.era()
	s.stop, s.stopped = stop, stopped
	l.work.Go(func() {
		defer stop()
		if before != nil {
			<-before
		}
		m := &mirror{log: l, shared: s, era: in, chain: record.Chain{ID: s.name}, patience: time.Now().Add(l.cfg.Patience)}
		err := m.run(ctx)
		close(stopped) // it feeds no more. Whoever waits for this may hold a lock that the keeper needs
		if err != nil && ctx.Err() == nil && (moved && isGone(err) && !m.chain.Begun() || l.keeper.lost(ctx, m.era)) {
			err = chat.ErrLost // whatever the inconsistency was
		}
		if err != nil {
			l.giveUp(ctx, s, err)
		}
	})
}

// giveUp ends the readers of a completion whose mirror has failed, unless a writer feeds
// the tape by now: that stops the mirror, under the lock.
func (l *Log) giveUp(mirror context.Context, s *shared, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if mirror.Err() == nil && s.writer == nil {
		l.remove(s)
		s.tape.Drop(err)
	}
}

// run feeds the tape until the terminal event. It subscribes first and then reads what is stored, so that
// nothing is missed in between.
func (m *mirror) run(ctx context.Context) error {
	live := make(chan *nats.Msg, 256)
	// The server handles it before the request for what is stored, which comes later.
	sub, err := m.log.conn.ChanSubscribe(livePrefix+m.shared.name+".*", live)
	if err != nil {
		return jetio.Failure(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := m.catchUp(ctx); err != nil {
		return err
	}
	idle := time.NewTimer(m.pause())
	defer idle.Stop()
	for !m.ended() {
		var err error
		select {
		case msg := <-live:
			err = m.receive(ctx, msg)
		case <-idle.C:
			err = m.look(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		idle.Reset(m.pause())
	}
	return nil
}

// pause is how long a mirror that hears nothing waits before it reads the stream.
func (m *mirror) pause() time.Duration {
	if m.missed {
		return jetio.RetryPause
	}
	return recheck
}

func (m *mirror) ended() bool {
	_, terminal := m.shared.tape.Last()
	return terminal != nil
}

// catchUp reads what the stream holds. While the stream cannot be reached, it leaves
// the tape as it is.
func (m *mirror) catchUp(ctx context.Context) error {
	m.missed, m.knows = false, m.log.election == 0 || m.log.io.TakenSince(m.behind)
	resumed := m.chain
	last, err := m.log.archive.records(ctx, m.shared.name, m.last, m.feed)
	shown, _ := m.shared.tape.Last()
	begun := resumed.Begun() || shown >= 0
	switch {
	case err == nil:
		m.last, m.failing = last, false
		m.log.saw(m.era, last)
	case !errors.Is(err, chat.ErrLogFull), !begun && (!errors.Is(err, nats.ErrTimeout) || time.Now().After(m.patience)):
		return err
	default:
		if !m.failing {
			m.log.cfg.Logger.WarnContext(ctx, "cannot follow a completion for now",
				slog.String("completion", m.shared.name), slog.Any("error", err))
		}
		m.behind = 0
		m.chain, m.missed, m.failing = resumed, true, true // the part of the batch that came will come again, and is shown once
		return ctx.Err()
	}
	if !m.chain.Begun() {
		return m.unbegun(ctx)
	}
	return nil
}

// unbegun distinguishes a completion that a lagging server does not have yet from one that has expired or never
// existed.
func (m *mirror) unbegun(ctx context.Context) error {
	_, _, err := m.log.archive.oneRecord(ctx, m.shared.name, m.log.io.FirstOf)
	shown, _ := m.shared.tape.Last()
	switch late := time.Now().After(m.patience); {
	case errors.Is(err, chat.ErrNotFound) && shown >= 0 && m.doubts():
		return ctx.Err()
	case errors.Is(err, chat.ErrNotFound):
		_, err = m.log.archive.pastMeta(ctx, m.shared.name)
		return err
	case errors.Is(err, chat.ErrLogFull) && (shown >= 0 || !late): // there is no leader, or it cannot be reached
		m.behind, err = 0, ctx.Err()
	case err == nil && late && shown < 0:
		err = jetio.Failure(nats.ErrTimeout)
	}
	m.missed = true
	return err
}

// look is what a mirror does when it has heard nothing for a while.
func (m *mirror) look(ctx context.Context) error {
	if err := m.catchUp(ctx); err != nil || m.missed || m.ended() {
		return err
	}
	return m.stillThere(ctx)
}

// stillThere distinguishes a silent completion from one that was deleted, and from one that nobody would ever
// end: storage that lost its last records may also have lost, or brought back, the record of its owner.
// [chat.ErrLost]: more was shown than the stream holds.
func (m *mirror) stillThere(ctx context.Context) error {
	id, in := m.shared.name, m.log.gate.era()
	newest, _, err := m.log.archive.lastRecord(ctx, id)
	if errors.Is(err, chat.ErrNotFound) {
		if m.doubts() {
			return ctx.Err()
		}
		if _, err := m.log.io.FirstOf(ctx, eventsPrefix+id); err == nil {
			return fmt.Errorf("completion %s: %w: its last record", id, record.ErrCorrupt)
		}
		return chat.ErrTrimmed
	}
	if errors.Is(err, record.ErrCorrupt) {
		return fmt.Errorf("completion %s: %w", id, err)
	}
	if err != nil {
		m.behind = 0
		return ctx.Err()
	}
	shown, _ := m.shared.tape.Last()
	if newest.Next() > shown {
		m.behind = 0
	}
	switch {
	case newest.Meta == nil && newest.Next() <= shown:
		if m.doubts() {
			return ctx.Err()
		}
		return fmt.Errorf("completion %s: %w: the stream holds %d events, and event %d was shown", id, chat.ErrLost, newest.Next(), shown)
	case newest.Terminal() != nil:
		return ctx.Err() // it has ended: it will be read soon, and needs no owner
	}
	if _, err := m.log.io.LastOf(ctx, ownerSubject("*", id)); !errors.Is(err, chat.ErrNotFound) {
		return ctx.Err()
	}
	switch _, err := m.log.io.Append(ctx, in, ownerSubject(m.log.replica, id), nil, 0); {
	case err == nil:
		m.log.abandon(id) // the fence decides whether anything is left to do
	case !errors.Is(err, jetio.ErrFenced):
		m.log.left.Store(true) // it may be stored
	}
	return ctx.Err()
}

// doubts reports whether the answer that the stream holds less than was shown may be out of date: then the
// mirror asks again soon. This replica's own pulses soon show who leads.
func (m *mirror) doubts() bool {
	if m.behind == 0 {
		m.behind = m.log.io.Mark()
	}
	m.missed = !m.knows
	return m.missed
}

// receive handles a live message: a record, or progress.
func (m *mirror) receive(ctx context.Context, msg *nats.Msg) error {
	if strings.HasSuffix(msg.Subject, progressToken) {
		if p, ok := decodeProgress(msg.Data); ok {
			m.shared.tape.Progress(p)
		}
		return nil
	}
	sequence, before, ok := republished(msg)
	switch {
	case ok && sequence <= m.last:
		return nil
	case ok && before == m.last:
		m.last = sequence
		m.log.saw(m.era, sequence)
		m.log.witness.Saw(m.era, sequence, eventsPrefix+m.shared.name, msg.Data)
		return m.feed(msg.Data)
	}
	// Something was missed, or the message is not from the stream: what the stream holds counts.
	err := m.catchUp(ctx)
	m.missed = m.missed || m.last < sequence
	return err
}

// republished returns the stream sequence of a live message, and that of the previous one on its subject.
func republished(msg *nats.Msg) (sequence, before uint64, ok bool) {
	if msg.Header.Get(jetstream.StreamHeader) != streamName {
		return 0, 0, false
	}
	sequence, err := strconv.ParseUint(msg.Header.Get(jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return 0, 0, false
	}
	before, err = strconv.ParseUint(msg.Header.Get(jetstream.LastSequenceHeader), 10, 64)
	return sequence, before, err == nil
}

// feed adds the next message of the subject.
func (m *mirror) feed(data []byte) error {
	r, err := record.Decode(data)
	switch {
	case err != nil:
	case r.Meta == nil && !m.chain.Begun():
		return chat.ErrTrimmed // the beginning has expired
	default:
		err = m.chain.Add(r)
	}
	if err != nil {
		return fmt.Errorf("completion %s: %w", m.shared.name, err)
	}
	if err := m.keep(r); err != nil {
		return err
	}
	return m.shared.feed(r)
}

// keepStep is how many bytes a mirror adds before it reserves more room.
const keepStep = 32 << 10

// keep reserves room for a record, a step at a time.
func (m *mirror) keep(r *record.Record) error {
	shown, _ := m.shared.tape.Last()
	for i := range r.Events {
		if r.First+int64(i) > shown {
			m.unkept += tape.SizeOf(&r.Events[i])
		}
	}
	if r.Meta == nil && m.unkept < keepStep {
		return nil
	}
	n := m.unkept
	m.unkept = 0
	return m.shared.keep(r.Meta, n)
}
