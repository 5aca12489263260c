package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pawstream/pawstream/internal/wait"
)

const (
	startPatience = 30 * time.Second
	askPatience   = 2 * time.Second
	// runningMetric is the number of answers that a service writes.
	runningMetric = "pawstream_completions_running"
)

// A replica is one completion service, across restarts of its process.
type replica struct {
	program string
	args    []string

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{}     // closed when cmd has ended
	ready map[string]string // addresses by their names
}

func newReplica(program string, args []string) *replica {
	return &replica{program: program, args: args}
}

// start starts a process, and returns once it accepts work. The process has the gRPC address of its
// predecessor.
func (r *replica) start(ctx context.Context) error {
	cmd := exec.Command(r.program, slices.Concat(r.args, []string{ //nolint:gosec,noctx // this program; it outlives ctx, and stop ends it
		"--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--grpc-listen=" + r.grpc(), "--grpc-trust-local",
	})...)
	// This program's own settings would make each of them a demonstration too.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "PAWSTREAM_") })
	cmd.Stderr, cmd.SysProcAttr = os.Stderr, endWithParent()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	ended, started := make(chan struct{}), make(chan error)
	go func() { // keeps its thread until the process ends: the system would kill the process with the thread
		defer close(ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_, _ = cmd.Process.Wait() // its own log says how it ended
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	r.mu.Lock()
	r.cmd, r.ended = cmd, ended
	r.mu.Unlock()
	giveUp := time.AfterFunc(startPatience, func() { _ = cmd.Process.Kill() })
	defer giveUp.Stop()
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })()
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	if err != nil {
		_ = stdout.Close() // an error does not matter
		return fmt.Errorf("a completion service ended before it was ready: %w", err)
	}
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, lines)
		_ = stdout.Close()
	}()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready = addresses(line)
	return nil
}

// addresses reads a line such as "ready grpc=127.0.0.1:4000 admin=127.0.0.1:4001".
func addresses(line string) map[string]string {
	all := make(map[string]string)
	for word := range strings.FieldsSeq(line) {
		if name, address, ok := strings.Cut(word, "="); ok {
			all[name] = address
		}
	}
	return all
}

// grpc returns the address of the service, or one with any free port before the first start.
func (r *replica) grpc() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if address := r.ready["grpc"]; address != "" {
		return address
	}
	return "127.0.0.1:0"
}

// keep restarts the process whenever it has ended, until ctx ends.
func (r *replica) keep(ctx context.Context, logger *slog.Logger) {
	for {
		r.mu.Lock()
		ended := r.ended
		r.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-ended:
		}
		if wait.For(ctx, pause) != nil {
			return
		}
		if err := r.start(ctx); err != nil && ctx.Err() == nil {
			logger.ErrorContext(ctx, "a completion service of the demonstration does not start", slog.Any("error", err))
		}
	}
}

// kill kills the process.
func (r *replica) kill() (pid int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cmd.Process.Pid, r.cmd.Process.Kill()
}

// stop ends the process if it runs, and waits for its end.
func (r *replica) stop() {
	r.mu.Lock()
	cmd, ended := r.cmd, r.ended
	r.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	force := time.AfterFunc(startPatience, func() { _ = cmd.Process.Kill() })
	defer force.Stop()
	<-ended
}

// running returns how many answers the service writes now.
func (r *replica) running(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	r.mu.Lock()
	address := r.ready["admin"]
	r.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }() // the body has been read
	return runningOf(resp.Body)
}

// runningOf reads the number from metrics in the format of Prometheus.
func runningOf(metrics io.Reader) (int, error) {
	lines := bufio.NewScanner(metrics)
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), " "); ok && name == runningMetric {
			return strconv.Atoi(value)
		}
	}
	return 0, errors.Join(lines.Err(), errors.New("no metric "+runningMetric))
}
