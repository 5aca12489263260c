package jetlog

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// connect connects to the server of the configuration, or starts one.
func (l *Log) connect() error {
	options, err := l.connectOptions()
	if err != nil {
		return err
	}
	address := l.cfg.URL
	if address == "" {
		embedded, err := startEmbedded(&l.cfg)
		if err != nil {
			return err
		}
		l.server, address = embedded, embedded.server.ClientURL()
		options = append(options, nats.InProcessServer(embedded.server))
	}
	conn, err := nats.Connect(address, options...)
	if err != nil {
		return fmt.Errorf("connect to NATS%s: %w", masked(l.cfg.URL), err)
	}
	l.conn = conn
	for subject, handle := range map[string]nats.MsgHandler{readersPrefix: l.answerWatch, endedPrefix: l.hearEnd} {
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

func (l *Log) connectOptions() ([]nats.Option, error) {
	options := []nats.Option{
		nats.Name("pawstream completion " + l.replica),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100 * time.Millisecond),
		nats.ReconnectJitter(50*time.Millisecond, 50*time.Millisecond),
		nats.RetryOnFailedConnect(false),
		// A server that lost its memory of our credentials may get it back.
		nats.IgnoreAuthErrorAbort(),
		nats.Timeout(2 * time.Second),
		// Publishing while the connection is down fails at once; an append knows how
		// to wait and what to check before it tries again.
		nats.ReconnectBufSize(-1),
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
	if l.cfg.URL == "" {
		return options, nil
	}
	if err := checkURLs(l.cfg.URL); err != nil {
		return nil, err
	}
	if (l.cfg.CertFile == "") != (l.cfg.KeyFile == "") {
		return nil, errors.New("a client certificate for NATS needs both its file and that of its key")
	}
	if l.cfg.CredsFile != "" {
		options = append(options, nats.UserCredentials(l.cfg.CredsFile))
	}
	if l.cfg.CAFile != "" {
		options = append(options, nats.RootCAs(l.cfg.CAFile))
	}
	if l.cfg.CertFile != "" {
		options = append(options, nats.ClientCert(l.cfg.CertFile, l.cfg.KeyFile))
	}
	return options, nil
}

// checkURLs refuses what the client would refuse in words that hold the password.
func checkURLs(urls string) error {
	for i, u := range strings.Split(urls, ",") {
		parsed, err := parseURL(u)
		if err != nil || parsed.Host == "" {
			return fmt.Errorf("URL %d of NATS is not of the form nats://user:password@host:port", i+1)
		}
	}
	return nil
}

// parseURL reads a URL as the client does, which takes a host alone too.
func parseURL(u string) (*url.URL, error) {
	u = strings.TrimSpace(u)
	if !strings.Contains(u, "://") {
		u = "nats://" + u
	}
	return url.Parse(u)
}

// masked returns where a server is, without what is secret in its URL: the user too, as
// a token takes its place.
func masked(urls string) string {
	if urls == "" {
		return "" // the server inside this process
	}
	var shown []string
	for u := range strings.SplitSeq(urls, ",") {
		if parsed, err := parseURL(u); err == nil {
			shown = append(shown, parsed.Scheme+"://"+parsed.Host)
		}
	}
	return " at " + strings.Join(shown, ",")
}
