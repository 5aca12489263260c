// Package natsconn has what a program of ours needs to reach a NATS server: the address, and the credentials of
// both sides. It does not know what they say to each other.
package natsconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/metric"

	"github.com/pawstream/pawstream/internal/tlsfiles"
)

// A Server is a NATS server, or the servers of a cluster. A table of flags embeds it, with the
// prefix "nats-"; its variable nats_use says what the server is for.
type Server struct {
	// URL is the server's URL, or several separated by commas, with user and password or a token
	// if needed: nats://user:password@host:4222, tls:// for TLS. Empty: there is no server.
	URL string `name:"url" help:"URL of a NATS server with JetStream ${nats_use}" placeholder:"URL"`
	// Creds is a file of credentials.
	Creds string `help:"NATS credentials file for --nats-url." placeholder:"FILE"`
	// CA has the authorities, in PEM, that the server's certificate is checked against; empty: the system's. It
	// requires TLS, and so does Pair.
	CA string `name:"ca" help:"Certificate authorities with which to verify the server of --nats-url, in PEM. The connection must then use TLS." placeholder:"FILE"`
	// Pair authenticates to it.
	tlsfiles.Pair `embed:"" set:"cert_help=Client certificate for --nats-url, in PEM. The connection must then use TLS." set:"key_help=Private key for --nats-cert, in PEM."`
	// Dial connects to an address; nil: through the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error) `kong:"-"`
}

// Check returns what is wrong with the settings, by the flags' names. It reveals no secrets.
func (s *Server) Check() error {
	if s.URL == "" {
		if s.Creds+s.CA+s.Cert+s.Key != "" {
			return errors.New("--nats-creds, --nats-ca, --nats-cert and --nats-key need --nats-url")
		}
		return nil
	}
	if err := s.Pair.Check("nats-"); err != nil {
		return err
	}
	for i, one := range strings.Split(s.URL, ",") {
		// The client's own error would contain the password.
		if parsed, err := parse(one); err != nil || parsed.Host == "" {
			return fmt.Errorf("--nats-url: URL %d of NATS is not of the form nats://user:password@host:port", i+1)
		}
	}
	return nil
}

const (
	// Timeout is how long a server may take to accept a connection.
	Timeout = 2 * time.Second
	// pingEvery is how often a server is pinged; maxPings is how many pings it may leave unanswered. A replaced
	// host is silent on the old connection, and accepts a new one.
	pingEvery = 2 * time.Second
	maxPings  = 2
	// writeTimeout is how long a server may not read what is sent to it. While a write hangs, no pings are
	// sent.
	writeTimeout = 4 * time.Second
)

// DialContext connects to an address of the server, within [Timeout].
func (s *Server) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	if s.Dial != nil {
		return s.Dial(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// Options are those of a connection that is never given up. Publishing while it is down fails at once: old news
// is of no use.
func (s *Server) Options() []nats.Option {
	options := []nats.Option{
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100 * time.Millisecond),
		nats.ReconnectJitter(50*time.Millisecond, 50*time.Millisecond),
		// A server that has lost our credentials may get them back.
		nats.IgnoreAuthErrorAbort(),
		nats.Timeout(Timeout),
		// Its own name lookup has no timeout: a silent resolver would block it for longer than the server is
		// away.
		nats.SkipHostLookup(),
		nats.PingInterval(pingEvery),
		nats.MaxPingsOutstanding(maxPings),
		nats.FlusherTimeout(writeTimeout),
		nats.ReconnectBufSize(-1),
	}
	if s.Creds != "" {
		options = append(options, nats.UserCredentials(s.Creds))
	}
	if s.CA != "" {
		options = append(options, nats.RootCAs(s.CA))
	}
	if s.Cert != "" {
		options = append(options, nats.ClientCert(s.Cert, s.Key))
	}
	return options
}

// Observe makes metrics show the validity of the certificates, as the next connection will read them.
func (s *Server) Observe(meters metric.MeterProvider) error {
	return tlsfiles.ObserveFiles(meters, tlsfiles.Files{Cert: s.Cert, CA: s.CA})
}

// String returns the server's address, without the secrets in its URL, and without the user, which may be a
// token.
func (s *Server) String() string {
	var shown []string
	for one := range strings.SplitSeq(s.URL, ",") {
		if parsed, err := parse(one); err == nil {
			shown = append(shown, parsed.Scheme+"://"+parsed.Host)
		}
	}
	return strings.Join(shown, ",")
}

// parse reads a URL as the client does, which also accepts just a host.
func parse(one string) (*url.URL, error) {
	one = strings.TrimSpace(one)
	if !strings.Contains(one, "://") {
		one = "nats://" + one
	}
	return url.Parse(one)
}
