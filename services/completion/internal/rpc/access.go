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

// Access says who may call a server, and on whose behalf. A peer that is believed names
// the principal of each call by [PrincipalKey]:
//
//   - A peer with a verified certificate is believed if one of the certificate's names is
//     trusted. Any other may name only itself, and a peer that names nobody is the
//     principal itself, by the certificate's first name.
//   - A peer without one is believed with InsecurePublic, or if it is on the same machine and
//     TrustLocal says so. A peer that names nobody is [callers.Anonymous]; with Closed, even that has to be believed.
//   - A peer in the same process, see [Inside], is believed and needs no TLS.
type Access struct {
	// TLS secures connections; nil: nothing does. To be told by their certificates
	// peers have to be asked for them.
	TLS *tls.Config
	// TrustedPeers are names in certificates: a DNS name or the subject's common name.
	TrustedPeers []string
	// InsecurePublic believes every peer that has no certificate.
	InsecurePublic bool
	// TrustLocal believes those on the same machine.
	TrustLocal bool
	// Closed keeps out peers without a certificate that are not believed.
	Closed bool
}

// principal returns on whose behalf a call is made, or why the peer may not make it.
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
		return "", notTrusted("The call is from nowhere.")
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

// believes reports whether the peer of a call may make it on behalf of anybody.
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

// trusts reports whether one of a certificate's names is that of a trusted peer.
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

// certificate returns a peer's certificate if it was verified, or nil.
func certificate(from *peer.Peer) *x509.Certificate {
	info, ok := from.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.VerifiedChains) == 0 {
		return nil
	}
	return info.State.VerifiedChains[0][0]
}

// namesIn returns the names of a certificate that count, the one that is preferred first.
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

// principal returns on whose behalf an admitted call is made.
func principal(ctx context.Context) string {
	name, ok := ctx.Value(principalKey{}).(string)
	if !ok {
		return callers.Anonymous
	}
	return name
}

// An admittedStream is a stream whose context knows the principal.
type admittedStream struct {
	grpc.ServerStream
	ctx  context.Context
	room *budget.Share // for what is received
}

// Context implements grpc.ServerStream.
func (s *admittedStream) Context() context.Context { return s.ctx }

// RecvMsg implements grpc.ServerStream.
func (s *admittedStream) RecvMsg(request any) error {
	return readRequest(s.ServerStream.RecvMsg, request, s.room)
}
