package jetlog

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/shares"
)

const (
	// recordOverhead is the approximate size of a record besides its data, in bytes.
	recordOverhead = 128
	// tellEvery is how often the usage by principal is sent to the other replicas, and stored.
	tellEvery = 2 * time.Second
	// lastTell is how long the server may take to store it when the log is closed.
	lastTell = time.Second
)

// hearUsage learns what another replica has stored.
func (l *Log) hearUsage(m *nats.Msg) {
	if replica := strings.TrimPrefix(m.Subject, usagePrefix); replica != l.replica {
		l.shares.Hear(replica, m.Data)
	}
}

// loadUsage reads the counts that replicas have saved, including those of this replica's former lives.
func (l *Log) loadUsage(ctx context.Context) error {
	past, err := l.archive.pastStream(ctx)
	if err != nil {
		return jetio.Failure(err)
	}
	info, err := past.Info(ctx, jetstream.WithSubjectFilter(usagePrefix+"*"))
	if err != nil {
		return jetio.Failure(err)
	}
	for subject := range info.State.Subjects {
		msg, err := past.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return jetio.Failure(err)
		}
		l.shares.Hear(strings.TrimPrefix(subject, usagePrefix), msg.Data)
	}
	return nil
}

// keepUsage sends and stores the usage by principal until the log is closed.
func (l *Log) keepUsage() {
	for {
		if stream, err := l.js.Stream(l.ctx, streamName); err == nil {
			lookAt(l.shares, stream.CachedInfo())
		}
		if data := l.shares.Tell(); data != nil {
			if err := l.conn.Publish(usagePrefix+l.replica, data); err != nil {
				l.cfg.Logger.Debug("cannot report what was stored", slog.Any("error", err))
			}
		}
		if wait.For(l.ctx, tellEvery) != nil {
			break
		}
	}
	// Otherwise the last seconds would be missing from the others' counts, and after a restart.
	if data := l.shares.Tell(); data != nil && l.conn.IsConnected() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), lastTell)
		defer cancel()
		_, _ = l.js.Publish(ctx, usagePrefix+l.replica, data) // the server, too, may be about to stop
	}
}

// lookAt updates the count of shares with the stream's state.
func lookAt(s *shares.Count, info *jetstream.StreamInfo) { s.Look(info.Created, info.State.Bytes) }
