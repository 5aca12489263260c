package server

import (
	"io"
	"testing"

	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/natsconn"
)

// TestSettingsThatNeedEachOther checks the errors for settings that cannot work alone.
func TestSettingsThatNeedEachOther(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string // "": they can work
	}{
		{nil, ""},
		{[]string{"--tls-cert=c", "--tls-key=k", "--tls-client-ca=a"}, ""},
		{[]string{"--tls-cert=c"}, "--tls-cert and --tls-key need each other"},
		{[]string{"--tls-key=k"}, "--tls-cert and --tls-key need each other"},
		{[]string{"--tls-client-ca=a"}, "--tls-client-ca needs --tls-cert"},
		{[]string{"--completion-tls-cert=c", "--completion-tls-key=k"}, ""},
		{[]string{"--completion-tls-ca=a", "--completion-tls-name=n"}, ""},
		{[]string{"--completion-tls-cert=c"}, "--completion-tls-cert and --completion-tls-key need each other"},
		{[]string{"--completion-tls-key=k"}, "--completion-tls-cert and --completion-tls-key need each other"},
		{[]string{"--nats-url=a:1", "--nats-creds=f", "--nats-ca=f", "--nats-cert=f", "--nats-key=f"}, ""},
		{[]string{"--nats-url=a:1", "--nats-cert=f"}, "--nats-cert and --nats-key need each other"},
		{[]string{"--nats-url=a:1", "--nats-key=f"}, "--nats-cert and --nats-key need each other"},
		{[]string{"--nats-creds=f"}, "--nats-creds, --nats-ca, --nats-cert and --nats-key need --nats-url"},
		{[]string{"--nats-key=f"}, "--nats-creds, --nats-ca, --nats-cert and --nats-key need --nats-url"},
		{[]string{"--nats-url=nats://me:hidden@"}, "--nats-url: URL 1 of NATS is not of the form nats://user:password@host:port"},
	} {
		var flags struct {
			CompletionTLS CompletionTLS   `embed:"" prefix:"completion-"`
			NATS          natsconn.Server `embed:"" prefix:"nats-" set:"nats_use=of tests"`
			config.Commands
			config.Process
			Options
		}
		if _, err := config.Parse(config.Program{Name: "edge"}, &flags, test.args, io.Discard, io.Discard); err != nil {
			t.Fatal(err)
		}
		cfg := Config{Listen: "127.0.0.1:0", CompletionTLS: flags.CompletionTLS, NATS: flags.NATS, Options: flags.Options}
		got := ""
		if err := cfg.Check(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q: error %q, want %q", test.args, got, test.want)
		}
	}
}
