package lifecycle

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/listen"
	"github.com/pawstream/pawstream/internal/telemetry"
)

// part is a server that does nothing until it is stopped.
type part struct{ serve func(context.Context) error }

// Addr implements Server.
func (part) Addr() string { return "nowhere:1" }

// Serve implements Server.
func (p part) Serve(ctx context.Context) error { return p.serve(ctx) }

// program is one whose part ends with an error where fails is set.
func program(fails error) *Program {
	flags := &struct {
		config.Commands
		config.Process
	}{}
	return &Program{
		Program: config.Program{Name: "test", Description: "A test.", AdminListen: "127.0.0.1:9090"},
		Flags:   flags,
		Process: &flags.Process,
		Start: func(_ context.Context, reports *telemetry.Telemetry) ([]Part, error) {
			i := telemetry.NewInstruments(reports.Meters)
			i.Counter("starts", "{start}", "Starts.").Add(1)
			return []Part{{Name: "nothing", Server: part{func(ctx context.Context) error {
				if fails == nil {
					<-ctx.Done()
				}
				return fails
			}}}}, i.Err()
		},
	}
}

// A program tells its admin address, answers there, and can be asked from outside
// whether it is ready.
func TestRun(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stdout, told := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- program(nil).run(ctx, []string{"--admin-listen", "127.0.0.1:0"}, told, io.Discard) }()
	ready, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address, ok := strings.CutPrefix(strings.TrimSpace(ready), "ready nothing=nowhere:1 admin=")
	if !ok {
		t.Fatalf("ready line %q", ready)
	}
	resp, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	for _, want := range []string{"starts_total 1\n", "pawstream_ready 1\n", `service_name="test"`} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %q in the metrics", want)
		}
	}
	check := func() error {
		return program(nil).run(t.Context(), []string{"healthcheck", "--admin-listen", address}, io.Discard, io.Discard)
	}
	if err := check(); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := check(); err == nil {
		t.Error("ready though it has ended")
	}
}

func TestFailures(t *testing.T) {
	broken := errors.New("broken")
	if err := program(broken).run(t.Context(), []string{"--admin-listen", "127.0.0.1:0"}, io.Discard, io.Discard); !errors.Is(err, broken) {
		t.Errorf("error %v, want the part's", err)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense")
	err := program(nil).run(t.Context(), []string{"--admin-listen", "127.0.0.1:0"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_ENDPOINT") {
		t.Errorf("error %v, want one about the endpoint", err)
	}
}

// A signal during the start is the reason for its end, whatever the part that it ends says.
func TestStoppedBeforeItWasReady(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	p := program(nil)
	p.Start = func(ctx context.Context, _ *telemetry.Telemetry) ([]Part, error) {
		stop()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	err := p.run(ctx, []string{"--admin-listen", "127.0.0.1:0"}, io.Discard, io.Discard)
	if !errors.Is(err, config.ErrInterrupted) || err.Error() != "interrupted before it was ready" {
		t.Errorf("error %v", err)
	}
}

// A setting that is misspelt in the environment has no effect, which the log says.
func TestMisspeltEnvironment(t *testing.T) {
	t.Setenv("PAWSTREAM_DRAIN_TIMOUT", "1s")
	t.Setenv("PAWSTREAM_LOG_LEVEL", "warn")
	var said bytes.Buffer
	broken := errors.New("broken")
	if err := program(broken).run(t.Context(), []string{"--admin-listen", "127.0.0.1:0"}, io.Discard, &said); !errors.Is(err, broken) {
		t.Error(err)
	}
	if got := said.String(); strings.Count(got, "PAWSTREAM_") != 2 || !strings.Contains(got, "PAWSTREAM_DRAIN_TIMOUT") || !strings.Contains(got, "PAWSTREAM_DRAIN_TIMEOUT") {
		t.Errorf("said %s", got)
	}
}

// A program that is started twice reports all addresses in use at once, no matter which part fails.
func TestTakenAddresses(t *testing.T) {
	var lc net.ListenConfig
	others := make([]string, 2)
	for i := range others {
		l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		others[i] = l.Addr().String()
	}
	public := listen.Address{Flag: "--listen", Address: others[0]}
	for _, test := range []struct {
		name, admin string
		start       error
		want        string
	}{
		{"the admin address", others[1], nil, others[0] + " (--listen) and " + others[1] + " (--admin-listen) are taken, perhaps by another pawstream"},
		{"another", "127.0.0.1:0", &listen.TakenError{Addresses: []listen.Address{public}}, others[0] + " (--listen) is taken, perhaps by another pawstream"},
		{"something else", "127.0.0.1:0", errors.New("no data"), "no data; " + others[0] + " (--listen) is taken, perhaps by another pawstream"},
	} {
		p := program(nil)
		p.Addresses = func() []listen.Address { return []listen.Address{public} }
		p.Start = func(context.Context, *telemetry.Telemetry) ([]Part, error) { return nil, test.start }
		err := p.run(t.Context(), []string{"--admin-listen", test.admin}, io.Discard, io.Discard)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}

// A missing collector causes a warning, but does not change the exit code.
func TestNobodyCollects(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	p := program(nil)
	start := p.Start
	p.Start = func(ctx context.Context, reports *telemetry.Telemetry) ([]Part, error) {
		_, span := reports.Tracers.Tracer("test").Start(ctx, "work")
		span.End()
		return start(ctx, reports)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var stderr bytes.Buffer
	if err := p.run(ctx, []string{"--admin-listen", "127.0.0.1:0"}, io.Discard, &stderr); err != nil {
		t.Error(err)
	}
	if !strings.Contains(stderr.String(), "spans") {
		t.Errorf("log %q, want a warning", stderr.String())
	}
}

// located is a server with a URL.
type located struct{ part }

// URL implements the optional method of a Server.
func (located) URL() string { return "http://127.0.0.1:8080" }

func TestReadyLine(t *testing.T) {
	t.Parallel()
	parts := []Part{{Name: "http", Server: located{}}, {Name: "grpc", Server: part{}}}
	for terminal, want := range map[bool]string{
		false: "ready http=nowhere:1 grpc=nowhere:1 admin=x:1",
		true:  "ready http://127.0.0.1:8080 grpc=nowhere:1 admin=x:1",
	} {
		if got := readyLine(parts, "x:1", terminal); got != want {
			t.Errorf("on a terminal %v: %q, want %q", terminal, got, want)
		}
	}
}
