package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	startPatience = 60 * time.Second
	stopPatience  = 45 * time.Second
)

// A Process is a running program.
type Process struct {
	name   string
	cmd    *exec.Cmd
	stdout firstLine
	log    logbook
	ready  map[string]string
	asked  atomic.Bool // whether it was asked to stop
	exited chan struct{}
	err    error // how it ended; valid once exited is closed
}

// Start runs a program in a new directory within that of the programs, and returns once it is ready.
func (p Programs) Start(ctx context.Context, name string, args ...string) (*Process, error) {
	return p.start(ctx, nil, name, args...)
}

// start is Start with additional environment variables.
func (p Programs) start(ctx context.Context, env []string, name string, args ...string) (*Process, error) {
	ran := &Process{name: name, exited: make(chan struct{})}
	ran.stdout.line = make(chan string, 1)
	dir, err := os.MkdirTemp(string(p), name+"-*")
	if err != nil {
		return nil, err
	}
	ran.cmd = exec.Command(p.Path(name), args...) //nolint:noctx // it outlives ctx: Stop ends it
	ran.cmd.Dir, ran.cmd.Env = dir, append(Environment(), env...)
	ran.cmd.Stdout, ran.cmd.Stderr = &ran.stdout, &ran.log
	if err := ran.launch(); err != nil {
		return nil, err
	}
	if err := ran.awaitReady(ctx); err != nil {
		ran.Kill()
		return nil, fmt.Errorf("%s: %w\n%s", name, err, ran.Log())
	}
	return ran, nil
}

// Run starts a command that does not report when it is ready. The caller chooses its output and its directory,
// so [Process.Log] is empty.
func Run(cmd *exec.Cmd) (*Process, error) {
	ran := &Process{name: cmd.Path, cmd: cmd, exited: make(chan struct{})}
	return ran, ran.launch()
}

// Environment returns our environment without settings of the programs, except that they log as text. It
// shortens the time, a second by default, that a program with the race detector waits for more races at its
// end.
func Environment() []string {
	ours := slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "PAWSTREAM_") })
	return append(ours, "GORACE=atexit_sleep_ms=50", "PAWSTREAM_LOG_FORMAT=text")
}

// launch starts the process from a thread that lives as long as the process: a system that kills a child with
// its parent actually does so with the parent's thread.
func (p *Process) launch() error {
	p.cmd.SysProcAttr = endWithParent()
	started := make(chan error)
	go func() { // ends with the process
		defer close(p.exited)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
		}
	}()
	return <-started
}

// awaitReady reads "ready http=ADDR admin=ADDR".
func (p *Process) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	select {
	case line := <-p.stdout.line:
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "ready" {
			return fmt.Errorf("its first line is %q", line)
		}
		p.ready = make(map[string]string)
		for _, word := range words[1:] {
			name, address, _ := strings.Cut(word, "=")
			p.ready[name] = address
		}
		return nil
	case <-p.exited:
		return fmt.Errorf("it ended before it was ready: %w", p.err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Addr returns the address that the process reported under that name.
func (p *Process) Addr(name string) string { return p.ready[name] }

// Log returns the last lines that the process has logged.
func (p *Process) Log() string { return p.log.last(tailLines) }

// WholeLog returns the log of the process, up to its last 4,000 lines.
func (p *Process) WholeLog() string { return p.log.last(keptLines) }

// Each calls f with each line that the process logs from now on, one at a time.
func (p *Process) Each(f func(line string)) {
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	p.log.each = f
}

// Signal asks the process to stop, with SIGTERM.
func (p *Process) Signal() error {
	p.asked.Store(true)
	return p.Send(syscall.SIGTERM)
}

// Send sends the process a signal.
func (p *Process) Send(signal os.Signal) error { return p.cmd.Process.Signal(signal) }

// PID returns the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Wait waits until the process has ended. It returns nil if the exit code is 0 and the log has no alarm.
func (p *Process) Wait() error {
	select {
	case <-p.exited:
	case <-time.After(stopPatience):
		p.Kill()
		return fmt.Errorf("%s did not stop within %v\n%s", p.name, stopPatience, p.Log())
	}
	var err error
	if p.err != nil {
		err = fmt.Errorf("%s ended with %w\n%s", p.name, p.err, p.Log())
	}
	return errors.Join(err, p.Fault())
}

// Fault returns an error if the process has logged an error, a panic or a data race.
func (p *Process) Fault() error {
	if alarm := p.log.alarm(); alarm != "" {
		return fmt.Errorf("%s logged\n%s", p.name, alarm)
	}
	return nil
}

// Stop ends the process, and returns the result of [Process.Wait]. It returns an error if the process had ended
// unasked.
func (p *Process) Stop() error {
	asked := p.asked.Load()
	err := p.Signal()
	if asked && errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", p.name, err)
	}
	return errors.Join(err, p.Wait())
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.exited }

// Ended reports whether the process has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// Kill kills the process, and waits for its end.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.exited
}

// firstLine sends the first line that is written to it.
type firstLine struct {
	line chan string // has room for one
	once sync.Once
	text bytes.Buffer
}

// Write implements io.Writer.
func (f *firstLine) Write(b []byte) (int, error) {
	f.text.Write(b)
	if line, _, ended := strings.Cut(f.text.String(), "\n"); ended {
		f.once.Do(func() { f.line <- line })
	}
	return len(b), nil
}
