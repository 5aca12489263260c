package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"

	"google.golang.org/grpc/credentials"

	"github.com/pawstream/pawstream/internal/tlsfiles"
)

// HTTPS are the settings of TLS towards clients.
type HTTPS struct {
	TLSCert     string `name:"tls-cert" help:"Certificate of the public HTTP API for TLS 1.3, in PEM, with those between it and its authority's; read again when it changes." placeholder:"FILE"`
	TLSKey      string `name:"tls-key" help:"Key of the certificate of the public HTTP API, in PEM; not to be readable for everybody on the machine." placeholder:"FILE"`
	TLSClientCA string `name:"tls-client-ca" help:"Authorities of HTTP clients, in PEM: a client must have a certificate from one of them." placeholder:"FILE"`
}

func (h *HTTPS) check() error {
	switch {
	case (h.TLSCert == "") != (h.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key need each other")
	case h.TLSClientCA != "" && h.TLSCert == "":
		return errors.New("--tls-client-ca needs --tls-cert")
	}
	return nil
}

// secure makes the HTTP server one of HTTPS, if that is asked for.
func (s *Server) secure() error {
	h := &s.cfg.HTTPS
	if h.TLSCert == "" {
		return nil
	}
	set, err := tlsfiles.Load(tlsfiles.Files{Cert: h.TLSCert, Key: h.TLSKey, CA: h.TLSClientCA})
	if err != nil {
		return fmt.Errorf("HTTPS: %w", err)
	}
	s.watchers = append(s.watchers, set)
	s.http.Protocols.SetUnencryptedHTTP2(false)
	s.http.Protocols.SetHTTP2(true)
	s.http.TLSConfig = set.Server("h2", "http/1.1")
	return nil
}

// answer serves the listener until the server is shut down.
func (s *Server) answer() error {
	var err error
	if s.http.TLSConfig != nil {
		err = s.http.ServeTLS(s.listener, "", "")
	} else {
		err = s.http.Serve(s.listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP: %w", err)
	}
	return nil
}

// CompletionTLS are the settings of TLS towards the completion service. Any one of them
// asks for it.
type CompletionTLS struct {
	CA   string `name:"tls-ca" help:"Authorities of the completion service, in PEM; without them but with TLS: those that the system knows." placeholder:"FILE"`
	Cert string `name:"tls-cert" help:"Certificate by which the completion service knows this edge, in PEM; read again when it changes." placeholder:"FILE"`
	Key  string `name:"tls-key" help:"Key of the certificate by which the completion service knows this edge, in PEM; not to be readable for everybody on the machine." placeholder:"FILE"`
	Name string `name:"tls-name" help:"What the completion service's certificate must be for, in place of the host of --completion-addr." placeholder:"NAME"`
}

func (c *CompletionTLS) check() error {
	if (c.Cert == "") != (c.Key == "") {
		return errors.New("--completion-tls-cert and --completion-tls-key need each other")
	}
	return nil
}

// open reads the certificates. The set is nil without TLS.
func (c *CompletionTLS) open() (*tlsfiles.Set, error) {
	if *c == (CompletionTLS{}) {
		return nil, nil
	}
	return tlsfiles.Load(tlsfiles.Files{Cert: c.Cert, Key: c.Key, CA: c.CA})
}

// latest secures each connection to a server by what the files hold then.
type latest struct {
	credentials.TransportCredentials
	files *tlsfiles.Set
}

func newLatest(files *tlsfiles.Set) *latest {
	return &latest{credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS13}), files}
}

// ClientHandshake implements credentials.TransportCredentials.
func (l *latest) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return credentials.NewTLS(l.files.Client()).ClientHandshake(ctx, authority, conn)
}

// Clone implements credentials.TransportCredentials.
func (l *latest) Clone() credentials.TransportCredentials { return newLatest(l.files) }
