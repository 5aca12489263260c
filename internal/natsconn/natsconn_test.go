package natsconn

import (
	"strings"
	"testing"
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
		{"certificate without key", Server{URL: "a:1", Cert: "f"}, ""},
		{"key without certificate", Server{URL: "a:1", Key: "f"}, ""},
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
