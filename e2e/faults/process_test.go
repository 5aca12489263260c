package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/stack"
)

const (
	readyPatience = time.Minute
	startTries    = 3
	// startLine begins the line in a process's output that marks a start.
	startLine = "== start "
)

// A supervised process is restarted at the same address: by the test that ended it, or by its supervisor if it ended
// by itself.
type supervised struct {
	name     string
	path     string
	address  string // answers once it serves
	dir      string // of its output
	args     func(start int) []string
	onlyOnce bool // it has no supervisor

	mu      sync.Mutex
	process *stack.Process
	starts  int
	gaveUp  int  // how often it has ended by itself
	ended   bool // by the test
}

// start runs the process and returns when its address answers. Like any supervisor, it retries if the process cannot
// start.
func (s *supervised) start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.startLocked(ctx)
}

// startLocked is start for a caller that holds the lock.
func (s *supervised) startLocked(ctx context.Context) error {
	var err error
	for range startTries {
		if err = s.launch(ctx); err == nil || !s.process.Ended() {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	s.ended = false
	if p := s.process; !s.onlyOnce {
		go func() { // ends with the process
			<-p.Done()
			s.supervise(p)
		}()
	}
	return nil
}

// supervise restarts a process that has ended by itself.
func (s *supervised) supervise(p *stack.Process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended && s.process == p {
		s.gaveUp++
		_ = s.startLocked(context.Background()) // if that fails, the tests that need it will report it
	}
}

// kill ends the process like a crash.
func (s *supervised) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.process.Kill()
}

// gone returns how often the process has ended by itself.
func (s *supervised) gone() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gaveUp
}

// launch is one attempt of start.
func (s *supervised) launch(ctx context.Context) error {
	output, err := os.OpenFile(filepath.Join(s.dir, s.name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = output.Close() }() // the process has its own
	fmt.Fprintf(output, startLine+"%d at %s\n", s.starts, time.Now().Format(time.RFC3339Nano))
	cmd := exec.Command(s.path, s.args(s.starts)...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, stack.Environment(), output, output
	if s.process, err = stack.Run(cmd); err != nil {
		return err
	}
	s.starts++
	var ended bool
	err = eventually(ctx, readyPatience, func() error {
		if ended = s.process.Ended(); ended {
			return nil
		}
		conn, err := net.DialTimeout("tcp", s.address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err
	})
	if ended {
		return errEnded
	}
	return err
}

var errEnded = errors.New("it ended before it served")

func (s *supervised) running() *stack.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

// stop ends the process like an operator.
func (s *supervised) stop() error {
	s.mu.Lock()
	s.ended = true
	p := s.process
	s.mu.Unlock()
	if p == nil || p.Ended() {
		return nil
	}
	_ = p.Send(syscall.SIGCONT) // it may be suspended
	if err := p.Stop(); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// resident returns the process's resident bytes, or 0 if the system does not report them.
func (s *supervised) resident() int64 {
	p := s.running()
	if p == nil || p.Ended() {
		return 0
	}
	bytes, _ := p.Resident()
	return bytes
}

// alarms are texts that no process may ever log, and complaints texts that it should not.
var (
	alarms     = []string{"DATA RACE", "panic:", "fatal error:"}
	complaints = []string{"level=ERROR", "faultcompletion: ", "edge: "}
)

// logged returns the lines of the process's output that contain one of the texts, and some lines after each.
func (s *supervised) logged(texts []string, following int) (lines []string) {
	file, err := os.Open(filepath.Join(s.dir, s.name+".log"))
	if err != nil {
		return []string{err.Error()}
	}
	defer func() { _ = file.Close() }()
	left := 0
	for scanner := bufio.NewScanner(file); scanner.Scan(); left-- {
		for _, text := range texts {
			if strings.Contains(scanner.Text(), text) {
				left = 1 + following
			}
		}
		if left > 0 {
			lines = append(lines, s.name+": "+scanner.Text())
		}
	}
	return lines
}

// Ports are below the range for outgoing connections, because a port must still be free when its process restarts.
const (
	firstPort = 21000
	lastPort  = 31000
)

var (
	portGuard sync.Mutex
	nextPort  = firstPort + os.Getpid()*64%(lastPort-firstPort)
)

// freeAddress returns an unused address of the loopback interface.
func freeAddress() (string, error) {
	portGuard.Lock()
	defer portGuard.Unlock()
	for range lastPort - firstPort {
		if nextPort++; nextPort >= lastPort {
			nextPort = firstPort
		}
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(nextPort))
		listener, err := net.Listen("tcp", address)
		if err == nil {
			return address, listener.Close()
		}
	}
	return "", fmt.Errorf("no free port from %d to %d", firstPort, lastPort)
}
