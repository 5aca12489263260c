//go:build stack

package faults

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

// small is a directory of the engine, on a small separate disk.
var small = flag.String("small", "", "a directory with little room, for NATS's files")

// tellWithin is how soon a container's log names a trouble, and how soon all is well once its cause is gone. By then
// the health check has failed three times, which takes up to 18 s on two busy cores.
const tellWithin = 25 * time.Second

// meetsTrouble gives the stack of docker-compose.yml an operator's troubles. The logs and the health of the affected
// containers report each, the others continue, and all is well once the cause is removed.
func meetsTrouble(t *testing.T) {
	if *small == "" {
		t.Skip("-small says no disk to fill")
	}
	s := newComposed(t, "pawstream-trouble", "127.0.0.1:8082", overlay(t, `
  nats: {volumes: ["`+*small+`:/data"]}
  completion-1: {environment: {PAWSTREAM_LOG_MAX_BYTES: "100000000"}}
  completion-2: {environment: {PAWSTREAM_LOG_MAX_BYTES: "100000000"}}
`))
	t.Cleanup(s.end)
	t.Run("a port that is taken", s.meetsTakenPort)
	if t.Failed() {
		return
	}
	kept := s.stores(t)
	t.Run("a disk that fills", func(t *testing.T) { s.meetsFullDisk(t, kept) })
	t.Run("no NATS", func(t *testing.T) { s.meetsNoNATS(t, kept) })
	t.Run("a volume of another version", func(t *testing.T) { s.meetsAnotherVersion(t, kept) })
	t.Run("wrong credentials", func(t *testing.T) { s.meetsWrongCredentials(t, kept) })
}

// overlay writes a compose file that overrides services.
func overlay(t *testing.T, services string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "overlay.yml")
	if err := os.WriteFile(file, []byte("services:"+services), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// A stored completion is what can be read of it: the whole, and the stream from its start.
type stored struct{ path, whole, stream string }

// stores stores a completion, and reads it.
func (s *composed) stores(t *testing.T) stored {
	t.Helper()
	var id string
	status, err := s.exchange(t.Context(), http.MethodPost, "/v1/chat/completions", asks[0].body(map[string]any{"store": true}), &id)
	if err != nil || status != http.StatusOK {
		t.Fatalf("status %d, %v", status, err)
	}
	kept := stored{path: "/v1/chat/completions/" + id}
	if kept.whole, kept.stream, err = s.read(t.Context(), kept.path); err != nil || !strings.Contains(kept.stream, "[DONE]") {
		t.Fatalf("%v\n%s", err, kept.stream)
	}
	return kept
}

// read reads a completion as a whole, and as a stream from its start.
func (s *composed) read(ctx context.Context, path string) (whole, stream string, err error) {
	if whole, err = s.fetch(ctx, path); err == nil {
		stream, err = s.fetch(ctx, path+"?stream=true")
	}
	return whole, stream, err
}

// fetch returns the body at a path.
func (s *composed) fetch(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url()+path, http.NoBody)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%w: status %d: %s", errNotYet, resp.StatusCode, text)
	}
	return string(text), err
}

// holds waits until a stored completion can be read, and compares it.
func (s *composed) holds(t *testing.T, kept stored) {
	t.Helper()
	var whole, stream string
	err := eventually(t.Context(), tellWithin, func() (err error) {
		whole, stream, err = s.read(t.Context(), kept.path)
		return err
	})
	if err != nil {
		t.Error(err)
		return
	}
	if whole != kept.whole || stream != kept.stream {
		t.Errorf("what was stored has changed: it was\n%s\n%s\nand is\n%s\n%s", kept.whole, kept.stream, whole, stream)
	}
}

// tells waits until a service has logged these words since a time, and its container is unhealthy, within tellWithin
// of that time.
func (s *composed) tells(t *testing.T, service string, since time.Time, words ...string) {
	t.Helper()
	err := eventually(t.Context(), time.Until(since.Add(tellWithin)), func() error {
		log, err := s.logged(t.Context(), service, since)
		if err != nil {
			return err
		}
		for _, word := range words {
			if !strings.Contains(log, word) {
				pause(t.Context(), 500*time.Millisecond)
				return fmt.Errorf("%w: not %q in %s", errNotYet, word, log)
			}
		}
		return s.unwell(t.Context(), service)
	})
	if err != nil {
		t.Errorf("%s: %v", service, err)
		return
	}
	t.Logf("%s tells it after %v", service, time.Since(since).Round(100*time.Millisecond))
}

// unwell returns an error while a container is healthy.
func (s *composed) unwell(ctx context.Context, service string) error {
	i, err := s.inspect(ctx, service)
	if err == nil && i.State.Status == "running" && i.State.Health.Status == "healthy" {
		pause(ctx, 500*time.Millisecond)
		return fmt.Errorf("%w: it is healthy", errNotYet)
	}
	return err
}

// logged returns a container's output since a time.
func (s *composed) logged(ctx context.Context, service string, since time.Time) (string, error) {
	return run(ctx, "sh", "-c", `exec docker logs --since "$0" "$1" 2>&1`, since.Format(time.RFC3339Nano), s.container(service))
}

// A life is a container's process, from its start to its end.
type life struct {
	pid     int
	started string
}

// lives returns the present lives of services, by name.
func (s *composed) lives(t *testing.T, services ...string) map[string]life {
	t.Helper()
	lives := make(map[string]life)
	for _, service := range services {
		i, err := s.inspect(t.Context(), service)
		if err != nil {
			t.Fatal(err)
		}
		if i.State.Status != "running" {
			t.Fatalf("%s: %+v", service, i.State)
		}
		lives[service] = life{i.State.Pid, i.State.StartedAt}
	}
	return lives
}

// startOf returns when a container was last started.
func (s *composed) startOf(t *testing.T, service string) time.Time {
	t.Helper()
	i, err := s.inspect(t.Context(), service)
	if err != nil {
		t.Fatal(err)
	}
	start, err := time.Parse(time.RFC3339Nano, i.State.StartedAt)
	if err != nil {
		t.Fatal(err)
	}
	return start
}

// goesOn checks that no container's process has ended or was restarted.
func (s *composed) goesOn(t *testing.T, before map[string]life) {
	t.Helper()
	for service, was := range before {
		i, err := s.inspect(t.Context(), service)
		if err != nil {
			t.Errorf("%s: %v", service, err)
			continue
		}
		if is := (life{i.State.Pid, i.State.StartedAt}); i.State.Status != "running" || is != was {
			t.Errorf("%s was %+v, and is %+v", service, was, i.State)
		}
	}
}

// recovers waits until all is well, and the stored completion can be read.
func (s *composed) recovers(t *testing.T, kept stored) {
	t.Helper()
	for _, service := range s.services() {
		if err := s.healthy(t.Context(), service, 0); err != nil {
			t.Fatal(err)
		}
	}
	s.holds(t, kept)
	s.stores(t)
}

func (s *composed) answersWith(ctx context.Context, method, path string, want int) error {
	var body []byte
	if method == http.MethodPost {
		body = asks[0].body(nil)
	}
	status, err := s.exchange(ctx, method, path, body, nil)
	if err == nil && status != want {
		pause(ctx, 200*time.Millisecond)
		return fmt.Errorf("%w: status %d, want %d", errNotYet, status, want)
	}
	return err
}

func (s *composed) meetsTakenPort(t *testing.T) {
	var listening net.ListenConfig
	taken, err := listening.Listen(t.Context(), "tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	err = s.compose(t.Context(), "up", "--detach", "--no-build")
	_ = taken.Close()
	if err == nil || !strings.Contains(err.Error(), s.address) || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("it says %v", err)
	}
	for _, service := range append(s.nats, ours...) {
		if err := s.healthy(t.Context(), service, 0); err != nil {
			t.Error(err)
		}
	}
	if err := s.up(t.Context()); err != nil {
		t.Error(err)
	}
}

// meetsFullDisk fills the disk under clients that follow their answers. Afterwards it reads what they have seen, and
// what was stored before.
func (s *composed) meetsFullDisk(t *testing.T, kept stored) {
	const few = 12
	c, h := s.followed(t, few, func(ctx context.Context, c *crowd) ([]checker.Fault, error) {
		if err := s.ready(ctx, c, time.Now()); err != nil {
			return nil, err
		}
		f := checker.Fault{Kind: "fill-disk", Target: "nats", Promise: checker.Promise{MayFail: true, Felt: felt}, From: time.Now()}
		s.fillsDisk(t, kept)
		f.To = time.Now()
		return []checker.Fault{f}, s.ready(ctx, c, f.To)
	})
	s.review(t, c, h)
	s.holds(t, kept)
}

// fillsDisk fills the disk, waits until that is reported, and makes room again.
func (s *composed) fillsDisk(t *testing.T, kept stored) {
	t.Helper()
	before, since := s.lives(t, s.services()...), time.Now()
	if _, err := docker(t.Context(), "exec", s.container("nats"), "sh", "-c", "cat /dev/zero >/data/filler"); err == nil {
		t.Fatal("the disk has room for everything")
	}
	for _, service := range ours[:2] {
		s.tells(t, service, since, "not ready")
	}
	s.goesOn(t, before)
	if err := eventually(t.Context(), tellWithin, func() error {
		return s.answersWith(t.Context(), http.MethodPost, "/v1/chat/completions", http.StatusServiceUnavailable)
	}); err != nil {
		t.Errorf("what cannot be stored: %v", err)
	}
	// As operations.md says: make room, and restart NATS.
	if _, err := docker(t.Context(), "exec", s.container("nats"), "sh", "-c", "cat /dev/null >/data/filler"); err != nil {
		t.Fatal(err)
	}
	if _, err := docker(t.Context(), "restart", s.container("nats")); err != nil {
		t.Fatal(err)
	}
	s.recovers(t, kept)
}

func (s *composed) meetsNoNATS(t *testing.T, kept stored) {
	before, since := s.lives(t, append(slices.Clone(ours), "balancer")...), time.Now()
	if _, err := docker(t.Context(), "stop", s.container("nats")); err != nil {
		t.Fatal(err)
	}
	for _, service := range ours[:2] {
		s.tells(t, service, since, "not ready", "cannot be reached")
	}
	s.goesOn(t, before)
	if _, err := docker(t.Context(), "start", s.container("nats")); err != nil {
		t.Fatal(err)
	}
	s.recovers(t, kept)
}

// meetsAnotherVersion puts a log of another version into NATS's volume.
func (s *composed) meetsAnotherVersion(t *testing.T, kept stored) {
	ctx := t.Context()
	before := s.lives(t, "nats", "edge-1", "edge-2", "balancer")
	if _, err := docker(ctx, "stop", s.container("completion-1"), s.container("completion-2")); err != nil {
		t.Fatal(err)
	}
	address, err := s.inside(ctx, "nats")
	if err != nil {
		t.Fatal(err)
	}
	conn, js, err := jetStream(address + ":4222")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stream, err := js.Stream(ctx, logStream)
	if err != nil {
		t.Fatal(err)
	}
	config := stream.CachedInfo().Config
	other := config
	other.Metadata = map[string]string{"pawstream.format": "99"}
	if _, err := js.UpdateStream(ctx, other); err != nil {
		t.Fatal(err)
	}
	since := time.Now()
	if _, err := docker(ctx, "start", s.container("completion-1")); err != nil {
		t.Fatal(err)
	}
	s.tells(t, "completion-1", since, `has format "99"`)
	s.goesOn(t, before)
	if err := keepsFormat(ctx, js, "99"); err != nil {
		t.Error(err)
	}
	config.Metadata = map[string]string{"pawstream.format": "1"}
	if _, err := js.UpdateStream(ctx, config); err != nil {
		t.Fatal(err)
	}
	if _, err := docker(ctx, "start", s.container("completion-2")); err != nil {
		t.Fatal(err)
	}
	s.recovers(t, kept)
}

// keepsFormat checks that a log's format is unchanged.
func keepsFormat(ctx context.Context, js jetstream.JetStream, want string) error {
	stream, err := js.Stream(ctx, logStream)
	if err == nil && stream.CachedInfo().Config.Metadata["pawstream.format"] != want {
		return fmt.Errorf("the log has become %v", stream.CachedInfo().Config.Metadata)
	}
	return err
}

// meetsWrongCredentials makes NATS require a password that one completion service does not have, and then none.
func (s *composed) meetsWrongCredentials(t *testing.T, kept stored) {
	const right, wrong = "nats://pawstream:right-one@nats:4222", "nats://pawstream:wrong-one@nats:4222"
	with := *s
	with.files = append(append([]string(nil), s.files...), "-f", overlay(t, `
  nats: {command: [--name=pawstream, --jetstream, --store_dir=/data, --http_port=8222, --user=pawstream, --pass=right-one]}
  completion-1: {environment: {PAWSTREAM_NATS_URL: "`+right+`"}}
  completion-2: {environment: {PAWSTREAM_NATS_URL: "`+wrong+`"}}
`))
	entrances := []string{"edge-1", "edge-2", "balancer"}
	before, begin := s.lives(t, entrances...), time.Now()
	// This does not wait for the edges, which may be unhealthy for a while.
	replace := []string{"up", "--detach", "--no-build", "--no-deps", "nats", "completion-1", "completion-2"}
	if err := with.compose(t.Context(), replace...); err != nil {
		t.Fatal(err)
	}
	if err := s.healthy(t.Context(), "completion-1", 0); err != nil {
		t.Error(err)
	}
	maps.Copy(before, s.lives(t, "nats", "completion-1"))
	since := s.startOf(t, "completion-2") // compose has replaced three containers since, one after the other
	s.tells(t, "completion-2", since, "Authorization Violation")
	if log, err := s.logged(t.Context(), "completion-2", begin); err != nil || strings.Contains(log, "wrong-one") {
		t.Errorf("%v, its log has the password: %s", err, log)
	}
	for _, service := range append(entrances, "nats", "completion-1") {
		if err := s.healthy(t.Context(), service, 0); err != nil {
			t.Error(err)
		}
	}
	s.goesOn(t, before)
	// An edge stays healthy until several checks have failed, even while it looks for the service's new container.
	if err := eventually(t.Context(), tellWithin, func() error {
		return s.answersWith(t.Context(), http.MethodPost, "/v1/chat/completions", http.StatusOK)
	}); err != nil {
		t.Errorf("by the service that has the password: %v", err)
	}
	if err := s.compose(t.Context(), replace...); err != nil { // as before
		t.Fatal(err)
	}
	s.recovers(t, kept)
}
