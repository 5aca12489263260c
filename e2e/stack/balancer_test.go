package stack

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/internal/sse"
)

// ports returns ports that are free on all these hosts.
func ports(t *testing.T, n int, hosts ...string) []string {
	t.Helper()
	var found []string
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close()
		}
	}()
search:
	for range 100 {
		port := "0"
		for _, host := range hosts {
			l, err := net.Listen("tcp", net.JoinHostPort(host, port))
			if err != nil {
				continue search
			}
			held = append(held, l)
			_, port, _ = net.SplitHostPort(l.Addr().String())
		}
		if found = append(found, port); len(found) == n {
			return found
		}
	}
	t.Fatalf("no port is free on %v", hosts)
	return nil
}

// TestBalancer runs the real Caddy with docker-compose.yml's configuration, in front of two edges.
func TestBalancer(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("caddy")
	if err != nil {
		skip.Missing(t, "caddy", err)
	}
	hosts := []string{"127.0.0.2", "127.0.0.3"}
	free := ports(t, 3, "127.0.0.1", hosts[0], hosts[1])
	edges := make([]*stack.Process, len(hosts))
	for i, host := range hosts {
		edges[i] = rig.Start(t, "edge", "--listen="+host+":"+free[0], "--admin-listen="+host+":"+free[1],
			"--completion-addr="+rig.Steady(t).Completion.Addr("grpc"), "--drain-timeout=10s", "--insecure-public", "--host=shop.example")
	}
	config, err := filepath.Abs(filepath.Join(root, "deploy", "Caddyfile"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	caddy := exec.Command(path, "run", "--config", config, "--adapter", "caddyfile")
	caddy.Dir, caddy.Stdout, caddy.Stderr = dir, log, log
	caddy.Env = append(os.Environ(), "PAWSTREAM_HOST=shop.example", "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir,
		"BALANCER_PORT="+free[2], "EDGE_ADMIN_PORT="+free[1],
		fmt.Sprintf("EDGES=%s:%s %s:%s", hosts[0], free[0], hosts[1], free[0]))
	balancer, err := stack.Run(caddy)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(balancer.Kill)
	url := "http://127.0.0.1:" + free[2]
	asked := func() error {
		resp, err := api.Plain.Do(api.Request(t, http.MethodGet, url+"/v1/models", ""))
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d", resp.StatusCode)
		}
		return nil
	}
	rig.Eventually(t, 30*time.Second, asked)

	t.Run("pages of elsewhere", func(t *testing.T) {
		for host, want := range map[string]int{
			"localhost": http.StatusOK, "LOCALHOST:8080": http.StatusOK, "[::1]:8080": http.StatusOK, "shop.example": http.StatusOK,
			"pets.example": http.StatusMisdirectedRequest, "pets.example:" + free[2]: http.StatusMisdirectedRequest, "localhost.pets.example": http.StatusMisdirectedRequest,
		} {
			for _, path := range []string{"/v1/models", "/", "/docs"} {
				req := api.Request(t, http.MethodGet, url+path, "")
				req.Host = host
				if x := api.Do(t, req); x.Status != want {
					t.Errorf("%s, called %s: status %d, want %d", path, host, x.Status, want)
				}
			}
		}
	})
	t.Run("events come one by one", func(t *testing.T) {
		begun := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(nil)))
		d := sse.NewDecoder(begun.Body)
		first, err := d.Next()
		if err != nil {
			t.Fatal(err)
		}
		early := time.Now()
		got := []sse.Event{first}
		for e, err := range d.Events() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		if took := time.Since(early); took < 200*time.Millisecond {
			t.Errorf("%d events came within %v", len(got), took)
		}
		if diff := cmp.Diff(api.Replay(t, rig.Steady(t).URL(), api.CompletionOf(first)), got, api.CmpEvents); diff != "" {
			t.Errorf("(-direct +through the balancer)\n%s", diff)
		}
	})
	t.Run("an edge stops", func(t *testing.T) {
		running := make([]*http.Response, 4) // on both edges
		for i := range running {
			running[i] = api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(nil)))
		}
		if err := edges[0].Signal(); err != nil {
			t.Fatal(err)
		}
		for range 20 { // retries on request, like SDKs
			rig.Eventually(t, 10*time.Second, asked)
		}
		for _, resp := range running {
			if all := api.Events(t, resp.Body); all[len(all)-1].Data != "[DONE]" {
				t.Errorf("a running stream ends with %s", all[len(all)-1].Data)
			}
		}
		if err := edges[0].Wait(); err != nil {
			t.Error(err)
		}
		for range 10 {
			if err := asked(); err != nil {
				t.Errorf("with the other edge alone: %v", err)
			}
		}
	})
	t.Run("an edge dies", func(t *testing.T) {
		edges[1].Kill()
		if err := asked(); err == nil {
			t.Error("nobody is left, and it answers")
		}
		rig.Start(t, "edge", "--listen="+hosts[0]+":"+free[0], "--admin-listen="+hosts[0]+":"+free[1],
			"--completion-addr="+rig.Steady(t).Completion.Addr("grpc"))
		rig.Eventually(t, 10*time.Second, asked)
	})
	if text, err := os.ReadFile(log.Name()); err != nil || strings.Contains(string(text), "panic") {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestBalancerStarts checks that Caddy accepts the Caddyfile with any PAWSTREAM_HOST: none, one of its own names, or
// another one. Caddy rejects duplicate names.
func TestBalancerStarts(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("caddy")
	if err != nil {
		skip.Missing(t, "caddy", err)
	}
	for _, name := range []string{"", "localhost", "127.0.0.1", "shop.example"} {
		validate := exec.Command(path, "validate", "--config", filepath.Join(root, "deploy", "Caddyfile"), "--adapter", "caddyfile")
		dir := t.TempDir()
		validate.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
		if name != "" {
			validate.Env = append(validate.Env, "PAWSTREAM_HOST="+name)
		}
		if out, err := validate.CombinedOutput(); err != nil {
			t.Errorf("PAWSTREAM_HOST=%s: %v\n%s", name, err, out)
		}
	}
}
