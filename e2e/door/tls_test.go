package door

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/tlsfiles"
	"github.com/pawstream/pawstream/internal/tlsfiles/tlstest"
)

// flags returns a program's flags for files. ca names the flag of the CA file.
func flags(prefix string, files tlsfiles.Files, ca string) []string {
	args := []string{"--" + prefix + "tls-cert=" + files.Cert, "--" + prefix + "tls-key=" + files.Key}
	if ca != "" {
		args = append(args, "--"+prefix+"tls-"+ca+"="+files.CA)
	}
	return args
}

// configOf returns the configuration of a client with these files.
func configOf(t *testing.T, files tlsfiles.Files) *tls.Config {
	t.Helper()
	set, err := tlsfiles.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return set.Client()
}

// httpsClient returns a client for HTTP/2 or HTTP/1.1 that uses a new connection for each request.
func httpsClient(config *tls.Config, http2 bool) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: config.Clone(), Protocols: protocols, DisableKeepAlives: !http2, DisableCompression: true,
	}}
}

// by sends a request with this client.
func by(t *testing.T, client *http.Client, req *http.Request) api.Exchange {
	t.Helper()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return api.Exchange{Status: resp.StatusCode, Header: resp.Header, Body: text}
}

func ask(t *testing.T, url string, members api.Object, headers ...string) *http.Request {
	t.Helper()
	return api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(members), headers...)
}

// call returns a gRPC client with certificates.
func call(t *testing.T, address string, config *tls.Config) completionv1.CompletionServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(credentials.NewTLS(config)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return completionv1.NewCompletionServiceClient(conn)
}

// TestTLS secures every connection of a stack.
func TestTLS(t *testing.T) {
	t.Parallel()
	ours := tlstest.NewAuthority(t, "ours")
	s := rig.Own(t, stack.Options{
		Completion: append(flags("", ours.Issue(t, "localhost"), "client-ca"), "--trusted-peer=edge"),
		Edge: append(append(flags("completion-", ours.Issue(t, "edge"), "ca"), flags("", ours.Issue(t, "api"), "")...),
			"--auth=keys", "--auth-keys="+rig.Keys(t, "owner", "stranger")),
		Between: func(address string) (string, error) { // two replicas, each verified by its own name
			_, port, err := net.SplitHostPort(address)
			return address + ", localhost:" + port, err
		},
	})
	url := "https://" + s.Edge.Addr("http")
	anybody := configOf(t, tlsfiles.Files{CA: ours.File})
	h2, h1 := httpsClient(anybody, true), httpsClient(anybody, false)
	want := api.Whole(t, rig.Fast(t).URL())

	for version, client := range map[string]*http.Client{"HTTP/2.0": h2, "HTTP/1.1": h1} {
		t.Run(version, func(t *testing.T) {
			resp, err := client.Do(ask(t, url, nil, rig.Bearer("owner")))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.Proto != version || resp.TLS == nil || resp.TLS.Version != tls.VersionTLS13 || resp.TLS.PeerCertificates[0].DNSNames[0] != "api" {
				t.Errorf("%s, %+v", resp.Proto, resp.TLS)
			}
			if got := resp.Header.Get("Strict-Transport-Security"); got != "max-age=15552000" {
				t.Errorf("Strict-Transport-Security is %q", got)
			}
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			r := api.Recorded(t, api.Exchange{Status: resp.StatusCode, Header: resp.Header, Body: text})
			if diff := cmp.Diff(want, api.Joined(t, r.Events)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			follow := api.Request(t, http.MethodGet, url+"/v1/chat/completions/"+r.ID+"?stream=true", "", rig.Bearer("owner"))
			if x := by(t, client, follow); string(x.Body) != r.Raw {
				t.Errorf("a replay is\n%s\nwant\n%s", x.Body, r.Raw)
			}
		})
	}
	t.Run("no TLS", func(t *testing.T) {
		if x := api.Do(t, api.Request(t, http.MethodGet, "http://"+s.Edge.Addr("http")+"/v1/models", "")); x.Status != http.StatusBadRequest {
			t.Errorf("status %d", x.Status)
		}
		h2c := &http.Client{Transport: &http.Transport{Protocols: new(http.Protocols)}}
		h2c.Transport.(*http.Transport).Protocols.SetUnencryptedHTTP2(true)
		if resp, err := h2c.Get("http://" + s.Edge.Addr("http") + "/v1/models"); err == nil {
			t.Errorf("HTTP/2 without TLS: %s", resp.Status)
		}
	})
	t.Run("TLS 1.2", func(t *testing.T) {
		old := anybody.Clone()
		old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
		for _, address := range []string{s.Edge.Addr("http"), s.Completion.Addr("grpc")} {
			if conn, err := tls.Dial("tcp", address, old); err == nil {
				_ = conn.Close()
				t.Errorf("%s speaks it", address)
			}
		}
	})
	t.Run("principals", func(t *testing.T) { behalf(t, s, ours, url, h2) })
}

// behalf tests completions created through the edge, and callers that bypass it.
func behalf(t *testing.T, s *stack.Stack, ours *tlstest.Authority, url string, client *http.Client) {
	id := api.Recorded(t, by(t, client, ask(t, url, api.Object{"store": true}, rig.Bearer("owner")))).ID
	path := url + "/v1/chat/completions/" + id
	if x := by(t, client, api.Request(t, http.MethodGet, path, "", rig.Bearer("owner"))); x.Status != http.StatusOK {
		t.Errorf("its owner gets %d, %s", x.Status, x.Body)
	}
	if x := by(t, client, api.Request(t, http.MethodGet, path, "", rig.Bearer("stranger"))); x.Status != http.StatusNotFound {
		t.Errorf("somebody else gets %d, %s", x.Status, x.Body)
	}
	billing := call(t, s.Completion.Addr("grpc"), configOf(t, ours.Issue(t, "billing")))
	asOwner := metadata.AppendToOutgoingContext(t.Context(), "pawstream-principal", "owner")
	theirs := &completionv1.GetCompletionRequest{CompletionId: id}
	if _, err := billing.GetCompletion(asOwner, theirs); status.Code(err) != codes.PermissionDenied || api.ReasonOf(err) != "PEER_NOT_TRUSTED" {
		t.Errorf("who is not trusted, on the owner's behalf: %v", err)
	}
	if _, err := billing.GetCompletion(t.Context(), theirs); status.Code(err) != codes.NotFound {
		t.Errorf("who is not trusted, for itself: %v", err)
	}
	params := api.Params(api.SomeTokens)
	params.StreamOptions, params.Store = nil, true
	done, err := billing.CreateCompletion(t.Context(), &completionv1.CreateCompletionRequest{Params: params})
	if err != nil {
		t.Fatal(err)
	}
	itsOwn := &completionv1.GetCompletionRequest{CompletionId: done.GetCompletion().GetId()}
	if _, err := billing.GetCompletion(t.Context(), itsOwn); err != nil {
		t.Errorf("its own: %v", err)
	}
	if x := by(t, client, api.Request(t, http.MethodGet, url+"/v1/chat/completions/"+itsOwn.GetCompletionId(), "", rig.Bearer("owner"))); x.Status != http.StatusNotFound {
		t.Errorf("its own, through the edge: %d, %s", x.Status, x.Body)
	}
}

// TestRefusedEdge tests edges that the completion service does not trust, and edges that do not trust it.
func TestRefusedEdge(t *testing.T) {
	t.Parallel()
	ours, theirs := tlstest.NewAuthority(t, "ours"), tlstest.NewAuthority(t, "theirs")
	service := rig.Start(t, "completion", append(flags("", ours.Issue(t, "completion.internal"), "client-ca"), "--listen=127.0.0.1:0", "--trusted-peer=edge")...)
	foreign := theirs.Issue(t, "edge")
	foreign.CA = ours.File
	for _, test := range []struct {
		name string
		args []string
		want int
	}{
		{"in order", flags("completion-", ours.Issue(t, "edge"), "ca"), http.StatusOK},
		{"by another name", append(flags("completion-", ours.Issue(t, "edge"), "ca"), "--completion-tls-name=completion.internal"), http.StatusOK},
		{"no certificate", []string{"--completion-tls-ca=" + ours.File}, http.StatusServiceUnavailable},
		{"no TLS", nil, http.StatusServiceUnavailable},
		{"another authority", flags("completion-", foreign, "ca"), http.StatusServiceUnavailable},
		{"the service's authority is another", flags("completion-", theirs.Issue(t, "edge"), "ca"), http.StatusServiceUnavailable},
		{"the system's authorities", flags("completion-", ours.Issue(t, "edge"), ""), http.StatusServiceUnavailable},
		{"the service is another", append(flags("completion-", ours.Issue(t, "edge"), "ca"), "--completion-tls-name=elsewhere"), http.StatusServiceUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			edge := rig.Start(t, "edge", append(test.args, "--listen=127.0.0.1:0", "--completion-addr="+service.Addr("grpc"))...)
			for name, x := range map[string]api.Exchange{
				"stream": api.Post(t, "http://"+edge.Addr("http"), api.Streamed(nil)), "whole": api.Post(t, "http://"+edge.Addr("http"), api.Body(nil)),
			} {
				if x.Status == http.StatusOK && test.want == http.StatusOK {
					continue
				}
				want := api.Refusal{Status: test.want, Type: "server_error", Code: "overloaded"}
				if got := api.Refused(t, x); got != want || x.Header.Get("Retry-After") == "" {
					t.Errorf("%s: %+v, header %v", name, got, x.Header)
				}
			}
		})
	}
}

// TestRotation replaces certificates under running programs and streams.
func TestRotation(t *testing.T) {
	t.Parallel()
	ours := tlstest.NewAuthority(t, "ours")
	service, peer, public := ours.Issue(t, "old.service"), ours.Issue(t, "old.edge"), ours.Issue(t, "old.api")
	const pace, tokens = rig.SteadyPace / 2, 5 * rig.SteadyPace / 2 // five seconds, the length of a whole answer
	s := rig.Own(t, stack.Options{
		Pace:       pace,
		Completion: append(flags("", service, "client-ca"), "--trusted-peer=old.edge", "--trusted-peer=new.edge"),
		Edge:       append(flags("completion-", peer, "ca"), flags("", public, "")...),
	})
	url := "https://" + s.Edge.Addr("http")
	config := configOf(t, ours.Issue(t, "client"))
	running, err := httpsClient(config, true).Do(ask(t, url, api.Object{"max_tokens": tokens}))
	if err != nil {
		t.Fatal(err)
	}
	defer running.Body.Close()

	// Files that do not match are ignored.
	if err := os.Rename(ours.Issue(t, "mismatch").Cert, public.Cert); err != nil {
		t.Fatal(err)
	}
	rig.Eventually(t, 20*time.Second, func() error {
		if !strings.Contains(s.Edge.Log(), "does not match") {
			return rig.ErrNotYet
		}
		return nil
	})
	if got, err := served(s.Edge.Addr("http"), config); got != "old.api" {
		t.Errorf("with files that do not match the edge is %q, %v", got, err)
	}

	tlstest.Replace(t, service, ours.Issue(t, "new.service"))
	tlstest.Replace(t, peer, ours.Issue(t, "new.edge"))
	tlstest.Replace(t, public, ours.Issue(t, "new.api"))
	for address, want := range map[string]string{s.Edge.Addr("http"): "new.api", s.Completion.Addr("grpc"): "new.service"} {
		rig.Eventually(t, 20*time.Second, func() error {
			if got, err := served(address, config); got != want {
				return fmt.Errorf("%w: the certificate is for %q, want %q: %w", rig.ErrNotYet, got, want, err)
			}
			return nil
		})
	}
	text, err := io.ReadAll(running.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := api.Recorded(t, api.Exchange{Status: running.StatusCode, Header: running.Header, Body: text}); len(got.Events) != tokens+4 {
		t.Errorf("the stream that ran has %d events", len(got.Events))
	}
	if got := api.Recorded(t, by(t, httpsClient(config, false), ask(t, url, nil))); len(got.Events) != api.SomeTokens+4 {
		t.Errorf("a new one has %d", len(got.Events))
	}
}

// served returns the name in the certificate at an address.
func served(address string, config *tls.Config) (string, error) {
	config = config.Clone()
	config.NextProtos = []string{"h2"}
	conn, err := tls.Dial("tcp", address, config)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].DNSNames[0], nil
}

// TestTLSInOneProcess secures both addresses of standalone, whose own edge needs no certificate.
func TestTLSInOneProcess(t *testing.T) {
	t.Parallel()
	ours := tlstest.NewAuthority(t, "ours")
	forServers := ours.Issue(t, "localhost", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	all := rig.Start(t, "standalone", append(append(flags("grpc-", forServers, "client-ca"), flags("", ours.Issue(t, "api"), "client-ca")...),
		"--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0", "--advisor-pace=0", "--log=memory")...)
	config := configOf(t, ours.Issue(t, "billing"))
	client := httpsClient(config, true)
	r := api.Recorded(t, by(t, client, ask(t, "https://"+all.Addr("http"), api.Object{"store": true})))
	if diff := cmp.Diff(api.Whole(t, rig.Fast(t).URL()), api.Joined(t, r.Events)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if resp, err := httpsClient(configOf(t, tlsfiles.Files{CA: ours.File}), true).Do(ask(t, "https://"+all.Addr("http"), nil)); err == nil {
		t.Errorf("HTTP without a certificate: %s", resp.Status)
	}
	inside := &completionv1.GetCompletionRequest{CompletionId: r.ID}
	if _, err := call(t, all.Addr("grpc"), config).GetCompletion(t.Context(), inside); status.Code(err) != codes.NotFound {
		t.Errorf("gRPC, of a completion that is nobody's: %v", err)
	}
	if _, err := call(t, all.Addr("grpc"), configOf(t, tlsfiles.Files{CA: ours.File})).GetCompletion(t.Context(), inside); status.Code(err) != codes.Unavailable {
		t.Errorf("gRPC without a certificate: %v", err)
	}
}

// TestCertificatesAreMeasured checks that each program reports how long its certificates are valid.
func TestCertificatesAreMeasured(t *testing.T) {
	t.Parallel()
	served, calls, nats := tlstest.NewAuthority(t, "a").Issue(t, "s"), tlstest.NewAuthority(t, "b").Issue(t, "c"), tlstest.NewAuthority(t, "c").Issue(t, "n")
	args := flags("", served, "client-ca")
	args = append(args, "--nats-cert="+nats.Cert, "--nats-key="+nats.Key, "--nats-ca="+nats.CA, "--nats-url=127.0.0.1:1", "--listen=127.0.0.1:0")
	for program, test := range map[string]struct{ more, files []string }{
		"edge":       {append(flags("completion-", calls, "ca"), "--completion-addr=127.0.0.1:1"), []string{calls.Cert, calls.CA}},
		"completion": {[]string{"--log=memory"}, nil},
	} {
		p := rig.Start(t, program, append(test.more, args...)...)
		shown := api.Do(t, api.Request(t, http.MethodGet, "http://"+p.Addr("admin")+"/metrics", "")).Body
		for _, file := range append(test.files, served.Cert, served.CA, nats.Cert, nats.CA) {
			if want := `pawstream_certificate_not_after_timestamp_seconds{file="` + file + `"`; !strings.Contains(string(shown), want) {
				t.Errorf("%s: no %s", program, want)
			}
		}
	}
}

// TestCannotStartWithTLS checks that the error names the file or the flag.
func TestCannotStartWithTLS(t *testing.T) {
	t.Parallel()
	ours := tlstest.NewAuthority(t, "ours")
	good, other := ours.Issue(t, "good"), ours.Issue(t, "other")
	old := ours.Issue(t, "old", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	open := ours.Issue(t, "open")
	if err := os.Chmod(open.Key, 0o644); err != nil {
		t.Fatal(err)
	}
	mixed := tlsfiles.Files{Cert: good.Cert, Key: other.Key}
	const loopback, public = "--listen=127.0.0.1:0", "--listen=0.0.0.0:0"
	for _, test := range []struct {
		name, program string
		args          []string
		says          []string
	}{
		{"they do not match", "completion", append(flags("", mixed, ""), loopback), []string{"does not match", other.Key}},
		{"expired", "completion", append(flags("", old, ""), loopback), []string{"expired", old.Cert}},
		{"everybody may read the key", "completion", append(flags("", open, ""), loopback), []string{"chmod o-r", open.Key}},
		{"no key", "completion", []string{loopback, "--tls-cert=" + good.Cert}, []string{"--tls-cert", "--tls-key"}},
		{"clients' authority alone", "completion", []string{loopback, "--tls-client-ca=" + good.CA}, []string{"--tls-client-ca", "--tls-cert"}},
		{"whom to trust without certificates", "completion", append(flags("", good, ""), loopback, "--trusted-peer=edge"), []string{"--trusted-peer", "--tls-client-ca"}},
		{"plaintext for everybody", "completion", []string{public}, []string{"--listen", "--tls-client-ca", "--insecure-public"}},
		{"no clients' certificates", "completion", append(flags("", good, ""), public), []string{"--listen", "--tls-client-ca", "--insecure-public"}},
		{"HTTPS: they do not match", "edge", append(flags("", mixed, ""), loopback), []string{"does not match", other.Key}},
		{"HTTPS: expired", "edge", append(flags("", old, ""), loopback), []string{"expired", old.Cert}},
		{"HTTPS: everybody may read the key", "edge", append(flags("", open, ""), loopback), []string{"chmod o-r", open.Key}},
		{"HTTPS: no certificate", "edge", []string{loopback, "--tls-key=" + good.Key}, []string{"--tls-cert", "--tls-key"}},
		{"HTTPS: clients' authority alone", "edge", []string{loopback, "--tls-client-ca=" + good.CA}, []string{"--tls-client-ca", "--tls-cert"}},
		{"to the service: they do not match", "edge", append(flags("completion-", mixed, ""), loopback), []string{"does not match", other.Key}},
		{"to the service: no key", "edge", []string{loopback, "--completion-tls-cert=" + good.Cert}, []string{"--completion-tls-cert", "--completion-tls-key"}},
		{"to the service: no authority", "edge", []string{loopback, "--completion-tls-ca=" + good.Key}, []string{"no certificate", good.Key}},
		{"all in one, expired", "standalone", append(flags("grpc-", old, ""), loopback, "--grpc-listen=127.0.0.1:0"), []string{"expired", old.Cert}},
		{"all in one, gRPC for everybody", "standalone", []string{loopback, "--grpc-listen=0.0.0.0:0"}, []string{"--grpc-listen", "--grpc-tls-client-ca", "--grpc-insecure-public"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, stderr, exit := rig.Run(t, test.program, append(test.args, "--admin-listen=127.0.0.1:0")...)
			line := strings.TrimSuffix(stderr, "\n")
			if exit == 0 || strings.Contains(line, "\n") {
				t.Errorf("exit code %d, stderr:\n%s", exit, stderr)
			}
			for _, part := range test.says {
				if !strings.Contains(line, part) {
					t.Errorf("no %q in: %s", part, line)
				}
			}
		})
	}
	t.Run("for everybody, if that is meant", func(t *testing.T) {
		rig.Start(t, "completion", public, "--insecure-public", "--log=memory")
	})
	t.Run("for everybody with a certificate", func(t *testing.T) {
		rig.Start(t, "completion", append(flags("", good, "client-ca"), public, "--log=memory")...)
	})
}
