//go:build unix

package e2e

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/edge/sse"
)

// TestREADME does what README says under "See the promise kept", line by line, but for
// the build and the port.
func TestREADME(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool, err)
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## See the promise kept\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1) {
		script.WriteString(block[1])
	}
	build := "go build -o pawstream ./services/standalone\n"
	address := freeAddress(t)
	if n := strings.Count(script.String(), build); n != 1 {
		t.Fatalf("README builds the program %d times", n)
	}
	commands := strings.NewReplacer(build, "", "127.0.0.1:8080", address).Replace(script.String())
	// When it is ready, one asks.
	commands = strings.Replace(commands, "curl -sSN ", "curl -sSN --retry 60 --retry-connrefused ", 1) + "wait\n"

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	if err := os.Symlink(programs(t).Path("standalone"), filepath.Join(dir, "pawstream")); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "bash", "-c", commands)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = append(stack.Environment(), "PAWSTREAM_LISTEN="+address,
		"PAWSTREAM_GRPC_LISTEN=127.0.0.1:0", "PAWSTREAM_ADMIN_LISTEN=127.0.0.1:0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // what it has started too
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, &stdout, &stderr)
	}
	answer, err := os.ReadFile(filepath.Join(dir, "answer.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var got []sse.Event
	for e, err := range sse.NewDecoder(bytes.NewReader(answer)).Events() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	checkIDs(t, got)
	said := regexp.MustCompile(`# (\d+): every event, once`).FindStringSubmatch(section)
	if said == nil || !strings.Contains(stdout.String(), "\n"+said[1]+"\n") {
		t.Errorf("README says %q, the commands print\n%s", said, &stdout)
	}
	if len(got) == 0 || got[len(got)-1].Data != "[DONE]" {
		t.Errorf("the answer has %d events and no end", len(got))
	}
}

// freeAddress returns a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
