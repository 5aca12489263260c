package jetlog

import (
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/natsconn"
)

// connect connects to the server of the configuration, or starts one.
func (l *Log) connect() error {
	at := natsconn.Server{URL: l.cfg.URL, Creds: l.cfg.CredsFile, CA: l.cfg.CAFile, Cert: l.cfg.CertFile, Key: l.cfg.KeyFile}
	if l.cfg.URL == "" {
		embedded, err := startEmbedded(&l.cfg)
		if err != nil {
			return err
		}
		l.server, at = embedded, natsconn.Server{URL: nats.DefaultURL} // which it does not listen on
	} else if err := at.Check(); err != nil {
		return err
	}
	l.at = at.String()
	conn, err := nats.Connect(at.URL, append(at.Options(), l.options()...)...)
	if err != nil {
		return fmt.Errorf("connect to NATS at %s: %w", at.String(), err)
	}
	l.conn = conn
	for subject, handle := range map[string]nats.MsgHandler{readersPrefix: l.answerWatch, endedPrefix: l.hearEnd, usagePrefix: l.hearUsage} {
		if _, err := conn.Subscribe(subject+"*", handle); err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
	}
	if l.acks, err = newAcks(conn, l.link); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	if l.reads, err = newReads(conn); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	l.maxRecord = min(maxRecord, int(conn.MaxPayload()/2))
	l.js, err = jetstream.New(conn, jetstream.WithDefaultTimeout(l.cfg.Patience))
	return err
}

// options are those of the log's own connection. Publishing while it is down fails at once:
// an append knows how to wait and what to check before it tries again.
func (l *Log) options() []nats.Option {
	options := []nats.Option{
		nats.Name("pawstream completion " + l.replica),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				l.cfg.Logger.Warn("connection to NATS lost", slog.Any("error", err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			l.connected.Store(time.Now().UnixNano())
			l.link.isBack()
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

// Each new connection shuts the gate before anything can be sent on it: what is behind it has
// to be looked at first.

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
	dialer := net.Dialer{Timeout: natsconn.Timeout}
	return dialer.DialContext(o.log.ctx, network, address)
}
