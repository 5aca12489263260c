package resume

import (
	"crypto/rand"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/internal/sse"
	"github.com/pawstream/pawstream/internal/wait"
)

// before builds the programs from before the last change of the contract's requests.
func before(t *testing.T) stack.Programs {
	t.Helper()
	const root, requests = "../..", "proto/petstore/completion/v1/"
	git := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = root
		return cmd
	}
	out, err := git("log", "-1", "--format=%H", "--", requests+"params.proto", requests+"message.proto").Output()
	commit := strings.TrimSpace(string(out)) + "^"
	dir := t.TempDir()
	if err == nil {
		err = git("archive", "-o", filepath.Join(dir, "before.tar"), commit).Run()
	}
	if err != nil {
		skip.Missing(t, "the contract's history in git", err)
	}
	for _, cmd := range []*exec.Cmd{
		exec.CommandContext(t.Context(), "tar", "-xf", "before.tar"),
		exec.CommandContext(t.Context(), "go", "build", "-race", "-trimpath", "-pgo=off", "-buildvcs=false", "-o", "built"+string(filepath.Separator), "./services/completion", "./edge"),
	} {
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd, err, out)
		}
	}
	return stack.Programs(filepath.Join(dir, "built"))
}

// TestAcrossVersions runs two versions side by side.
func TestAcrossVersions(t *testing.T) {
	skip.Long(t, "it compiles the programs of an earlier commit")
	t.Parallel()
	older := before(t)
	t.Run("a key", func(t *testing.T) { keyAcrossVersions(t, older) })
	t.Run("a roll", func(t *testing.T) { rollAcrossVersions(t, older) })
}

// keyAcrossVersions repeats a key in the middle of a deploy: only one service knows the newest fields. Whichever
// created the completion, the other one attaches to it, and both detect a different request.
func keyAcrossVersions(t *testing.T, before stack.Programs) {
	args := []string{"--listen=127.0.0.1:0", "--nats-url=" + rig.NATS(t).ClientURL()}
	older, newer := rig.Launch(t, before, "completion", args...), rig.Start(t, "completion", args...)
	var urls []string
	for _, service := range []*stack.Process{older, newer} {
		edge := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+service.Addr("grpc"))
		urls = append(urls, "http://"+edge.Addr("http"))
	}
	for name, members := range map[string]api.Object{
		"a question":             nil,
		"what both know":         {"seed": 7, "stop": []string{"zebra"}, "metadata": api.Object{"b": "2", "a": "1"}, "user": "somebody"},
		"what the newer has new": {"functions": []api.Object{{"name": "f"}}, "function_call": "auto"},
	} {
		for i, first := range urls {
			key, second := "Idempotency-Key: "+rand.Text(), urls[1-i]
			created := api.Record(t, first, members, key)
			if attached := api.Record(t, second, members, key); attached.ID != created.ID || attached.Raw != created.Raw {
				t.Errorf("%s, created by service %d: %s, and by the other one\n%s", name, i, created.Raw, attached.Raw)
			}
			other := api.Refused(t, api.Post(t, second, api.Streamed(api.Object{"max_tokens": 3}), key))
			if want := api.Bad(http.StatusConflict, "idempotency_conflict", ""); other != want {
				t.Errorf("%s, another request: %+v", name, other)
			}
		}
	}
}

// rollAcrossVersions replaces the older version process by process, while clients ask one question after the other,
// each with a key and at any edge. No client loses an event, and no key conflicts.
func rollAcrossVersions(t *testing.T, before stack.Programs) {
	nats := "--nats-url=" + rig.NATS(t).ClientURL()
	services := []string{rig.FreeAddress(t), rig.FreeAddress(t)}
	edges := []string{rig.FreeAddress(t), rig.FreeAddress(t)}
	start := func(version stack.Programs, program, address string) *stack.Process {
		arg := "--completion-addr=" + strings.Join(services, ",")
		if program == "completion" {
			arg = "--advisor-pace=20"
		}
		return rig.Launch(t, version, program, "--listen="+address, nats, arg)
	}
	type running struct {
		program, address string
		process          *stack.Process
	}
	var all []running
	for _, address := range services {
		all = append(all, running{"completion", address, start(before, "completion", address)})
	}
	for _, address := range edges {
		all = append(all, running{"edge", address, start(before, "edge", address)})
	}

	const askers = 6
	rolled := make(chan struct{})
	answers := make([][]*api.Follower, askers)
	var asking sync.WaitGroup
	for i := range askers {
		asking.Go(func() {
			for n, over := 0, false; !over; n++ {
				select {
				case <-rolled:
					over = true // one more round, with the newer version alone
				default:
				}
				answers[i] = append(answers[i], askAnywhere(t, edges[(i+n)%2:], edges[:(i+n)%2]))
			}
		})
	}
	for _, p := range all {
		if err := p.process.Stop(); err != nil {
			t.Error(err)
		}
		start(rig.Programs(t), p.program, p.address)
	}
	close(rolled)
	asking.Wait()

	for _, f := range slices.Concat(answers...) {
		if len(f.Got) == 0 {
			continue // reported above
		}
		text := api.Joined(t, f.Got).Text
		id, _, _ := strings.Cut(f.Got[0].ID.String(), ".")
		if diff := cmp.Diff(f.Got, api.Replay(t, "http://"+edges[0], id), api.CmpEvents); diff != "" || text == "" {
			t.Errorf("read again (-before +after)\n%s", diff)
		}
	}
	t.Logf("%d answers", len(slices.Concat(answers...)))
}

// askAnywhere asks with a new key, at the first edge that accepts, and reads the whole answer, from another edge if
// one breaks off.
func askAnywhere(t *testing.T, edges ...[]string) *api.Follower {
	f := &api.Follower{T: t}
	order := slices.Concat(edges...)
	key := "Idempotency-Key: " + rand.Text()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); order = append(order[1:], order[0]) {
		_ = wait.For(t.Context(), 20*time.Millisecond)
		url := "http://" + order[0] + "/v1/chat/completions"
		req := api.Request(t, http.MethodPost, url, api.Streamed(api.Object{"max_tokens": 40}), key)
		if n := len(f.Got); n > 0 {
			last := f.Got[n-1].ID.String()
			id, _, _ := strings.Cut(last, ".")
			req = api.Request(t, http.MethodGet, url+"/"+id, "", "Accept: text/event-stream", "Last-Event-ID: "+last)
		}
		resp, err := api.Plain.Do(req)
		if err != nil {
			continue // it is down
		}
		switch resp.StatusCode {
		case http.StatusOK:
			if f.Read(sse.NewDecoder(resp.Body), 0) {
				_ = resp.Body.Close()
				return f
			}
		case http.StatusServiceUnavailable: // it is draining
		default:
			t.Errorf("%s %s: status %d", req.Method, req.URL, resp.StatusCode)
		}
		_ = resp.Body.Close()
	}
	t.Errorf("no whole answer in a minute: %d events", len(f.Got))
	f.Got = nil
	return f
}
