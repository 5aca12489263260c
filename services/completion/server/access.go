package server

import (
	"context"
	"fmt"
	"net"

	"github.com/pawstream/pawstream/internal/loopback"
	"github.com/pawstream/pawstream/internal/tlsfiles"
	"github.com/pawstream/pawstream/services/completion/internal/rpc"
)

// Access are the settings for authentication of the gRPC API.
type Access struct {
	TLS            tlsfiles.Serving `embed:"" prefix:"tls-" set:"api=gRPC API" set:"protocol=gRPC" set:"client=caller" group:"tls"`
	TrustedPeer    []string         `help:"Name in the certificate of a trusted edge; repeatable. A trusted edge may name the principal of a call. Any other caller is the principal that its certificate names." placeholder:"NAME" group:"grpc"`
	InsecurePublic bool             `help:"Allow gRPC on an address other than loopback without client certificates, and trust every caller to name its principal." group:"grpc"`
}

// A Local says what callers on the same machine without a certificate may do.
type Local int

const (
	// LocalTrusted callers may name the principal of a call, as an edge must. It is the zero value.
	LocalTrusted Local = iota
	// LocalAnonymous callers may call only without a principal.
	LocalAnonymous
	// LocalRefused callers may not call.
	LocalRefused
)

// check returns an error for settings that cannot work with the listen address. It names the flag, which begins
// with prefix.
func (a *Access) check(listen, prefix string) error {
	if err := a.TLS.Check(prefix + "tls-"); err != nil {
		return err
	}
	switch {
	case len(a.TrustedPeer) > 0 && a.TLS.ClientCA == "":
		return fmt.Errorf("--%strusted-peer needs --%stls-client-ca", prefix, prefix)
	case a.TLS.ClientCA == "" && !a.InsecurePublic && !loopback.Listen(listen):
		return fmt.Errorf("--%slisten %s is open to others: it needs --%stls-cert and --%stls-client-ca (or --%sinsecure-public, if that is meant)",
			prefix, listen, prefix, prefix, prefix)
	}
	return nil
}

// open reads the certificates. It returns a nil set without TLS.
func (a *Access) open(local Local) (rpc.Access, *tlsfiles.Set, error) {
	access := rpc.Access{
		TrustedPeers: a.TrustedPeer, InsecurePublic: a.InsecurePublic, TrustLocal: local == LocalTrusted, Closed: local == LocalRefused,
	}
	set, err := a.TLS.Load()
	if err != nil {
		return access, nil, fmt.Errorf("TLS of the gRPC API: %w", err)
	}
	if set != nil {
		access.TLS = set.Server("h2")
	}
	return access, set, nil
}

// observeCertificates adds metrics of how long the certificates are valid.
func (s *Server) observeCertificates() error {
	if s.secured != nil {
		if err := s.secured.Observe(s.reports.Meters); err != nil {
			return err
		}
	}
	return s.cfg.NATS.Observe(s.reports.Meters)
}

// Dial connects to the service from within its process, without TLS.
func (s *Server) Dial(ctx context.Context) (net.Conn, error) { return s.inside.DialContext(ctx) }
