package stack

import (
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/sse"
)

// TestStandalone starts everything in one process, calls it by HTTP and by gRPC, and stops it in the middle of an
// answer.
func TestStandalone(t *testing.T) {
	t.Parallel()
	all, err := rig.Programs(t).Start(t.Context(), "standalone", "--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0",
		"--admin-listen=127.0.0.1:0", "--advisor-pace=40")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(all.Kill)
	url := "http://" + all.Addr("http")

	a := api.Joined(t, api.Record(t, url, nil).Events)
	if diff := cmp.Diff(api.Whole(t, url), a); diff != "" {
		t.Errorf("(-not streamed +streamed)\n%s", diff)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if x := api.Do(t, api.Request(t, http.MethodGet, "http://"+all.Addr("admin")+path, "")); x.Status != http.StatusOK {
			t.Errorf("%s: status %d, body %s", path, x.Status, x.Body)
		}
	}

	resp := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(nil)))
	decoder := sse.NewDecoder(resp.Body)
	first, err := decoder.Next()
	if err != nil {
		t.Fatal(err)
	}
	if err := all.Signal(); err != nil {
		t.Fatal(err)
	}
	rest := []sse.Event{first}
	for e, err := range decoder.Events() {
		if err != nil {
			t.Fatalf("told to stop, it broke the stream off after %d events: %v", len(rest), err)
		}
		rest = append(rest, e)
	}
	if diff := cmp.Diff(a, api.Joined(t, rest)); diff != "" {
		t.Errorf("while it stops (-before +after)\n%s", diff)
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
}

// TestStandaloneGRPC tests other programs of the machine that call standalone by gRPC: they may name principals only
// if that is configured.
func TestStandaloneGRPC(t *testing.T) {
	t.Parallel()
	locked := []string{"--auth=keys", "--auth-keys=" + rig.Keys(t, "owner")}
	for _, test := range []struct {
		name             string
		args             []string
		nobody, asOwner  codes.Code // results of calls for the owner's completion, without a principal and as the owner
		header, grpcAddr string
	}{
		{"no keys", nil, codes.OK, codes.PermissionDenied, "", ""},
		{"no keys, believing", []string{"--grpc-trust-local"}, codes.OK, codes.NotFound, "", ""},
		{"keys", locked, codes.PermissionDenied, codes.PermissionDenied, rig.Bearer("owner"), ""},
		{"keys, believing", append(locked, "--grpc-trust-local"), codes.NotFound, codes.OK, rig.Bearer("owner"), ""},
		{"no gRPC", append(locked, "--grpc-listen=off"), codes.OK, codes.OK, rig.Bearer("owner"), "off"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"--listen=127.0.0.1:0", "--log=memory", "--advisor-pace=0"}, test.args...)
			if test.grpcAddr == "" {
				args = append(args, "--grpc-listen=127.0.0.1:0")
			}
			all := rig.Start(t, "standalone", args...)
			mine := api.Record(t, "http://"+all.Addr("http"), api.Object{"store": true}, test.header).ID
			if got := all.Addr("grpc"); test.grpcAddr != "" {
				if got != test.grpcAddr {
					t.Errorf("gRPC is served on %s", got)
				}
				return
			}
			client := completionv1.NewCompletionServiceClient(api.Dial(t, all.Addr("grpc")))
			req := &completionv1.GetCompletionRequest{CompletionId: mine}
			if _, err := client.GetCompletion(t.Context(), req); status.Code(err) != test.nobody {
				t.Errorf("for nobody: %v, want %v", err, test.nobody)
			}
			_, err := client.GetCompletion(metadata.AppendToOutgoingContext(t.Context(), "pawstream-principal", "owner"), req)
			if status.Code(err) != test.asOwner || test.asOwner == codes.PermissionDenied && !strings.Contains(err.Error(), "--grpc-trust-local") {
				t.Errorf("for the owner: %v, want %v", err, test.asOwner)
			}
		})
	}
}

// TestCannotStart checks that a program which cannot start says why in one line.
func TestCannotStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() }) // after the parallel subtests
	address := taken.Addr().String()
	const free = "127.0.0.1:0"
	newer, blocked := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(newer, "FORMAT"), []byte("2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(blocked, "jetstream"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	withoutLog := rig.RunNATS(t, &server.Options{}).ClientURL()
	withPassword := rig.RunNATS(t, &server.Options{JetStream: true, Username: "ann", Password: "right"}).Addr().String()
	here := []string{"--listen=" + free, "--grpc-listen=" + free, "--admin-listen=" + free}
	edge := func(flags ...string) []string {
		return append([]string{"--listen=" + free, "--admin-listen=" + free}, flags...)
	}
	byKey := func(path string) []string { return edge("--auth=keys", "--auth-keys="+path) }
	byToken := func(jwks string) []string {
		return edge("--auth=jwt", "--jwt-issuer=https://id.example", "--jwt-audience=pawstream", "--jwt-jwks="+jwks)
	}
	readable := rig.Keys(t, "owner")
	if err := os.Chmod(readable, 0o644); err != nil {
		t.Fatal(err)
	}
	broken := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(broken.Close)
	for _, test := range []struct {
		name, program string
		args          []string
		says          string // after the program's name
	}{
		{"open to others", "edge", []string{"--listen=0.0.0.0:0", "--admin-listen=" + free}, "--insecure-public"},
		{"open to others over gRPC", "completion", []string{"--listen=0.0.0.0:0", "--admin-listen=" + free}, "--insecure-public"},
		{"a name with a port", "edge", edge("--host=shop.example:8080"), "--host"},
		{"an admin name with a port", "edge", edge("--admin-host=edge-1:9090"), "--admin-host"},
		{"a key that may do nothing", "edge", byKey(rig.Keys(t, "owner", "web, scopes: []")), `entry 2: "web": scopes`},
		{"a key file without a key", "edge", byKey(rig.SecretFile(t, "")), "write []"},
		{"tokens without scopes, and no tokens", "edge", edge("--jwt-unscoped"), "--auth=jwt"},
		{"no key file", "edge", byKey("/nowhere/keys.yaml"), "/nowhere/keys.yaml"},
		{"key file that is a directory", "edge", byKey(newer), "key file"},
		{"key file that everybody may read", "edge", byKey(readable), "chmod o-rw"},
		{"key file with a name twice", "edge", byKey(rig.Keys(t, "owner", "owner")), `two keys have the name "owner"`},
		{"key file that is none", "edge", byKey(rig.SecretFile(t, "- {name: [")), "key file"},
		{"keys without their file", "edge", edge("--auth=keys"), "--auth-keys"},
		{"JWK set that is none", "edge", byToken(rig.SecretFile(t, "<html>")), "JWKS"},
		{"JWK set without keys", "edge", byToken(rig.SecretFile(t, `{"keys":[]}`)), "no keys"},
		{"JWK set with a malformed key", "edge", byToken(rig.SecretFile(t, `{"keys":[{"kty":"RSA"}]}`)), "RSA requires parameters"},
		{"no JWK set", "edge", byToken("/nowhere/jwks.json"), "/nowhere/jwks.json"},
		{"JWK set that nobody serves", "edge", byToken("http://ann:s3cret@127.0.0.1:1/jwks"), "connection refused"},
		{"JWK set that is not there", "edge", byToken(broken.URL), "404"},
		{"JWK set on its way for everybody", "edge", byToken("http://id.example/jwks"), "plain http is for loopback only"},
		{"tokens signed with HMAC", "edge", append(byToken("/nowhere"), "--jwt-algorithms=HS256"), "HS256"},
		{"short secret", "edge", edge("--ticket-secret-file=" + rig.SecretFile(t, "short")), "--ticket-secret-file"},
		{"HTTP port in use", "edge", []string{"--listen=" + address, "--admin-listen=" + free}, address},
		{"admin port in use", "edge", []string{"--listen=" + free, "--admin-listen=" + address}, address + " (--admin-listen) is taken"},
		{"gRPC port in use", "completion", []string{"--listen=" + address, "--admin-listen=" + free}, address},
		{"HTTP port in use, all in one", "standalone", []string{"--listen=" + address, "--grpc-listen=" + free, "--admin-listen=" + free}, address},
		{"gRPC port in use, all in one", "standalone", []string{"--listen=" + free, "--grpc-listen=" + address, "--admin-listen=" + free}, address + " (--grpc-listen) is taken"},
		{"data directory of a newer version", "standalone", append(here, "--data-dir="+newer), `has format "2"`},
		{"data directory with a file in the way", "standalone", append(here, "--data-dir="+blocked), blocked},
		{"data directory that is none", "standalone", append(here, "--data-dir=/dev/null/x"), "data directory"},
		{"nobody at the log's address", "standalone", append(here, "--nats-url=nats://ann:s3cret@127.0.0.1:1"), "connect to NATS at nats://127.0.0.1:1"},
		{"NATS without JetStream", "standalone", append(here, "--nats-url="+withoutLog), "has no JetStream"},
		{"wrong password for NATS", "standalone", append(here, "--nats-url=nats://ann:s3cret@"+withPassword), "Authorization Violation"},
		{"a port in place of an address", "edge", []string{"--listen=8081", "--admin-listen=" + free}, "--listen must be host:port, such as 127.0.0.1:8081"},
		{"a port by the flag that others have", "edge", []string{"--port", "8081"}, "--listen takes host:port"},
		{"unknown flag", "edge", []string{"--colour=blue"}, "--colour"},
		{"no number", "completion", []string{"--advisor-pace=fast"}, "--advisor-pace"},
		{"negative pace", "completion", []string{"--listen=" + free, "--admin-listen=" + free, "--advisor-pace=-1"}, "pace"},
		{"no duration", "edge", []string{"--heartbeat=often"}, "--heartbeat"},
		{"heartbeat too rare", "edge", []string{"--listen=" + free, "--admin-listen=" + free, "--heartbeat=1m"}, "--heartbeat"},
		{"origin with a path", "edge", []string{"--listen=" + free, "--admin-listen=" + free, "--cors-origin=https://pets.example/"}, "--cors-origin"},
		{"origin with a part for any", "edge", []string{"--listen=" + free, "--admin-listen=" + free, "--cors-origin=https://*.example"}, "--cors-origin"},
		{"unknown level", "standalone", []string{"--log-level=loud"}, "--log-level"},
		{"something more", "standalone", []string{"bark"}, "bark"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, exit := rig.Run(t, test.program, test.args...)
			if exit == 0 {
				t.Error("exit code 0")
			}
			if stdout != "" {
				t.Errorf("stdout: %s", stdout)
			}
			if strings.Contains(stderr, "s3cret") {
				t.Errorf("the password is told: %s", stderr)
			}
			line := strings.TrimSuffix(stderr, "\n")
			if strings.Contains(line, "\n") || !strings.HasPrefix(line, test.program+": ") || !strings.Contains(line, test.says) {
				t.Errorf("stderr is not one line that says what is wrong:\n%s", stderr)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for program, flags := range map[string]string{
		"edge":       "--listen --admin-listen --completion-addr --heartbeat --drain-timeout --log-level",
		"completion": "--listen --admin-listen --advisor-pace --log --data-dir --nats-url --drain-timeout",
		"standalone": "--listen --grpc-listen --admin-listen --advisor-pace --data-dir --heartbeat --drain-timeout",
	} {
		t.Run(program, func(t *testing.T) {
			stdout, stderr, exit := rig.Run(t, program, "--help")
			if exit != 0 || stderr != "" {
				t.Errorf("exit code %d, stderr %s", exit, stderr)
			}
			for flag := range strings.FieldsSeq(flags) {
				if !strings.Contains(stdout, flag+"=") {
					t.Errorf("no %s in\n%s", flag, stdout)
				}
			}
		})
	}
}

// TestFlagsBeforeFiles checks that invalid settings of any part of the process leave no data directory behind.
func TestFlagsBeforeFiles(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"--heartbeat=1m", "--auth=keys", "--orphan-grace=0s", "--log-retention=1m"} {
		data := filepath.Join(t.TempDir(), "data")
		_, stderr, exit := rig.Run(t, "standalone", "--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--data-dir="+data, wrong)
		if exit == 0 {
			t.Errorf("%s was taken", wrong)
		}
		if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s (%s): the data directory is there: %v", wrong, strings.TrimSpace(stderr), err)
		}
	}
}
