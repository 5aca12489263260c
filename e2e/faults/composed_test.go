//go:build stack

package faults

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	openai "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

// compose is the program that starts the stack. The engine is DOCKER_HOST's, whose network this test needs:
// .ci/stack/run provides both.
var compose = flag.String("compose", "docker-compose", "docker compose's program")

// struck limits the test to some faults, for debugging.
var struck = flag.String("blows", "", "what to do to the containers: a regular expression of faults, such as kill-nats")

const (
	root = "../.."

	// steady is how long the servers of a cluster must be in sync before the next fault: the cluster cannot do
	// without two at a time.
	steady = 2 * time.Second
	// election is how long the servers of a cluster wait until they vote once more, if nobody has won (nats-server, raft.go).
	election = 9 * time.Second
	// away is how long a container is paused or cut off: longer than others consider it alive.
	away = past
)

// ours are the services that run our programs.
var ours = []string{"completion-1", "completion-2", "edge-1", "edge-2"}

// A composed is a stack of docker-compose.yml.
type composed struct {
	t       *testing.T
	project string // the name of the compose project
	address string // of the balancer
	files   []string
	nats    []string // the services of NATS
	limits  checker.Limits
	// warned are unexpected lines in the logs of former containers.
	warned []string
	// strikes reports whether a fault should hit a service.
	strikes func(kind, service string) bool
}

// TestComposed runs the stack of docker-compose.yml unchanged, except for the pace of the answers. It hits each
// container with every fault while clients follow answers through the balancer, replaces the image, and takes the
// stack down and up again.
func TestComposed(t *testing.T) {
	s := newComposed(t, "pawstream", "127.0.0.1:8080")
	s.begin()
	t.Run("asks for little", s.asksForLittle)
	t.Run("lets in at one port", s.letsInAtOnePort)
	t.Run("is watched", s.isWatched)
	t.Run("answers OpenAI's client", s.answersSDK)
	t.Parallel() // until now no other stack could run
	t.Run("loses nothing", s.losesNothing)
}

// TestComposedBeside tests other stacks, one after the other, which takes as long as [TestComposed].
func TestComposedBeside(t *testing.T) {
	t.Parallel()
	t.Run("cluster", clusterLosesNothing)
	t.Run("trouble", meetsTrouble)
}

// clusterLosesNothing tests the stack with three NATS servers. They get every fault, and the other containers only
// kills.
func clusterLosesNothing(t *testing.T) {
	s := newComposed(t, "pawstream-cluster", "127.0.0.1:8081", filepath.Join(root, "deploy", "cluster.yml"))
	s.nats = append(s.nats, "nats-2", "nats-3")
	s.limits.Recover += election
	all := s.strikes
	s.strikes = func(kind, service string) bool {
		return all(kind, service) && (strings.HasPrefix(kind, "kill-") || strings.HasPrefix(service, "nats"))
	}
	s.begin()
	s.losesNothing(t)
}

// begin starts the stack until the test ends.
func (s *composed) begin() {
	s.t.Helper()
	s.t.Cleanup(s.end)
	if err := s.up(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// newComposed returns a stack that is not started yet.
func newComposed(t *testing.T, project, address string, over ...string) *composed {
	t.Helper()
	var slower strings.Builder
	fmt.Fprintln(&slower, "services:")
	for _, service := range ours[:2] {
		fmt.Fprintf(&slower, "  %s: {environment: {PAWSTREAM_ADVISOR_PACE: %g, PAWSTREAM_RESUME_RETENTION: 1h}}\n", service, *pace) // everything is read again in the end
	}
	fmt.Fprintf(&slower, "  balancer: {ports: !override [\"%s:8080\"]}\n", address)
	file := filepath.Join(t.TempDir(), "slower.yml")
	if err := os.WriteFile(file, []byte(slower.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	chosen, err := regexp.Compile(*struck)
	if err != nil {
		t.Fatal(err)
	}
	s := &composed{
		t: t, project: project, address: address, files: []string{"--project-name", project}, nats: []string{"nats"}, limits: limits,
		strikes: func(kind, _ string) bool { return chosen.MatchString(kind) },
	}
	for _, f := range append(append([]string{filepath.Join(root, "docker-compose.yml")}, over...), file) {
		s.files = append(s.files, "-f", f)
	}
	return s
}

// run runs a program and returns its output.
func run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(stdout.String()), nil
}

func docker(ctx context.Context, args ...string) (string, error) { return run(ctx, "docker", args...) }

func (s *composed) compose(ctx context.Context, args ...string) error {
	_, err := run(ctx, *compose, append(slices.Clone(s.files), args...)...)
	return err
}

// up starts all services without a profile, and waits until they are healthy.
func (s *composed) up(ctx context.Context) error {
	if err := s.compose(ctx, "up", "--detach", "--no-build"); err != nil {
		return err
	}
	for _, service := range s.services() {
		if err := s.healthy(ctx, service, 0); err != nil {
			return err
		}
	}
	return nil
}

// services are the permanent ones.
func (s *composed) services() []string { return slices.Concat(ours, s.nats, []string{"balancer"}) }

// hear keeps the unexpected lines that our services have logged so far.
func (s *composed) hear(ctx context.Context) {
	for _, service := range ours {
		text, err := exec.CommandContext(ctx, "docker", "logs", s.container(service)).CombinedOutput()
		if err != nil {
			continue // it never existed
		}
		for line := range strings.Lines(string(text)) {
			if slices.ContainsFunc(alarms, func(alarm string) bool { return strings.Contains(line, alarm) }) {
				s.t.Errorf("%s: %s", service, line)
			}
			if !strings.Contains(line, `"level":"INFO"`) {
				s.warned = append(s.warned, service+": "+line)
			}
		}
	}
}

// end removes everything that the test has started.
func (s *composed) end() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	s.hear(ctx)
	if s.t.Failed() {
		s.t.Logf("they said\n%s", strings.Join(s.warned[:min(len(s.warned), 200)], ""))
	}
	if s.t.Failed() || *keep {
		s.keepLogs(ctx)
	}
	if err := s.compose(ctx, "--profile", "*", "down", "--volumes", "--timeout", "5"); err != nil {
		s.t.Error(err)
	}
}

// keepLogs keeps what the present containers have logged.
func (s *composed) keepLogs(ctx context.Context) {
	dir, err := os.MkdirTemp("", "pawstream-faults-logs-")
	if err != nil {
		s.t.Error(err)
		return
	}
	for _, service := range s.services() {
		text, err := exec.CommandContext(ctx, "docker", "logs", "--timestamps", s.container(service)).CombinedOutput()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, service+".log"), text, 0o600)
		}
		if err != nil {
			s.t.Logf("the logs of %s: %v", service, err)
		}
	}
	s.t.Logf("the containers' logs are kept in %s", dir)
}

// container returns the name of a service's container.
func (s *composed) container(service string) string { return s.project + "-" + service + "-1" }

// url returns the URL for clients.
func (s *composed) url() string { return "http://" + s.address }

// An inspected is what the engine reports about a container.
type inspected struct {
	State struct {
		Pid       int
		StartedAt string
		Status    string
		Health    struct{ Status string }
	}
	HostConfig struct {
		ReadonlyRootfs bool
		PortBindings   map[string][]struct{ HostIP, HostPort string }
	}
	NetworkSettings struct {
		Networks map[string]struct{ IPAddress string }
	}
}

func (s *composed) inspect(ctx context.Context, service string) (*inspected, error) {
	text, err := docker(ctx, "inspect", s.container(service))
	if err != nil {
		return nil, err
	}
	var all []inspected
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, err
	}
	return &all[0], nil
}

// inside returns a service's address in the network behind the edges.
func (s *composed) inside(ctx context.Context, service string) (string, error) {
	i, err := s.inspect(ctx, service)
	if err != nil {
		return "", err
	}
	return i.NetworkSettings.Networks[s.project+"_back"].IPAddress, nil
}

// healthy waits until a service is healthy in another process than not.
func (s *composed) healthy(ctx context.Context, service string, not int) error {
	err := eventually(ctx, time.Minute, func() error {
		i, err := s.inspect(ctx, service)
		if err != nil {
			return err
		}
		if i.State.Pid == not || i.State.Status != "running" || i.State.Health.Status != "healthy" {
			pause(ctx, 200*time.Millisecond)
			return fmt.Errorf("%w: it is %+v", errNotYet, i.State)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s is not healthy: %w", service, err)
	}
	return nil
}

// asksForLittle checks the privileges of the processes in our containers.
func (s *composed) asksForLittle(t *testing.T) {
	for _, service := range ours {
		i, err := s.inspect(t.Context(), service)
		if err != nil {
			t.Fatal(err)
		}
		if !i.HostConfig.ReadonlyRootfs {
			t.Errorf("%s may write to its root", service)
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.State.Pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"Uid:\t65532\t65532\t65532\t65532\n", "Gid:\t65532\t65532\t65532\t65532\n", "NoNewPrivs:\t1\n",
			"CapInh:\t0000000000000000\n", "CapPrm:\t0000000000000000\n", "CapEff:\t0000000000000000\n", "CapBnd:\t0000000000000000\n",
		} {
			if !strings.Contains(string(status), want) {
				t.Errorf("%s: not %q in\n%s", service, want, status)
			}
		}
	}
}

// letsInAtOnePort checks that only the balancer can be reached, from its clients' network and from its own container.
func (s *composed) letsInAtOnePort(t *testing.T) {
	const local = "0100007F:1F90" // 127.0.0.1:8080
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); f[3] == "0A" && f[1] != local { // a listening socket
				t.Errorf("%s listens as well", f[1])
			}
		}
	}
	for _, service := range s.services() {
		i, err := s.inspect(t.Context(), service)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(i.HostConfig.PortBindings); n > 0 && service != "balancer" {
			t.Errorf("%s has %d ports published", service, n)
		}
	}
	fetch := func(from, url string) error {
		_, err := docker(t.Context(), "exec", s.container(from), "timeout", "3", "wget", "-q", "-O", "/dev/null", url)
		return err
	}
	for service, port := range map[string]string{"nats": ":8222/healthz", "completion-1": ":9091/healthz"} {
		address, err := s.inside(t.Context(), service)
		if err != nil {
			t.Fatal(err)
		}
		if err := fetch("nats", "http://"+address+port); err != nil {
			t.Errorf("from its own network: %v", err)
		}
		if fetch("balancer", "http://"+address+port) == nil {
			t.Errorf("the balancer reaches %s", service)
		}
	}
}

// answersSDK reads a stream through the balancer with OpenAI's Go client.
func (s *composed) answersSDK(t *testing.T) {
	const few = 10
	client := openai.NewClient(option.WithBaseURL(s.url()+"/v1"), option.WithAPIKey("none"), option.WithMaxRetries(0))
	params := openai.ChatCompletionNewParams{
		Model: advisorModel, MaxTokens: openai.Int(few),
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(asks[0].question)},
	}
	stream := client.Chat.Completions.NewStreaming(t.Context(), params)
	var sum openai.ChatCompletionAccumulator
	for stream.Next() {
		if !sum.AddChunk(stream.Current()) {
			t.Fatalf("it cannot take %s", stream.Current().RawJSON())
		}
	}
	if err := stream.Err(); err != nil || len(sum.Choices) != 1 {
		t.Fatalf("%v, %+v", err, sum)
	}
	whole, err := client.Chat.Completions.New(t.Context(), params)
	if err != nil || len(whole.Choices) != 1 {
		t.Fatalf("%v, %+v", err, whole)
	}
	if got, want := sum.Choices[0].Message.Content, whole.Choices[0].Message.Content; got != want || want == "" {
		t.Errorf("it has read %q, want %q", got, want)
	}
}

// isWatched checks that the profile's Prometheus scrapes all of our services, and evaluates every alert.
func (s *composed) isWatched(t *testing.T) {
	if err := s.compose(t.Context(), "--profile", "observability", "up", "--detach", "--no-build", "prometheus"); err != nil {
		t.Fatal(err)
	}
	err := eventually(t.Context(), time.Minute, func() error {
		var targets struct {
			Data struct {
				ActiveTargets []struct{ ScrapeURL, Health, LastError string }
			}
		}
		var rules struct {
			Data struct {
				Groups []struct {
					Rules []struct{ Name, Health, State string }
				}
			}
		}
		if err := errors.Join(prometheus(t, "targets", &targets), prometheus(t, "rules", &rules)); err != nil {
			return err
		}
		up, alerts := 0, 0
		for _, target := range targets.Data.ActiveTargets {
			if target.Health == "up" {
				up++
			}
		}
		for _, group := range rules.Data.Groups {
			for _, rule := range group.Rules {
				if rule.Health == "ok" && rule.State == "inactive" { // nothing is wrong yet
					alerts++
				}
			}
		}
		if up != len(ours) || alerts < 20 {
			pause(t.Context(), time.Second)
			return fmt.Errorf("%w: %+v, %+v", errNotYet, targets, rules)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := docker(t.Context(), "rm", "--force", s.container("prometheus")); err != nil {
		t.Error(err)
	}
}

// exchange sends a request to the balancer. It returns the status, and sets id, unless nil, from the answer.
func (s *composed) exchange(ctx context.Context, method, path string, body []byte, id *string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url()+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if id == nil {
		return resp.StatusCode, nil
	}
	var answer struct{ ID string }
	err = json.NewDecoder(resp.Body).Decode(&answer)
	*id = answer.ID
	return resp.StatusCode, err
}

// prometheus queries the stack's Prometheus.
func prometheus(t *testing.T, what string, answer any) error {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:9092/api/v1/"+what, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := web.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	return json.NewDecoder(resp.Body).Decode(answer)
}

// losesNothing disturbs each container while clients follow their answers through the balancer. Then it reads these
// again from a stack that was taken down and up.
func (s *composed) losesNothing(t *testing.T) {
	c, h := s.followed(t, *clients, s.disturb)
	before, err := s.log(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.hear(t.Context())
	if err := s.compose(t.Context(), "down"); err != nil {
		t.Fatal(err)
	}
	if err := s.up(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.review(t, c, h)
	if len(h.Log) < len(before) || len(before) == 0 {
		t.Errorf("%d completions were in the log, and %d are after it was taken down and up", len(before), len(h.Log))
	}
}

// followed lets clients follow answers through the balancer while disturb runs.
func (s *composed) followed(t *testing.T, clients int, disturb func(context.Context, *crowd) ([]checker.Fault, error)) (*crowd, *checker.History) {
	t.Helper()
	t.Logf("seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	h := &checker.History{Seed: *seed, Topology: s.project, Limits: s.limits, Want: s.wanted(t)}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	c := &crowd{ctx: ctx, urls: []string{s.url()}, model: advisorModel, heard: make(map[int]time.Time)}
	faulty, over := context.WithCancel(ctx)
	defer over()
	var working sync.WaitGroup
	for i := range clients {
		c.heard[i] = time.Time{}
		mine := rand.New(rand.NewPCG(random.Uint64(), uint64(i)))
		working.Go(func() {
			if pause(ctx, time.Duration(mine.IntN(3000))*time.Millisecond) {
				c.work(faulty, i, mine)
			}
		})
	}
	var err error
	if h.Faults, err = disturb(ctx, c); err != nil {
		t.Error(err)
	}
	over()
	overdue := time.AfterFunc(windDown, cancel)
	working.Wait()
	overdue.Stop()
	if ctx.Err() != nil {
		t.Errorf("streams did not end within %v after the faults", windDown)
	}
	return c, h
}

// ready waits until each client has received an event since a time, and all servers of NATS are in sync: so the next
// fault hits running streams, and no server that lags.
func (s *composed) ready(ctx context.Context, c *crowd, since time.Time) error {
	return eventually(ctx, windDown, func() error {
		if silent := c.silent(since); len(silent) > 0 {
			pause(ctx, 100*time.Millisecond)
			return fmt.Errorf("%w: clients %v have got nothing since %v", errNotYet, silent, since)
		}
		if len(s.nats) == 1 {
			return nil
		}
		if err := s.caughtUp(ctx); err != nil || !pause(ctx, steady) {
			return err
		}
		return s.caughtUp(ctx)
	})
}

// silent returns the clients that have received nothing since a time.
func (c *crowd) silent(since time.Time) (numbers []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for number, at := range c.heard {
		if !at.After(since) {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// caughtUp returns an error while a server of the cluster is away, or behind the log's leader.
func (s *composed) caughtUp(ctx context.Context) error {
	conn, js, err := s.jetStream(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	looking, done := context.WithTimeout(ctx, steady)
	defer done()
	stream, err := js.Stream(looking, logStream)
	if err != nil {
		return err
	}
	cluster := stream.CachedInfo().Cluster
	if cluster == nil || cluster.Leader == "" || len(cluster.Replicas) != len(s.nats)-1 {
		return fmt.Errorf("%w: the log has %+v", errNotYet, cluster)
	}
	for _, replica := range cluster.Replicas {
		if !replica.Current || replica.Offline {
			return fmt.Errorf("%w: %+v", errNotYet, replica)
		}
	}
	return nil
}

// jetStream connects to the stack's NATS.
func (s *composed) jetStream(ctx context.Context) (*nats.Conn, jetstream.JetStream, error) {
	var urls []string
	for _, service := range s.nats {
		address, err := s.inside(ctx, service)
		if err != nil {
			return nil, nil, err
		}
		urls = append(urls, address+":4222")
	}
	return jetStream(strings.Join(urls, ","))
}

// wanted returns the known answers, requested while nothing disturbs.
func (s *composed) wanted(t *testing.T) map[string]string {
	t.Helper()
	texts := make([]string, len(asks))
	var asking sync.WaitGroup
	for i, a := range asks {
		asking.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url()+"/v1/chat/completions", bytes.NewReader(a.body(nil)))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/json")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = resp.Body.Close() }()
			var answer struct {
				Choices []struct{ Message struct{ Content string } }
			}
			if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || len(answer.Choices) != 1 {
				t.Errorf("%q: status %d, %v", a.question, resp.StatusCode, err)
				return
			}
			texts[i] = answer.Choices[0].Message.Content
		})
	}
	asking.Wait()
	want := make(map[string]string)
	for i, a := range asks {
		want[a.name] = texts[i]
	}
	return want
}

// A blow is a fault of a container, until the container is healthy again.
type blow struct {
	kind   string
	strike func(ctx context.Context, s *composed, service string) error
}

var blows = []blow{
	{"kill", func(ctx context.Context, s *composed, service string) error {
		return s.signal(ctx, service, syscall.SIGKILL)
	}},
	{"term", func(ctx context.Context, s *composed, service string) error {
		return s.signal(ctx, service, syscall.SIGTERM)
	}},
	{"pause", suspendContainer},
	{"disconnect", disconnect},
	{"oom", outOfMemory},
}

// disturb does every blow to each container in turn, and then replaces the image.
func (s *composed) disturb(ctx context.Context, c *crowd) (faults []checker.Fault, err error) {
	since := time.Now()
	strike := func(kind, target string, do func() error) error {
		if !s.strikes(kind, target) {
			return nil
		}
		if err := s.ready(ctx, c, since); err != nil {
			return err
		}
		f := checker.Fault{Kind: kind, Target: target, From: time.Now()}
		err := do()
		f.To = time.Now()
		faults = append(faults, f)
		s.t.Logf("%v %v, for %v, after %v", f.To.Format(time.TimeOnly), &f, f.To.Sub(f.From).Round(10*time.Millisecond), f.From.Sub(since).Round(10*time.Millisecond))
		since = f.To
		return err
	}
	for _, b := range blows {
		for _, service := range s.services() {
			role, _, _ := strings.Cut(service, "-")
			if err := strike(b.kind+"-"+role, service, func() error { return b.strike(ctx, s, service) }); err != nil {
				return faults, fmt.Errorf("%s of %s: %w", b.kind, service, err)
			}
		}
	}
	if err := s.anotherImage(ctx); err != nil {
		return faults, err
	}
	for _, service := range ours { // one after the other, like an operator
		err := strike("roll", service, func() error {
			before, err := s.inspect(ctx, service)
			if err != nil {
				return err
			}
			if err := s.compose(ctx, "up", "--detach", "--no-build", "--no-deps", service); err != nil {
				return err
			}
			return s.healthy(ctx, service, before.State.Pid)
		})
		if err != nil {
			return faults, err
		}
	}
	if err := s.anotherImage(ctx); err != nil {
		return faults, err
	}
	if err := strike("up", "all", func() error { return s.up(ctx) }); err != nil {
		return faults, err
	}
	return faults, s.ready(ctx, c, since)
}

// anotherImage gives the image's name to another image of the same programs.
func (s *composed) anotherImage(ctx context.Context) error {
	const name = "pawstream:local"
	id, err := docker(ctx, "create", name)
	if err != nil {
		return err
	}
	_, err = docker(ctx, "commit", "--change", fmt.Sprintf("LABEL rolled=%d", time.Now().UnixNano()), id, name)
	_, removed := docker(ctx, "rm", "--volumes", id)
	return errors.Join(err, removed)
}

// signal sends a signal to a container's process, which the engine then restarts.
func (s *composed) signal(ctx context.Context, service string, signal syscall.Signal) error {
	i, err := s.inspect(ctx, service)
	if err != nil {
		return err
	}
	if err := syscall.Kill(i.State.Pid, signal); err != nil {
		return err
	}
	return s.healthy(ctx, service, i.State.Pid)
}

func suspendContainer(ctx context.Context, s *composed, service string) error {
	if _, err := docker(ctx, "pause", s.container(service)); err != nil {
		return err
	}
	pause(ctx, away)
	if _, err := docker(ctx, "unpause", s.container(service)); err != nil {
		return err
	}
	return s.healthy(ctx, service, 0)
}

// disconnect removes a container from its networks for a while.
func disconnect(ctx context.Context, s *composed, service string) error {
	i, err := s.inspect(ctx, service)
	if err != nil {
		return err
	}
	networks := slices.Sorted(maps.Keys(i.NetworkSettings.Networks))
	for _, network := range networks {
		if _, err := docker(ctx, "network", "disconnect", network, s.container(service)); err != nil {
			return err
		}
	}
	pause(ctx, away)
	for _, network := range networks {
		if _, err := docker(ctx, "network", "connect", "--alias", service, network, s.container(service)); err != nil {
			return err
		}
	}
	return s.healthy(ctx, service, 0)
}

// A group is a container's memory control group.
type group struct{ dir, limit, told, held string }

// groupOf returns the group of a process, in version 1 or 2 of control groups.
func groupOf(pid int) (group, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return group{}, err
	}
	const mount = "/sys/fs/cgroup"
	g := group{limit: "memory.max", told: "memory.events", held: "anon"}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case slices.Contains(strings.Split(parts[1], ","), "memory"):
			return group{filepath.Join(mount, "memory", parts[2]), "memory.limit_in_bytes", "memory.oom_control", "total_rss"}, nil
		case parts[1] == "":
			g.dir = filepath.Join(mount, parts[2])
		}
	}
	return g, nil
}

// count returns the number in one line of one of the group's files.
func (g group) count(file, name string) (int, error) {
	text, err := os.ReadFile(filepath.Join(g.dir, file))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if key, value, _ := strings.Cut(strings.TrimSpace(line), " "); key == name {
			return strconv.Atoi(value)
		}
	}
	return 0, fmt.Errorf("%s of %s has no %s", file, g.dir, name)
}

// outOfMemory makes the kernel kill a container's process for lack of memory. A neighbour in its control group, which
// the kernel spares, uses the memory up. The engine must report the kill, since the process cannot.
func outOfMemory(ctx context.Context, s *composed, service string) error {
	i, err := s.inspect(ctx, service)
	if err != nil {
		return err
	}
	g, err := groupOf(i.State.Pid)
	if err != nil {
		return err
	}
	held, err := g.count("memory.stat", g.held)
	if err != nil {
		return err
	}
	const room, wanted = 16 << 20, 128 << 20
	if err := os.WriteFile(filepath.Join(g.dir, g.limit), []byte(strconv.Itoa(held+room)), 0); err != nil {
		return err
	}
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", i.State.Pid), []byte("1000"), 0); err != nil {
		return err
	}
	killed, err := s.watchesForKill(ctx, service)
	if err != nil {
		return err
	}
	neighbour := exec.CommandContext(ctx, "sh", "-c",
		`echo $$ >"$0/cgroup.procs" && tr '\0' x </dev/zero | tail -c "$1"`, g.dir, strconv.Itoa(wanted))
	neighbour.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := neighbour.Start(); err != nil {
		return errors.Join(err, killed())
	}
	err = eventually(ctx, time.Minute, func() error {
		kills, err := g.count(g.told, "oom_kill")
		if err == nil && kills == 0 {
			err = fmt.Errorf("%w: nothing was killed", errNotYet)
		}
		return err
	})
	// Otherwise the group would outlive the container, with its limit.
	_ = syscall.Kill(-neighbour.Process.Pid, syscall.SIGKILL)
	_ = neighbour.Wait()
	return errors.Join(err, killed(), s.healthy(ctx, service, i.State.Pid))
}

// watchesForKill begins to watch the engine's events, which the engine keeps only for seconds. killed, called once,
// waits until they report a killed process of the container.
func (s *composed) watchesForKill(ctx context.Context, service string) (killed func() error, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	cmd := exec.CommandContext(ctx, "docker", "events", "--since", time.Now().Format(time.RFC3339Nano),
		"--filter", "container="+s.container(service), "--filter", "event=oom", "--filter", "event=die",
		"--format", `{{.Action}} {{index .Actor.Attributes "exitCode"}}`)
	events, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return func() error {
		defer func() {
			cancel()
			_ = cmd.Wait() // it is killed
		}()
		const want = "die 137" // 128 and SIGKILL
		var said []string
		for lines := bufio.NewScanner(events); lines.Scan(); {
			said = append(said, strings.TrimSpace(lines.Text()))
			if strings.HasPrefix(lines.Text(), "die ") {
				break
			}
		}
		if !slices.Contains(said, want) {
			return fmt.Errorf("the engine tells of %s %q, want %q", service, said, want)
		}
		s.t.Logf("the engine tells of %s %q", service, said)
		return nil
	}, nil
}

// review adds the log's present content to the history, reads some of it again, and checks everything.
func (s *composed) review(t *testing.T, c *crowd, h *checker.History) {
	t.Helper()
	var err error
	if h.Log, err = s.log(t.Context()); err != nil {
		t.Fatal(err)
	}
	reading, done := context.WithTimeout(t.Context(), windDown)
	defer done()
	c.ctx = reading
	for n, id := range slices.Sorted(maps.Keys(h.Log)) {
		if n < sampled {
			c.whole(fmt.Sprintf("replay %d", n), id, 0)
		}
	}
	h.Streams, h.Cancels = c.streams, c.cancels
	violations := checker.Check(h)
	for _, v := range violations[:min(len(violations), 50)] {
		t.Errorf("seed %d: %v", h.Seed, v)
	}
	var table strings.Builder
	if err := checker.WriteTable(&table, checker.Table(h)); err != nil {
		t.Error(err)
	}
	t.Logf("%d streams, %d completions, %d violations:\n%s", len(h.Streams), len(h.Log), len(violations), &table)
	if len(violations) > 0 || *keep {
		s.save(h)
	}
}

// log returns the log's content once no completion runs.
func (s *composed) log(ctx context.Context) (log map[string][]checker.Record, err error) {
	tp := &topology{t: s.t}
	for _, service := range s.nats {
		address, err := s.inside(ctx, service)
		if err != nil {
			return nil, err
		}
		tp.nats = append(tp.nats, &supervised{name: service, address: address + ":4222"})
	}
	return tp.ended(ctx, windDown)
}

func (s *composed) save(h *checker.History) {
	dir, err := os.MkdirTemp("", "pawstream-faults-composed-")
	if err != nil {
		s.t.Error(err)
		return
	}
	tp := &topology{t: s.t, dir: dir}
	tp.save(h)
	s.t.Logf("the history is kept in %s", dir)
}
