package rpc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/callers"
	"github.com/pawstream/pawstream/services/completion/internal/wire"
)

// Access says which peers may call a server, and for which principals. A trusted peer names the
// principal of each call by [PrincipalKey]:
//
//   - A peer with a verified certificate is trusted if one of the certificate's names is in
//     TrustedPeers. Any other peer may name only itself. If a call names no principal, the principal
//     is the peer itself, by the certificate's first name.
//   - A peer without one is trusted with InsecurePublic, or with TrustLocal if it is on the same
//     machine. If a call names no principal, it is [callers.Anonymous]; with Closed, even that needs trust.
//   - A peer in the same process, see [Inside], is trusted and needs no TLS.
type Access struct {
	// TLS secures connections; nil: no TLS. To identify peers by their certificates, it must request these.
	TLS *tls.Config
	// TrustedPeers are names in certificates: a DNS name or the subject's common name.
	TrustedPeers []string
	// InsecurePublic trusts every peer without a certificate.
	InsecurePublic bool
	// TrustLocal trusts peers on the same machine that have no certificate.
	TrustLocal bool
	// Closed refuses untrusted peers without a certificate.
	Closed bool
}

// principal returns the principal of a call, or why the peer may not make it.
func (a *Access) principal(ctx context.Context) (string, error) {
	var named string
	switch values := metadata.ValueFromIncomingContext(ctx, PrincipalKey); len(values) {
	case 0:
	case 1:
		named = values[0]
	default:
		return "", notTrusted("A call is on behalf of one principal at most.")
	}
	from, ok := peer.FromContext(ctx)
	if !ok {
		return "", notTrusted("The peer of the call is unknown.")
	}
	if c := certificate(from); c != nil {
		return a.ofCertificate(c, named)
	}
	local, believed := onThisMachine(from.Addr), a.believes(ctx)
	switch {
	case believed && named != "":
		return named, nil
	case believed || named == "" && !a.Closed:
		return callers.Anonymous, nil
	case local && named == "":
		return "", notTrusted("With --auth, callers of gRPC need a client certificate. --grpc-trust-local lets callers on this machine in without one.")
	case local:
		return "", notTrusted("A caller of gRPC needs a client certificate to name a principal. --grpc-trust-local lets callers on this machine name one without.")
	}
	return "", notTrusted("Without a certificate a call from another machine may not name a principal.")
}

// believes reports whether the peer of a call is trusted to name any principal.
func (a *Access) believes(ctx context.Context) bool {
	from, ok := peer.FromContext(ctx)
	if !ok {
		return false
	}
	if c := certificate(from); c != nil {
		return a.trusts(namesIn(c))
	}
	return inside(from.Addr) || a.InsecurePublic || onThisMachine(from.Addr) && a.TrustLocal
}

// trusts reports whether one of a certificate's names is in TrustedPeers.
func (a *Access) trusts(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(a.TrustedPeers, name) })
}

func (a *Access) ofCertificate(c *x509.Certificate, named string) (string, error) {
	own := namesIn(c)
	switch {
	case len(own) == 0:
		return "", notTrusted("The peer's certificate has neither a DNS name nor a common name.")
	case named == "":
		return own[0], nil
	case a.trusts(own) || slices.Contains(own, named):
		return named, nil
	}
	return "", notTrusted("The peer may not call on behalf of others: no name of its certificate is that of a trusted peer.")
}

// certificate returns a peer's verified certificate, or nil.
func certificate(from *peer.Peer) *x509.Certificate {
	info, ok := from.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.VerifiedChains) == 0 {
		return nil
	}
	return info.State.VerifiedChains[0][0]
}

// namesIn returns a certificate's DNS names and common name, the preferred one first.
func namesIn(c *x509.Certificate) []string {
	names := slices.Clone(c.DNSNames)
	if c.Subject.CommonName != "" {
		names = append(names, c.Subject.CommonName)
	}
	return names
}

// onThisMachine reports whether an address is a loopback address.
func onThisMachine(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// notTrusted returns the error for a call that its peer may not make.
func notTrusted(message string) error {
	const reason = completionv1.Reason_REASON_PEER_NOT_TRUSTED
	st := status.New(wire.Code(reason), message)
	withDetails, err := st.WithDetails(wire.Info(reason))
	if err != nil { // cannot happen: the code is not OK and the detail is a known type
		return st.Err()
	}
	return withDetails.Err()
}

type principalKey struct{}

// principal returns the principal of an admitted call.
func principal(ctx context.Context) string {
	name, ok := ctx.Value(principalKey{}).(string)
	if !ok {
		return callers.Anonymous
	}
	return name
}

// An admittedStream is a stream whose context has the principal.
type admittedStream struct {
	grpc.ServerStream
	ctx  context.Context
	room *budget.Share // for the received request
}

// Context implements grpc.ServerStream.
func (s *admittedStream) Context() context.Context { return s.ctx }

// RecvMsg implements grpc.ServerStream.
func (s *admittedStream) RecvMsg(request any) error {
	return readRequest(s.ServerStream.RecvMsg, request, s.room)
}
