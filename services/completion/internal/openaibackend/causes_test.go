package openaibackend

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// TestCausesAreTold calls servers that cannot be reached, over real connections. The caller's message says why, but
// reveals neither the server's address nor the key.
func TestCausesAreTold(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for name, test := range map[string]struct{ url, want string }{
		"HTTPS to a port of HTTP":  {strings.Replace(plain.URL, "http:", "https:", 1), "it speaks HTTP and not HTTPS"},
		"a certificate of its own": {tlsServer(t), "its certificate is not accepted"},
		"TLS to something else":    {"https://" + speaks(t, "220 ready\r\n"), "the TLS handshake failed"},
		"another protocol":         {"http://" + speaks(t, "220 ready\r\n\r\n"), "the call failed"},
		"a header that is none":    {"http://" + speaks(t, "HTTP/1.1 200 OK\r\nno header\r\n\r\n"), "the call failed"},
		"chunks that are none":     {"http://" + speaks(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "the call failed"},
		"a body that is cut":       {"http://" + speaks(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n:"), "it closed the connection"},
		"nothing":                  {"http://" + speaks(t, ""), "it closed the connection"},
		"an empty body":            {"http://" + speaks(t, "HTTP/1.1 204 No Content\r\n\r\n"), "its stream ended before the answer did"},
		"nobody":                   {"http://" + nobody(t), "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			err := askedAt(t, test.url)
			var f *route.Failure
			if !errors.As(err, &f) {
				t.Fatal(err)
			}
			if !strings.Contains(f.Shown.Message, ": "+test.want+".") {
				t.Errorf("%q, want %q; %v", f.Shown.Message, test.want, f.Shown.Err)
			}
			if strings.Contains(f.Shown.Message, "127.0.0.1") {
				t.Errorf("%q tells an address", f.Shown.Message)
			}
		})
	}
}

// TestRedirectsAreRefused makes a server redirect to another one, which must not see the key. The operator has to correct
// this; the server counts as healthy.
func TestRedirectsAreRefused(t *testing.T) {
	for _, status := range []int{300, 301, 302, 303, 304, 307, 308} {
		err := attempted(t, Config{Key: "sk-secret"}, func(r *http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: status, Header: http.Header{"Location": {"https://elsewhere.test/v1"}}, Request: r,
				Body: io.NopCloser(strings.NewReader(says("Hi") + ends)),
			}, nil
		})
		var f *route.Failure
		if !errors.As(err, &f) || f.Shown.Code != chat.CodeUpstreamError || f.Retry || !f.Failover || !f.Form ||
			!strings.Contains(f.Shown.Message, "redirects are not followed") || strings.Contains(f.Shown.Message, "elsewhere") {
			t.Errorf("%d: %+v, %v", status, f, err)
		}
	}
}

// askedAt returns the error of a call to a server at an address, by the real transport.
func askedAt(t *testing.T, url string) error {
	t.Helper()
	transport := newTransport(&Config{})
	defer transport.CloseIdleConnections()
	cfg := Config{BaseURL: url, Transport: transport}
	for _, err := range New(cfg).Complete(t.Context(), &route.Call{Request: question1(), Shown: make([]route.Shown, 1)}) {
		if err != nil {
			return err
		}
	}
	return nil
}

// tlsServer returns the address of a server with a self-signed certificate.
func tlsServer(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// speaks returns the address of a server that sends words once the client has sent something, and closes the connection.
func speaks(t *testing.T, words string) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 64<<10)) // reads all of a small request
			_, _ = io.WriteString(c, words)
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// nobody returns an address without a listener.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}
