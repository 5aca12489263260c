package server

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/pawstream/pawstream/internal/tlsfiles"
)

// secure makes the HTTP server use HTTPS, if certificates are configured.
func (s *Server) secure() error {
	set, err := s.cfg.TLS.Load()
	if err != nil {
		return fmt.Errorf("HTTPS: %w", err)
	}
	if set == nil {
		return nil
	}
	if err := s.watch(set); err != nil {
		return fmt.Errorf("HTTPS: %w", err)
	}
	s.http.Protocols.SetUnencryptedHTTP2(false)
	s.http.Protocols.SetHTTP2(true)
	s.http.TLSConfig = set.Server("h2", "http/1.1")
	return nil
}

// watch reloads certificates when they change, and adds metrics of how long they are valid.
func (s *Server) watch(set *tlsfiles.Set) error {
	s.watchers = append(s.watchers, set)
	return set.Observe(s.reports.Meters)
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

// CompletionTLS are the settings for TLS to the completion service. Setting any of them enables TLS.
type CompletionTLS struct {
	tlsfiles.Pair `embed:"" prefix:"tls-" set:"cert_help=Client certificate with which this edge authenticates to the completion service, in PEM. The file is reloaded when it changes." set:"key_help=Private key for the client certificate of this edge, in PEM. Other users of the machine must not be able to read the file."`

	CA   string `name:"tls-ca" help:"Certificate authorities with which to verify the completion service, in PEM. Default with TLS: those of the system." placeholder:"FILE"`
	Name string `name:"tls-name" help:"Name that the completion service's certificate must contain, instead of the host of --completion-addr." placeholder:"NAME"`
}

// open reads the certificates. It returns a nil set without TLS.
func (c *CompletionTLS) open() (*tlsfiles.Set, error) {
	if *c == (CompletionTLS{}) {
		return nil, nil
	}
	return tlsfiles.Load(tlsfiles.Files{Cert: c.Cert, Key: c.Key, CA: c.CA})
}
