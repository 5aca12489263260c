//go:build unix

package stack

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestMakeRunInterrupted presses Ctrl-C in a `make run` that is ready: the program stops cleanly, and make has no
// error to report. Like any make that is interrupted, it then ends by the signal itself. The programs of the tests
// take the place of a compilation.
func TestMakeRunInterrupted(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("make"); err != nil {
		skip.Missing(t, "make", err)
	}
	makefile, err := filepath.Abs(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	dir, tools := t.TempDir(), t.TempDir()
	compiler := "#!/bin/sh\n[ \"$*\" = 'build -o bin ./services/standalone' ] && ln -s '" + rig.Programs(t).Path("standalone") + "' bin/\n"
	if err := os.WriteFile(filepath.Join(tools, "go"), []byte(compiler), 0o700); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "make", "-f", makefile, "run")
	cmd.Dir = dir
	cmd.Env = append(withoutMake(stack.Environment()), "PATH="+tools+string(os.PathListSeparator)+os.Getenv("PATH"),
		"PAWSTREAM_LISTEN=127.0.0.1:0", "PAWSTREAM_GRPC_LISTEN=127.0.0.1:0", "PAWSTREAM_ADMIN_LISTEN=127.0.0.1:0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the group of a terminal's foreground
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := startInterruptible(cmd); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	for line := ""; !strings.HasPrefix(line, "ready "); {
		if line, err = lines.ReadString('\n'); err != nil {
			t.Fatalf("before it was ready: %v\n%s", errors.Join(err, cmd.Wait()), &stderr)
		}
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the signal is its error
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("make ended with %v, want the signal: an error of its own says that the program failed", cmd.ProcessState)
	}
	if len(rest) > 0 {
		t.Errorf("after the signal stdout has\n%s", rest)
	}
	if !strings.Contains(stderr.String(), " msg=stopped\n") {
		t.Error("the program does not say that it has stopped")
	}
	for line := range strings.Lines(stderr.String()) {
		if !strings.HasPrefix(line, "time=") || strings.Contains(line, " level=ERROR ") {
			t.Errorf("stderr has %s", line)
		}
	}
}

// withoutMake returns an environment without what a make that runs these tests hands down.
func withoutMake(environment []string) []string {
	return slices.DeleteFunc(environment, func(pair string) bool {
		return strings.HasPrefix(pair, "MAKE") || strings.HasPrefix(pair, "MFLAGS=")
	})
}

// startInterruptible starts a command that can be interrupted, even if a shell runs the tests in its background, which
// ignore the signal then and would hand that down. Signals that a process handles have their usual effect in its
// children.
func startInterruptible(cmd *exec.Cmd) error {
	ignored := make(chan os.Signal, 1)
	signal.Notify(ignored, os.Interrupt)
	defer signal.Stop(ignored)
	return cmd.Start()
}
