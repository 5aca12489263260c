package server

import (
	"context"
	"fmt"
	"net"

	"github.com/pawstream/pawstream/internal/loopback"
	"github.com/pawstream/pawstream/internal/tlsfiles"
	"github.com/pawstream/pawstream/services/completion/internal/rpc"
)

// Access are the settings of who may call the gRPC API, and on whose behalf.
type Access struct {
	TLSCert        string   `name:"tls-cert" help:"Certificate of the gRPC API for TLS 1.3, in PEM, with those between it and its authority's; read again when it changes." placeholder:"FILE"`
	TLSKey         string   `name:"tls-key" help:"Key of the certificate of the gRPC API, in PEM; not to be readable for everybody on the machine." placeholder:"FILE"`
	TLSClientCA    string   `name:"tls-client-ca" help:"Authorities of gRPC callers, in PEM: a caller must have a certificate from one of them." placeholder:"FILE"`
	TrustedPeer    []string `help:"Name in an edge's certificate; may be given several times. Such callers tell whom they call for, others are the principal that their certificate names." placeholder:"NAME"`
	InsecurePublic bool     `help:"Serve gRPC on an address that is not loopback without asking callers for certificates, and believe everybody whom they call for."`
}

// A Local is what callers from the same machine may do that have no certificate.
type Local int

const (
	// LocalTrusted are believed whom they call for, as an edge has to be. It is the zero value.
	LocalTrusted Local = iota
	// LocalAnonymous may call for nobody.
	LocalAnonymous
	// LocalRefused may not call.
	LocalRefused
)

// check refuses settings that cannot work together with the address, by the flag's name
// after its prefix.
func (a *Access) check(listen, prefix string) error {
	switch {
	case (a.TLSCert == "") != (a.TLSKey == ""):
		return fmt.Errorf("--%stls-cert and --%stls-key need each other", prefix, prefix)
	case a.TLSClientCA != "" && a.TLSCert == "":
		return fmt.Errorf("--%stls-client-ca needs --%stls-cert", prefix, prefix)
	case len(a.TrustedPeer) > 0 && a.TLSClientCA == "":
		return fmt.Errorf("--%strusted-peer needs --%stls-client-ca", prefix, prefix)
	case a.TLSClientCA == "" && !a.InsecurePublic && !loopback.Listen(listen):
		return fmt.Errorf("--%slisten %s is open to others: it needs --%stls-cert and --%stls-client-ca (or --%sinsecure-public, if that is meant)",
			prefix, listen, prefix, prefix, prefix)
	}
	return nil
}

// open reads the certificates. The set is nil without TLS.
func (a *Access) open(local Local) (rpc.Access, *tlsfiles.Set, error) {
	access := rpc.Access{
		TrustedPeers: a.TrustedPeer, InsecurePublic: a.InsecurePublic, TrustLocal: local == LocalTrusted, Closed: local == LocalRefused,
	}
	if a.TLSCert == "" {
		return access, nil, nil
	}
	set, err := tlsfiles.Load(tlsfiles.Files{Cert: a.TLSCert, Key: a.TLSKey, CA: a.TLSClientCA})
	if err != nil {
		return access, nil, fmt.Errorf("TLS of the gRPC API: %w", err)
	}
	access.TLS = set.Server("h2")
	return access, set, nil
}

// Dial connects to the service from within its process, whatever secures its address.
func (s *Server) Dial(ctx context.Context) (net.Conn, error) { return s.inside.DialContext(ctx) }
