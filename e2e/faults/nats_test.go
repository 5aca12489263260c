package faults

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/skip"
)

// These bound how soon trouble is reported, and how soon work continues after its end: five seconds each, plus the
// delays of a machine that is busy with other tests.
const (
	toldWithin   = 30 * time.Second
	healedWithin = 20 * time.Second
)

// awaitReadiness waits until a program's /readyz gives this reason; "": until it is ready.
func awaitReadiness(t *testing.T, p *stack.Process, within time.Duration, want string) {
	t.Helper()
	begun := time.Now()
	defer func() {
		t.Logf("%s says %q after %v", p.Addr("admin"), want, time.Since(begun).Round(time.Millisecond))
	}()
	rig.Eventually(t, within, func() error {
		x := api.Do(t, api.Request(t, http.MethodGet, "http://"+p.Addr("admin")+"/readyz", ""))
		ready := x.Status == http.StatusOK
		if want == "" && ready || want != "" && !ready && strings.Contains(string(x.Body), want) {
			return nil
		}
		return fmt.Errorf("%w: status %d, %s", rig.ErrNotYet, x.Status, x.Body)
	})
}

// awaitAnswer waits until a request gets a whole answer.
func awaitAnswer(t *testing.T, url string) {
	t.Helper()
	begun := time.Now()
	rig.Eventually(t, healedWithin, func() error {
		if x := api.Post(t, url, api.Body(api.Object{"max_tokens": 5})); x.Status != http.StatusOK {
			return fmt.Errorf("%w: status %d, %s", rig.ErrNotYet, x.Status, x.Body)
		}
		return nil
	})
	t.Logf("answers after %v", time.Since(begun))
}

// TestRoomOnTheDiskIsUsedAgain fills the disk of a standalone, and frees it again.
func TestRoomOnTheDiskIsUsedAgain(t *testing.T) {
	skip.Long(t, "each has a fault and waits out what follows; TestFaults/single has most kinds at random")
	t.Parallel()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64m"); err != nil {
		skip.Missing(t, "root, to mount a disk", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	all := rig.Start(t, "standalone", "--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0", "--advisor-pace=5",
		"--data-dir="+filepath.Join(disk, "data"), "--log-max-bytes=16777216")
	t.Cleanup(all.Kill) // it logs its NATS server's errors about the disk, as it should
	url := "http://" + all.Addr("http")
	running := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": nil})))
	others := filepath.Join(disk, "others")
	fillDisk(t, others)
	stream := api.Events(t, running.Body)
	if told := api.Failure(stream[len(stream)-1]); told == nil || told.Type != "server_error" {
		t.Errorf("the stream ends with %s", stream[len(stream)-1].Data)
	}
	awaitReadiness(t, all, toldWithin, "has no room")
	wantOverloaded(t, map[string]api.Exchange{"create": api.Post(t, url, api.Streamed(nil))})
	if err := os.Remove(others); err != nil {
		t.Fatal(err)
	}
	awaitAnswer(t, url)
	awaitReadiness(t, all, healedWithin, "")
	wantTold(t, all, 1)
}

// fillDisk writes a file until the disk is full.
func fillDisk(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for chunk := make([]byte, 1<<20); len(chunk) > 0; {
		if _, err := file.Write(chunk); err != nil {
			chunk = chunk[:len(chunk)/2]
		}
	}
}

// TestNATSThatComesBackEmpty deletes all of NATS's data under two services and an edge.
func TestNATSThatComesBackEmpty(t *testing.T) {
	t.Parallel()
	nats := rig.NATS(t)
	port, dir := nats.Addr().(*net.TCPAddr).Port, nats.StoreDir()
	var services []*stack.Process
	var addresses []string
	for range 2 {
		p := rig.Start(t, "completion", "--listen=127.0.0.1:0", "--advisor-pace=5", "--nats-url="+nats.ClientURL())
		t.Cleanup(p.Kill) // it logs an error, as it should
		services, addresses = append(services, p), append(addresses, p.Addr("grpc"))
	}
	edge := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+strings.Join(addresses, ","))
	url := "http://" + edge.Addr("http")
	var ends sync.WaitGroup
	var bad atomic.Int64
	for range 6 {
		running := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": nil})))
		ends.Go(func() {
			text, _ := io.ReadAll(running.Body)
			if !strings.Contains(string(text), `"error"`) || strings.Contains(string(text), "[DONE]") {
				bad.Add(1)
			}
		})
	}
	nats.Shutdown()
	nats.WaitForShutdown()
	for _, p := range services {
		awaitReadiness(t, p, toldWithin, "cannot be reached")
	}
	awaitReadiness(t, edge, toldWithin, "no completion service takes work")
	startEmpty(t, port, dir)
	awaitAnswer(t, url)
	for _, p := range append(services, edge) {
		awaitReadiness(t, p, healedWithin, "")
		wantTold(t, p, 1)
	}
	ends.Wait()
	if n := bad.Load(); n > 0 {
		t.Errorf("%d streams did not end with an error", n)
	}
}

// startEmpty starts an empty NATS server on the port of a former one.
func startEmpty(t *testing.T, port int, dir string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	again, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	again.Start()
	t.Cleanup(func() { again.Shutdown(); again.WaitForShutdown() })
}

// TestAServiceOfBeforeHarmsNobodysAnswers suspends a service while NATS loses all of its data, and another service
// answers with the new log.
func TestAServiceOfBeforeHarmsNobodysAnswers(t *testing.T) {
	skip.Long(t, "each has a fault and waits out what follows; TestFaults/single has most kinds at random")
	t.Parallel()
	nats := rig.NATS(t)
	port, dir := nats.Addr().(*net.TCPAddr).Port, nats.StoreDir()
	serve := func(pace string) (replica *stack.Process, url string) {
		replica = rig.Start(t, "completion", "--listen=127.0.0.1:0", "--advisor-pace="+pace, "--nats-url="+nats.ClientURL())
		t.Cleanup(replica.Kill) // it may log an error, as it should
		edge := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+replica.Addr("grpc"))
		return replica, "http://" + edge.Addr("http")
	}
	old, oldURL := serve("5")
	for range 20 {
		api.Send(t, api.Request(t, http.MethodPost, oldURL+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": nil})))
	}
	if err := old.Send(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	nats.Shutdown()
	nats.WaitForShutdown()
	startEmpty(t, port, dir)
	_, url := serve("0")
	wanted := make(map[string]string)
	ask := func(n int) {
		for range n {
			r := api.Record(t, url, nil)
			wanted[r.ID] = api.Joined(t, r.Events).Text
		}
	}
	ask(40)
	if err := old.Send(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	ask(40)
	awaitReadiness(t, old, healedWithin, "")
	awaitAnswer(t, oldURL)
	wantTold(t, old, anyTimes) // whether it has noticed is open
	for id, want := range wanted {
		for _, from := range []string{url, oldURL} {
			if got := api.Joined(t, api.Replay(t, from, id)).Text; got != want {
				t.Errorf("%s is %q now, and was %q", id, got, want)
			}
		}
	}
}

// TestADataDirectoryThatIsTakenAwayEndsTheProcess removes the directory under a standalone.
func TestADataDirectoryThatIsTakenAwayEndsTheProcess(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	all := rig.Start(t, "standalone", "--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0", "--data-dir="+dir, "--drain-timeout=1s")
	awaitAnswer(t, "http://"+all.Addr("http"))
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	rig.Eventually(t, toldWithin, func() error {
		if !all.Ended() {
			return rig.ErrNotYet
		}
		return nil
	})
	if said := "standalone: log: the data directory " + dir + " was taken away or replaced"; !strings.Contains(all.Log(), said) {
		t.Errorf("it does not say %q:\n%s", said, all.Log())
	}
}

// wayTo returns a proxy to an address, which passes everything at first.
func wayTo(t *testing.T, address string) *cut.Proxy {
	t.Helper()
	way, err := cut.Listen(address, cut.Each(cut.Plan{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(way.Close)
	return way
}

// TestNATSWhoseHostIsReplaced lets all connections to NATS die silently. New ones work.
func TestNATSWhoseHostIsReplaced(t *testing.T) {
	skip.Long(t, "each has a fault and waits out what follows; TestFaults/single has most kinds at random")
	t.Parallel()
	nats := rig.NATS(t)
	way := wayTo(t, nats.Addr().String())
	at := "--nats-url=nats://" + way.Addr()
	replica := rig.Start(t, "completion", "--listen=127.0.0.1:0", "--advisor-pace=5", at)
	edge := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+replica.Addr("grpc"), at)
	url := "http://" + edge.Addr("http")
	running := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": 60})))
	way.Swallow()
	all := api.Events(t, running.Body)
	if last := all[len(all)-1]; last.Data != "[DONE]" {
		t.Errorf("the stream ends with %s", last.Data)
	}
	awaitAnswer(t, url)
	awaitReadiness(t, replica, healedWithin, "")
	awaitReadiness(t, edge, healedWithin, "")
	wantTold(t, replica, anyTimes) // it may have found the new host before it could report trouble
	wantTold(t, edge, anyTimes)
}

// TestLimitsAreSharedAgain lets two edges' connections to NATS die silently: soon they share their counts again.
func TestLimitsAreSharedAgain(t *testing.T) {
	skip.Long(t, "each has a fault and waits out what follows; TestFaults/single has most kinds at random")
	t.Parallel()
	nats := rig.NATS(t)
	way := wayTo(t, nats.Addr().String())
	replica := rig.Start(t, "completion", "--listen=127.0.0.1:0", "--advisor-pace=5", "--nats-url="+nats.ClientURL())
	args := []string{
		"--listen=127.0.0.1:0", "--completion-addr=" + replica.Addr("grpc"), "--nats-url=nats://" + way.Addr(),
		"--auth=keys", "--auth-keys=" + rig.Keys(t, "owner"), "--stream-limit=1",
	}
	first, second := "http://"+rig.Start(t, "edge", args...).Addr("http"), "http://"+rig.Start(t, "edge", args...).Addr("http")
	way.Swallow()
	begun := time.Now()
	api.Send(t, api.Request(t, http.MethodPost, first+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": nil}), rig.Bearer("owner")))
	rig.Eventually(t, healedWithin, func() error {
		if x := api.Post(t, second, api.Body(api.Object{"max_tokens": 1}), rig.Bearer("owner")); x.Status != http.StatusTooManyRequests {
			return fmt.Errorf("%w: status %d, %s", rig.ErrNotYet, x.Status, x.Body)
		}
		return nil
	})
	t.Logf("they count together after %v", time.Since(begun).Round(time.Millisecond))
}
