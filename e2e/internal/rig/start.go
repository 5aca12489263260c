package rig

import (
	"bytes"
	"context"
	"math"
	"os/exec"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// Edge starts another edge in front of a stack's completion service, and returns its URL.
func Edge(t *testing.T, behind *stack.Stack, args ...string) string {
	t.Helper()
	edge := Start(t, "edge", append([]string{"--listen=127.0.0.1:0", "--completion-addr=" + behind.Completion.Addr("grpc")}, args...)...)
	return "http://" + edge.Addr("http")
}

// Start starts a program for one test, and stops it at the end of the test, if it still runs.
func Start(t *testing.T, name string, args ...string) *stack.Process {
	t.Helper()
	return Launch(t, Programs(t), name, args...)
}

// Launch is [Start] for other programs than the usual ones.
func Launch(t *testing.T, built stack.Programs, name string, args ...string) *stack.Process {
	t.Helper()
	p, err := built.Start(t.Context(), name, append([]string{"--admin-listen=127.0.0.1:0"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.Ended() {
			return
		}
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// NATS starts a NATS server with JetStream, for one test.
func NATS(t *testing.T) *server.Server {
	t.Helper()
	return RunNATS(t, &server.Options{JetStream: true})
}

// RunNATS starts a NATS server with these options, for one test. Streams may reserve more than the disk has left.
func RunNATS(t *testing.T, o *server.Options) *server.Server {
	t.Helper()
	o.Host, o.Port, o.StoreDir, o.NoSigs, o.NoLog = "127.0.0.1", server.RANDOM_PORT, t.TempDir(), true, true
	o.JetStreamMaxStore = math.MaxInt64 / 2
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("nats-server does not start")
	}
	return s
}

// Run runs a program that ends by itself.
func Run(t *testing.T, name string, args ...string) (stdout, stderr string, exit int) {
	t.Helper()
	program := Programs(t).Path(name) // the first call builds the programs, which takes long
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out, err bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = t.TempDir(), stack.Environment(), &out, &err
	if failed := cmd.Run(); failed != nil && ctx.Err() != nil {
		t.Fatalf("it did not end: %v\n%s", failed, &err)
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}
