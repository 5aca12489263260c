package rpc

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/callers"
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/internal/tlsfiles"
	"github.com/pawstream/pawstream/internal/tlsfiles/tlstest"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// A place is a server with one address of each kind.
type place struct {
	address string // over TCP
	inside  func(context.Context) (net.Conn, error)
	log     *lockedBuffer
}

func serve(t *testing.T, access Access) *place {
	t.Helper()
	log := memlog.New(memlog.Config{})
	service := service.New(service.Config{Log: log, Models: []chat.Model{{ID: "test", Engine: answer("x")}}})
	lines, reports := &lockedBuffer{}, telemetry.Discard()
	reports.Logger = slog.New(slog.NewTextHandler(lines, nil))
	server, _ := NewServer(service, completionv1.UnimplementedPetServiceServer{}, access, budget.New(0), 0, reports, func(chat.Refusal) {})
	outside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	inside := Inside()
	served := make(chan error)
	for _, l := range []net.Listener{outside, inside} {
		go func() { served <- server.Serve(l) }()
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_ = service.Shutdown(ended)
		server.Stop()
		for range 2 {
			if err := <-served; err != nil {
				t.Error(err)
			}
		}
		log.Close()
	})
	return &place{outside.Addr().String(), inside.DialContext, lines}
}

// call stores a completion and returns its principal: it asks for the completion as each of names, by a
// connection from inside. With told, the trailers of a call and of a stream must name the target, and otherwise
// neither.
func (p *place) call(t *testing.T, conn *grpc.ClientConn, told bool, names []string, named ...string) (string, error) {
	t.Helper()
	ctx := t.Context()
	for _, name := range named {
		ctx = metadata.AppendToOutgoingContext(ctx, PrincipalKey, name)
	}
	params := hello()
	params.Store = true
	var trailer metadata.MD
	done, err := completionv1.NewCompletionServiceClient(conn).CreateCompletion(ctx, &completionv1.CreateCompletionRequest{Params: params}, grpc.Trailer(&trailer))
	stream, streamErr := completionv1.NewCompletionServiceClient(conn).StreamCompletion(ctx, &completionv1.StreamCompletionRequest{Params: hello()})
	if _, streamErr := receive(t, stream, streamErr); status.Code(streamErr) != status.Code(err) {
		t.Errorf("a stream ends with %v, a call with %v", streamErr, err)
	}
	if err != nil {
		return "", err
	}
	for _, got := range []metadata.MD{trailer, stream.Trailer()} {
		if target := got.Get(TargetKey); told != slices.Equal(target, []string{scriptedTarget}) || !told && len(target) > 0 {
			t.Errorf("told %q, and that was to be told: %v", target, told)
		}
	}
	all := p.dial(t, nil)
	for _, name := range names {
		get := &completionv1.GetCompletionRequest{CompletionId: done.GetCompletion().GetId()}
		if _, err := completionv1.NewCompletionServiceClient(all).GetCompletion(as(t.Context(), name), get); err == nil {
			return name, nil
		}
	}
	t.Errorf("the completion is nobody's of %v", names)
	return "", nil
}

// dial connects from inside if transport is nil, and otherwise over TCP.
func (p *place) dial(t *testing.T, transport credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	address, options := p.address, []grpc.DialOption{grpc.WithTransportCredentials(transport)}
	if transport == nil {
		address = "passthrough:///inside"
		options = []grpc.DialOption{
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return p.inside(ctx) }),
		}
	}
	conn, err := grpc.NewClient(address, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func load(t *testing.T, files tlsfiles.Files) *tlsfiles.Set {
	t.Helper()
	set, err := tlsfiles.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestOnWhoseBehalf tries every kind of peer on each kind of server.
func TestOnWhoseBehalf(t *testing.T) {
	authority := tlstest.NewAuthority(t, "ours")
	files := authority.Issue(t, "service")
	mutual := serve(t, Access{TLS: load(t, files).Server("h2"), TrustedPeers: []string{"edge", "old edge"}})
	files.CA = ""
	oneSided := serve(t, Access{TLS: load(t, files).Server("h2"), TrustLocal: true})
	plaintext := serve(t, Access{TrustLocal: true})
	unbelieving, closed := serve(t, Access{}), serve(t, Access{Closed: true})
	closedButLocal := serve(t, Access{Closed: true, TrustLocal: true})

	with := func(dns []string, subject string) credentials.TransportCredentials {
		return credentials.NewTLS(load(t, authority.Issue(t, "", func(c *x509.Certificate) {
			c.DNSNames, c.Subject = dns, pkix.Name{CommonName: subject}
		})).Client())
	}
	edge, oldEdge := with([]string{"edge.internal", "edge"}, ""), with([]string{"a.internal"}, "old edge")
	billing, bySubject, nameless := with([]string{"billing", "billing.internal"}, "edges"), with(nil, "reports"), with(nil, "")
	noCertificate := credentials.NewTLS(load(t, tlsfiles.Files{CA: authority.File}).Client())

	for _, tt := range []struct {
		name      string
		place     *place
		transport credentials.TransportCredentials // nil: from inside
		named     []string
		want      string // the principal; "": the call is refused
	}{
		{"trusted by a DNS name", mutual, edge, []string{"ann"}, "ann"},
		{"trusted by its subject", mutual, oldEdge, []string{"ann"}, "ann"},
		{"trusted, for nobody known", mutual, edge, []string{callers.Anonymous}, callers.Anonymous},
		{"trusted, for itself", mutual, edge, nil, "edge.internal"},
		{"trusted, for two", mutual, edge, []string{"ann", "bob"}, ""},
		{"untrusted, for itself", mutual, billing, nil, "billing"},
		{"untrusted, for itself by name", mutual, billing, []string{"billing"}, "billing"},
		{"untrusted, by another name of its own", mutual, billing, []string{"billing.internal"}, "billing.internal"},
		{"untrusted, by an empty name", mutual, billing, []string{""}, "billing"},
		{"untrusted, by its subject", mutual, bySubject, nil, "reports"},
		{"spoof", mutual, billing, []string{"ann"}, ""},
		{"spoof of nobody", mutual, billing, []string{callers.Anonymous}, ""},
		{"spoof of the edge", mutual, billing, []string{"edge"}, ""},
		{"spoof beside itself", mutual, billing, []string{"billing", "ann"}, ""},
		{"no name", mutual, nameless, nil, ""},
		{"no name, spoof", mutual, nameless, []string{"ann"}, ""},
		{"from inside", mutual, nil, []string{"ann"}, "ann"},
		{"from inside, for nobody", mutual, nil, nil, callers.Anonymous},
		{"encrypted on this machine", oneSided, noCertificate, []string{"ann"}, "ann"},
		{"encrypted, certificate that nobody asked for", oneSided, billing, []string{"ann"}, "ann"},
		{"on this machine", plaintext, insecure.NewCredentials(), []string{"ann"}, "ann"},
		{"on this machine, for nobody", plaintext, insecure.NewCredentials(), nil, callers.Anonymous},
		{"on this machine, not believed", unbelieving, insecure.NewCredentials(), []string{"ann"}, ""},
		{"on this machine, not believed, for nobody", unbelieving, insecure.NewCredentials(), nil, callers.Anonymous},
		{"from inside, where nobody is believed", unbelieving, nil, []string{"ann"}, "ann"},
		{"on this machine, kept out", closed, insecure.NewCredentials(), []string{"ann"}, ""},
		{"on this machine, kept out, for nobody", closed, insecure.NewCredentials(), nil, ""},
		{"from inside, where others are kept out", closed, nil, []string{"ann"}, "ann"},
		{"on this machine, where others are kept out", closedButLocal, insecure.NewCredentials(), []string{"ann"}, "ann"},
		{"on this machine, where others are kept out, for nobody", closedButLocal, insecure.NewCredentials(), nil, callers.Anonymous},
		{"on this machine, for two", plaintext, insecure.NewCredentials(), []string{"ann", "bob"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			names := []string{"ann", "billing", "billing.internal", "edge", "edge.internal", "reports", callers.Anonymous}
			told := !strings.HasPrefix(tt.name, "untrusted") && !strings.Contains(tt.name, "not believed")
			got, err := tt.place.call(t, tt.place.dial(t, tt.transport), told, names, tt.named...)
			if tt.want != "" {
				if err != nil || got != tt.want {
					t.Errorf("it is %q, %v; want %q", got, err, tt.want)
				}
				return
			}
			st := status.Convert(err)
			if st.Code() != codes.PermissionDenied || st.Message() == "" || strings.Contains(st.Message(), "ann") || strings.Contains(st.Message(), "billing") {
				t.Fatalf("it is %q, %v", got, err)
			}
			if tt.place == closed && tt.named == nil && !strings.HasPrefix(st.Message(), "With --auth, callers of gRPC need a client certificate. --grpc-trust-local lets") {
				t.Errorf("it says %q", st.Message())
			}
			info, ok := st.Details()[0].(*errdetails.ErrorInfo)
			if !ok || info.GetReason() != "PEER_NOT_TRUSTED" || info.GetDomain() != "petstore.completion" {
				t.Errorf("details %v", st.Details())
			}
			tt.place.log.awaits(t, st.Message())
		})
	}
	if log := mutual.log.String(); !strings.Contains(log, `certificate="[billing billing.internal edges]"`) {
		t.Errorf("log %s", log)
	}
}

// TestFromAnotherMachine checks addresses of other machines, which a test cannot call from.
func TestFromAnotherMachine(t *testing.T) {
	for _, tt := range []struct {
		name, address string
		public        bool
		named, want   string
	}{
		{"remote, public, for nobody", "192.0.2.1", true, "", callers.Anonymous},
		{"remote", "192.0.2.1", false, "ann", ""},
		{"remote, for nobody", "192.0.2.1", false, "", callers.Anonymous},
		{"remote, public", "192.0.2.1", true, "ann", "ann"},
		{"remote by IPv6", "2001:db8::1", false, "ann", ""},
		{"loopback", "127.3.2.1", false, "ann", "ann"},
		{"loopback by IPv6", "::1", false, "ann", "ann"},
		{"loopback mapped", "::ffff:127.0.0.1", false, "ann", "ann"},
		{"remote mapped", "::ffff:192.0.2.1", false, "ann", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx := peer.NewContext(t.Context(), &peer.Peer{Addr: &net.TCPAddr{IP: net.ParseIP(tt.address), Port: 1}})
			if tt.named != "" {
				ctx = metadata.NewIncomingContext(ctx, metadata.Pairs(PrincipalKey, tt.named))
			}
			access := Access{InsecurePublic: tt.public, TrustLocal: true}
			got, err := access.principal(ctx)
			if got != tt.want || (err == nil) != (tt.want != "") || err != nil && status.Code(err) != codes.PermissionDenied {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
	access := Access{InsecurePublic: true}
	if _, err := access.principal(t.Context()); err == nil {
		t.Error("a call without a peer is taken")
	}
}

// TestWhoMayConnect checks peers that are refused before they can call, even for health checks.
func TestWhoMayConnect(t *testing.T) {
	ours, theirs := tlstest.NewAuthority(t, "ours"), tlstest.NewAuthority(t, "theirs")
	p := serve(t, Access{TLS: load(t, ours.Issue(t, "service")).Server("h2"), TrustedPeers: []string{"edge"}, InsecurePublic: true})
	foreign := theirs.Issue(t, "edge")
	foreign.CA = ours.File
	for _, tt := range []struct {
		name      string
		transport credentials.TransportCredentials
		want      codes.Code
		log       string // part of the log line about it
	}{
		{"a certificate", credentials.NewTLS(load(t, ours.Issue(t, "any")).Client()), codes.OK, ""},
		{"from inside", nil, codes.OK, ""},
		{"plaintext", insecure.NewCredentials(), codes.Unavailable, "does not look like a TLS handshake"},
		{"no certificate", credentials.NewTLS(load(t, tlsfiles.Files{CA: ours.File}).Client()), codes.Unavailable, "didn't provide a certificate"},
		{"another authority's certificate", credentials.NewTLS(load(t, foreign).Client()), codes.Unavailable, "unknown authority"},
		{"it takes us for somebody else", credentials.NewTLS(load(t, theirs.Issue(t, "edge")).Client()), codes.Unavailable, "bad certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := grpc_health_v1.NewHealthClient(p.dial(t, tt.transport)).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
			if status.Code(err) != tt.want {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			p.log.awaits(t, tt.log)
		})
	}
	if log := p.log.String(); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "peer=127.0.0.1:") || strings.Contains(log, "level=ERROR") {
		t.Errorf("log %s", log)
	}
}

// awaits waits until the buffer contains a text, because a client may notice an end before the server.
func (b *lockedBuffer) awaits(t *testing.T, text string) {
	t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	late := time.After(10 * time.Second)
	for !strings.Contains(b.String(), text) {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("log %s, want %q", b, text)
		}
	}
}
