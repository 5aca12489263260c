// Package proc starts a contender's processes, and reads their costs from /proc.
package proc

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startPatience = 20 * time.Second
	stopPatience  = 5 * time.Second
	// tick is the unit of CPU times in /proc: USER_HZ, which is 100 on every Linux.
	tick = 10 * time.Millisecond
)

// A Process is a running program.
type Process struct {
	cmd    *exec.Cmd
	ready  map[string]string
	output lastLines
	exited chan struct{}
}

// Start runs one of our programs in dir, and returns once it has printed a line "ready name=address ...".
func Start(ctx context.Context, dir, path string, args ...string) (*Process, error) {
	p := &Process{ready: make(map[string]string), exited: make(chan struct{})}
	stdout, err := p.launch(dir, path, args)
	if err != nil {
		return nil, err
	}
	line := make(chan string, 1)
	go func() { // ends with the process's output
		text, _ := bufio.NewReader(stdout).ReadString('\n')
		line <- text
		_, _ = io.Copy(io.Discard, stdout)
	}()
	select {
	case text := <-line:
		words := strings.Fields(text)
		if len(words) == 0 || words[0] != "ready" {
			p.Stop()
			return nil, fmt.Errorf("%s did not start: %s", filepath.Base(path), p.output.String())
		}
		for _, word := range words[1:] {
			name, address, _ := strings.Cut(word, "=")
			p.ready[name] = address
		}
		return p, nil
	case <-time.After(startPatience):
	case <-ctx.Done():
	}
	p.Stop()
	return nil, fmt.Errorf("%s is not ready after %v: %s", filepath.Base(path), startPatience, p.output.String())
}

// StartForeign runs a program that does not report when it is ready, and returns once it accepts connections at
// the address.
func StartForeign(ctx context.Context, dir, address, path string, args ...string) (*Process, error) {
	var d net.Dialer
	if conn, err := d.DialContext(ctx, "tcp", address); err == nil {
		_ = conn.Close() // it was only a check
		return nil, fmt.Errorf("%s: port in use: %s", filepath.Base(path), address)
	}
	p := &Process{exited: make(chan struct{})}
	stdout, err := p.launch(dir, path, args)
	if err != nil {
		return nil, err
	}
	go func() { _, _ = io.Copy(&p.output, stdout) }() // ends with the process's output
	for deadline := time.Now().Add(startPatience); ; {
		conn, err := d.DialContext(ctx, "tcp", address)
		if err == nil {
			return p, conn.Close()
		}
		select {
		case <-p.exited:
			return nil, fmt.Errorf("%s did not start: %s", filepath.Base(path), p.output.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			p.Stop()
			return nil, fmt.Errorf("%s does not accept connections: %s", filepath.Base(path), p.output.String())
		}
	}
}

// launch starts the process from a thread that lives as long as the process: the system kills a child with its
// parent's thread.
func (p *Process) launch(dir, path string, args []string) (io.Reader, error) {
	p.cmd = exec.Command(path, args...) //nolint:gosec,noctx // the caller's program; Stop ends it
	p.cmd.Dir, p.cmd.Env, p.cmd.Stderr = dir, environment(), &p.output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.cmd.WaitDelay = time.Second
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stdout = write
	started := make(chan error)
	go func() { // ends with the process
		defer close(p.exited)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		_ = write.Close() // the process has its own copy
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // its exit status does not matter
		}
	}()
	return read, <-started
}

// environment returns our environment without settings of our programs.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "PAWSTREAM_") })
}

// Addr returns the address that the process reported under that name.
func (p *Process) Addr(name string) string { return p.ready[name] }

// Stop asks the process to end, and kills it after [stopPatience].
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.exited:
	case <-time.After(stopPatience):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}

// pids returns the ids of the process and its descendants, such as nginx's workers.
func (p *Process) pids() []int {
	pids := []int{p.cmd.Process.Pid}
	for i := 0; i < len(pids); i++ {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pids[i]))
		for _, task := range tasks {
			text, _ := os.ReadFile(task) //nolint:gosec // in /proc
			for field := range strings.FieldsSeq(string(text)) {
				if pid, err := strconv.Atoi(field); err == nil {
					pids = append(pids, pid)
				}
			}
		}
	}
	return pids
}

// CPU returns the CPU time of the process and its descendants, in steps of 10 ms.
func (p *Process) CPU() (time.Duration, error) {
	var sum time.Duration
	for _, pid := range p.pids() {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0, err
		}
		// The name, in parentheses, may contain anything. utime and stime are fields 14 and 15.
		_, rest, _ := bytes.Cut(text[bytes.LastIndexByte(text, ')'):], []byte(" "))
		fields := strings.Fields(string(rest))
		for _, field := range fields[11:13] {
			ticks, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, err
			}
			sum += time.Duration(ticks) * tick
		}
	}
	return sum, nil
}

// Memory returns the resident memory of the process and its descendants, in bytes.
func (p *Process) Memory() (int64, error) {
	var sum int64
	for _, pid := range p.pids() {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return 0, err
		}
		_, rest, found := strings.Cut(string(text), "VmRSS:")
		fields := strings.Fields(rest)
		if !found || len(fields) == 0 {
			return 0, errors.New("no VmRSS in /proc")
		}
		kib, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += kib << 10
	}
	return sum, nil
}

// FreeAddress returns a loopback address with a port that was just free.
func FreeAddress(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// lastLines keeps the last bytes written to it.
type lastLines struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (l *lastLines) Write(b []byte) (int, error) {
	const most = 2 << 10
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	if over := len(l.text) - most; over > 0 {
		l.text = l.text[over:]
	}
	return len(b), nil
}

// String returns the last line.
func (l *lastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(l.text)), "\n")
	return lines[len(lines)-1]
}
