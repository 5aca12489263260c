package jetlog

import (
	"fmt"
	"log/slog"
	"net"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/natsconn"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/liveness"
	"github.com/pawstream/pawstream/services/completion/internal/natsserver"
)

// connect connects to the server of the configuration, or starts one.
func (l *Log) connect() error {
	at := l.cfg.NATS
	if at.URL == "" {
		embedded, err := natsserver.Start(natsserver.Config{
			Dir: l.cfg.DataDir, Format: format, SyncAlways: l.cfg.SyncAlways,
			MaxPending: mostUntaken, Patience: startPatience, Logger: l.cfg.Logger,
		})
		if err != nil {
			return err
		}
		l.server, at = embedded, natsconn.Server{URL: nats.DefaultURL} // only a name: it does not listen there
	} else if err := at.Check(); err != nil {
		return err
	}
	l.at = at.String()
	conn, err := nats.Connect(at.URL, append(at.Options(), l.options()...)...)
	if err != nil {
		return fmt.Errorf("connect to NATS at %s: %w", at.String(), err)
	}
	l.conn = conn
	l.peers = liveness.Alone() // a server inside this process has no other replicas: whatever it finds is its own
	if l.server == nil {
		l.peers = liveness.New(conn, beatPrefix, l.replica)
	}
	for subject, handle := range map[string]nats.MsgHandler{
		beatPrefix:    l.peers.Hear,
		readersPrefix: l.answerWatch, askedPrefix: l.answerAsked, endedPrefix: l.hearEnd, usagePrefix: l.hearUsage,
	} {
		if _, err := conn.Subscribe(subject+"*", handle); err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
	}
	l.maxRecord = min(maxRecord, int(conn.MaxPayload()/2))
	if l.js, err = jetstream.New(conn, jetstream.WithDefaultTimeout(l.cfg.Patience)); err != nil {
		return err
	}
	patience := l.cfg.Patience
	if l.election > 0 {
		patience += leaderless
	}
	l.io, err = jetio.New(jetio.Config{
		Conn: conn, JetStream: l.js, Link: l.link, Name: streamName, Gate: l.gate,
		Patience: patience, Admission: admission, Election: l.election,
		Saw:   l.witness.Saw,
		Doubt: func() { l.gate.shut(); l.suspect() },
	})
	if err != nil {
		return err
	}
	l.archive = &archive{io: l.io, js: l.js, gate: l.gate, reads: newReads(conn), patience: l.cfg.Patience}
	l.names = &names{archive: l.archive, admission: admission}
	return nil
}

// options are those of the log's own connection. Publishing while it is down fails at once: an append knows how
// long to wait and what to check before it retries.
func (l *Log) options() []nats.Option {
	options := []nats.Option{
		nats.Name("pawstream completion " + l.replica),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				l.cfg.Logger.Warn("connection to NATS lost", slog.Any("error", err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			l.connected.Now()
			l.peers.Reconnected()
			l.link.IsBack()
			l.cfg.Logger.Info("connection to NATS is back")
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			l.cfg.Logger.Warn("NATS reports an error", slog.Any("error", err))
		}),
	}
	if l.server != nil {
		return append(options, nats.InProcessServer(inside{l}))
	}
	return append(options, nats.SetCustomDialer(outside{l}))
}

// Each new connection shuts the gate before anything can be sent on it: the stream behind it has to be checked
// first.

// inside connects to the server inside this process. It implements [nats.InProcessConnProvider].
type inside struct{ log *Log }

// InProcessConn implements [nats.InProcessConnProvider].
func (i inside) InProcessConn() (net.Conn, error) {
	i.log.gate.shut()
	return i.log.server.InProcessConn()
}

// outside connects to a server elsewhere. It implements [nats.CustomDialer].
type outside struct{ log *Log }

// Dial implements [nats.CustomDialer].
func (o outside) Dial(network, address string) (net.Conn, error) {
	o.log.gate.shut()
	return o.log.cfg.NATS.DialContext(o.log.ctx, network, address)
}
