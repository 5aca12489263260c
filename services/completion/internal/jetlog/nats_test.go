package jetlog

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startNATS starts a server for several logs, and returns its URL.
func startNATS(t testing.TB) string {
	t.Helper()
	return runNATS(t, server.RANDOM_PORT, t.TempDir()).ClientURL()
}

func runNATS(t testing.TB, port int, dir string) *server.Server {
	t.Helper()
	return serveNATS(t, &server.Options{Port: port, JetStream: true, StoreDir: dir})
}

// serveNATS starts a server in this process, on the loopback address. Unless the options say otherwise, streams may
// reserve more than the disk has left.
func serveNATS(t testing.TB, options *server.Options) *server.Server {
	t.Helper()
	options.Host, options.NoSigs, options.NoLog = "127.0.0.1", true, true
	options.JetStreamMaxStore = cmp.Or(options.JetStreamMaxStore, math.MaxInt64/2)
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(startPatience) {
		t.Fatal("nats-server does not start")
	}
	return s
}

// natsDir is the directory of nats-server, once a test has built it.
var natsDir string

var builtNATS = sync.OnceValues(func() (path string, err error) {
	if natsDir, err = os.MkdirTemp("", "pawstream-nats-"); err != nil {
		return "", err
	}
	path = filepath.Join(natsDir, "nats-server")
	build := exec.Command("go", "build", "-o", path, "github.com/nats-io/nats-server/v2")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build nats-server: %w\n%s", err, out)
	}
	return path, nil
})

// buildNATS builds nats-server from the version in go.mod, once for all tests, and returns its path.
func buildNATS(t testing.TB) string {
	t.Helper()
	path, err := builtNATS()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// roomy writes a nats-server configuration with this store directory, which lets streams reserve more than the disk
// has left. It returns the file's path.
func roomy(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(path, fmt.Appendf(nil, "jetstream { store_dir: %q, max_file_store: 1TB }\n", dir), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A natsProcess is a nats-server in a separate process.
type natsProcess struct {
	url string
	cmd *exec.Cmd
}

// startProcess starts a command that is or becomes a nats-server, and waits until it accepts connections.
func startProcess(t testing.TB, name string, args ...string) *natsProcess {
	t.Helper()
	p := &natsProcess{cmd: exec.Command(name, args...)}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	listening := regexp.MustCompile(`Listening for client connections on (\S+)`)
	ready := make(chan string, 1)
	go func() {
		var said strings.Builder
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			if at := listening.FindStringSubmatch(lines.Text()); at != nil {
				ready <- at[1]
				_, _ = io.Copy(io.Discard, stderr)
				return
			}
			fmt.Fprintln(&said, lines.Text())
		}
		t.Error("nats-server says: " + said.String())
		close(ready)
	}()
	select {
	case address := <-ready:
		p.url = "nats://" + address
	case <-time.After(startPatience):
		t.Fatal("nats-server does not start")
	}
	return p
}

// kill ends the process like a crash.
func (p *natsProcess) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// freePorts returns ports that were free just now.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

// writeFile writes a file into a temporary directory, and returns its path.
func writeFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
