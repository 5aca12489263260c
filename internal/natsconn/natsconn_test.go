package natsconn

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/pawstream/pawstream/internal/tlsfiles"
)

func TestServer(t *testing.T) {
	for _, test := range []struct {
		name   string
		server Server
		shown  string // "": Check refuses it
	}{
		{"host alone", Server{URL: "nats:4222"}, "nats://nats:4222"},
		{"cluster", Server{URL: "nats://a:1, tls://b:2"}, "nats://a:1,tls://b:2"},
		{"password", Server{URL: "nats://me:hidden@a:1"}, "nats://a:1"},
		{"token", Server{URL: "nats://hidden@a:1"}, "nats://a:1"},
		{"no host", Server{URL: "nats://"}, ""},
		{"not a URL", Server{URL: "nats://me:hidden@a:%zz"}, ""},
		{"one of two", Server{URL: "a:1,"}, ""},
		{"certificate without key", Server{URL: "a:1", Pair: tlsfiles.Pair{Cert: "f"}}, ""},
		{"key without certificate", Server{URL: "a:1", Pair: tlsfiles.Pair{Key: "f"}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.server.Check()
			switch {
			case test.shown == "" && err == nil:
				t.Error("it is not refused")
			case test.shown != "" && (err != nil || test.server.String() != test.shown):
				t.Errorf("%v, shown as %s", err, test.server.String())
			case err != nil && strings.Contains(err.Error(), "hidden"):
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}

// dialled is a dialer that records the addresses that a client dials.
type dialled struct{ to string }

// Dial implements nats.CustomDialer.
func (d *dialled) Dial(_, address string) (net.Conn, error) {
	d.to = address
	return nil, errors.New("nobody there")
}

// The client's own name lookup has no timeout. If a resolver is silent, as Docker's is about a stopped container, the
// client would wait for ten seconds and more, even if the server is back sooner. The dialer has a timeout, and looks the name up itself.
func TestANameIsLookedUpWithinTheBound(t *testing.T) {
	d := new(dialled)
	_, err := nats.Connect("nats://localhost:1", append(new(Server).Options(), nats.SetCustomDialer(d))...)
	if err == nil || d.to != "localhost:1" {
		t.Errorf("it was looked up before it was dialled: %q, %v", d.to, err)
	}
}
