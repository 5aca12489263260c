package backend

import (
	"context"
	"crypto/tls"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/test/bufconn"

	"github.com/pawstream/pawstream/internal/reload"
	"github.com/pawstream/pawstream/internal/tlsfiles"
	"github.com/pawstream/pawstream/internal/tlsfiles/tlstest"
)

// TestLatest replaces the certificate of a client that connects again and again.
func TestLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours := tlstest.NewAuthority(t, "ours")
		files := ours.Issue(t, "first")
		set, err := tlsfiles.Load(files)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			set.Watch(ctx, slog.New(slog.DiscardHandler))
		}()
		server, err := tlsfiles.Load(ours.Issue(t, "service"))
		if err != nil {
			t.Fatal(err)
		}
		listener := bufconn.Listen(1 << 16)
		defer listener.Close()
		client := newLatest(set).Clone() // as grpc does

		for _, test := range []struct {
			authority, want string // "": the connection is refused
			act             func()
		}{
			{"127.0.0.1:50051", "first", func() {}},
			{"service:50051", "first", func() {}},
			{"service", "first", func() {}},
			{"elsewhere:50051", "", func() {}},
			{"192.0.2.1:50051", "", func() {}}, // an address is a name too
			{"service:50051", "second", func() { tlstest.Replace(t, files, ours.Issue(t, "second")) }},
		} {
			test.act()
			<-time.After(3 * reload.Interval)
			synctest.Wait()
			seen := make(chan string, 1)
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					seen <- err.Error()
					return
				}
				defer conn.Close()
				secured := tls.Server(conn, server.Server("h2"))
				if secured.HandshakeContext(ctx) != nil {
					seen <- ""
					return
				}
				seen <- secured.ConnectionState().PeerCertificates[0].DNSNames[0]
			}()
			conn, err := listener.Dial()
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = client.ClientHandshake(ctx, test.authority, conn)
			if got := <-seen; got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("%s: the server sees %q, the client %v; want %q", test.authority, got, err, test.want)
			}
			conn.Close()
		}
		stop()
		<-done
	})
}
