package server

import (
	"io"
	"testing"

	"github.com/pawstream/pawstream/internal/config"
)

// TestSettingsThatNeedEachOther checks the errors for settings that cannot work alone.
func TestSettingsThatNeedEachOther(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string // "": they can work
	}{
		{nil, ""},
		{[]string{"--tls-cert=c", "--tls-key=k"}, ""},
		{[]string{"--tls-cert=c", "--tls-key=k", "--tls-client-ca=a", "--trusted-peer=edge"}, ""},
		{[]string{"--tls-cert=c"}, "--tls-cert and --tls-key need each other"},
		{[]string{"--tls-key=k"}, "--tls-cert and --tls-key need each other"},
		{[]string{"--tls-client-ca=a"}, "--tls-client-ca needs --tls-cert"},
		{[]string{"--trusted-peer=edge"}, "--trusted-peer needs --tls-client-ca"},
		{[]string{"--nats-url=a:1", "--nats-creds=f", "--nats-ca=f", "--nats-cert=f", "--nats-key=f"}, ""},
		{[]string{"--nats-url=a:1", "--nats-cert=f"}, "--nats-cert and --nats-key need each other"},
		{[]string{"--nats-url=a:1", "--nats-key=f"}, "--nats-cert and --nats-key need each other"},
		{[]string{"--nats-creds=f"}, "--nats-creds, --nats-ca, --nats-cert and --nats-key need --nats-url"},
		{[]string{"--nats-ca=f"}, "--nats-creds, --nats-ca, --nats-cert and --nats-key need --nats-url"},
		{[]string{"--nats-key=f"}, "--nats-creds, --nats-ca, --nats-cert and --nats-key need --nats-url"},
		{[]string{"--nats-url=nats://me:hidden@"}, "--nats-url: URL 1 of NATS is not of the form nats://user:password@host:port"},
	} {
		var flags struct {
			config.Commands
			config.Process
			Access
			Options
		}
		if _, err := config.Parse(config.Program{Name: "completion"}, &flags, test.args, io.Discard, io.Discard); err != nil {
			t.Fatal(err)
		}
		cfg := Config{Listen: "127.0.0.1:0", Access: flags.Access, Options: flags.Options}
		wantError(t, test.args, cfg.check(), test.want)
	}
}

// TestPrefixedSettingsThatNeedEachOther checks that errors name the flags with the prefix of a program with
// several APIs.
func TestPrefixedSettingsThatNeedEachOther(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--grpc-tls-key=k"}, "--grpc-tls-cert and --grpc-tls-key need each other"},
		{[]string{"--grpc-tls-client-ca=a"}, "--grpc-tls-client-ca needs --grpc-tls-cert"},
		{[]string{"--grpc-trusted-peer=edge"}, "--grpc-trusted-peer needs --grpc-tls-client-ca"},
	} {
		var flags struct {
			config.Commands
			config.Process
			Access Access `embed:"" prefix:"grpc-"`
		}
		if _, err := config.Parse(config.Program{Name: "standalone"}, &flags, test.args, io.Discard, io.Discard); err != nil {
			t.Fatal(err)
		}
		wantError(t, test.args, flags.Access.check("127.0.0.1:0", "grpc-"), test.want)
	}
}

func wantError(t *testing.T, args []string, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("%q: error %q, want %q", args, got, want)
	}
}
