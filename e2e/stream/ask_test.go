package stream

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// A printout collects a program's output while it runs.
type printout struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (p *printout) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *printout) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// typed returns a program's command, not started yet, and its output.
func typed(t *testing.T, program string, args ...string) (cmd *exec.Cmd, stdout, stderr *printout) {
	t.Helper()
	stdout, stderr = &printout{}, &printout{}
	cmd = exec.CommandContext(t.Context(), rig.Programs(t).Path(program), args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = stack.Environment(), stdout, stderr
	return cmd, stdout, stderr
}

// replayed returns the bytes of a completion's stream from its start.
func replayed(t *testing.T, url, id string) string {
	t.Helper()
	path := "/v1/chat/completions/"
	if strings.HasPrefix(id, "resp_") {
		path = "/v1/responses/"
	}
	x := api.Do(t, api.Request(t, http.MethodGet, url+path+id+"?stream=true", ""))
	if x.Status != http.StatusOK {
		t.Fatalf("status %d, %s", x.Status, x.Body)
	}
	return string(x.Body)
}

// TestAskCommand asks with the command of both programs, over stable connections and over ones that are cut
// repeatedly. It compares the output with the answer and with the bytes on the wire.
func TestAskCommand(t *testing.T) {
	t.Parallel()
	text := api.Whole(t, rig.Steady(t).URL()).Text + "\n"
	proxy, err := cut.Listen(rig.Steady(t).Edge.Addr("http"), cut.Each(cut.Plan{After: 3000}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	const retry = "retry: 1000\n"
	for _, way := range []struct {
		program, url string
		cut          bool
	}{
		{"standalone", rig.Steady(t).URL(), false},
		{"edge", "http://" + proxy.Addr(), true},
	} {
		for name, tt := range map[string]struct {
			args  []string
			stdin string
			check func(t *testing.T, out string)
		}{
			"text":           {args: []string{api.Question}, check: func(t *testing.T, out string) { equal(t, out, text) }},
			"standard input": {stdin: api.Question + "\n", check: func(t *testing.T, out string) { equal(t, out, text) }},
			"raw": {args: []string{"--raw", api.Question}, check: func(t *testing.T, out string) {
				t.Helper()
				first, _, _ := strings.Cut(api.Events(t, strings.NewReader(out))[0].ID.String(), ".")
				want := replayed(t, rig.Steady(t).URL(), first)
				if way.cut { // each connection repeats it
					if strings.Count(out, retry) < 3 {
						t.Errorf("there are few reconnections in\n%s", out)
					}
					out, want = strings.ReplaceAll(out, retry, ""), strings.ReplaceAll(want, retry, "")
				}
				equal(t, out, want)
			}},
			"json": {args: []string{"--json", api.Question}, check: func(t *testing.T, out string) {
				t.Helper()
				first, _, _ := strings.Cut(out, "\n")
				var chunk struct{ ID string }
				if err := json.Unmarshal([]byte(first), &chunk); err != nil {
					t.Fatal(err)
				}
				var want strings.Builder
				for _, event := range api.Events(t, strings.NewReader(replayed(t, rig.Steady(t).URL(), chunk.ID))) {
					if event.Data != "[DONE]" {
						want.WriteString(event.Data + "\n")
					}
				}
				equal(t, out, want.String())
			}},
		} {
			t.Run(way.program+" "+name, func(t *testing.T) {
				t.Parallel()
				cmd, stdout, stderr := typed(t, way.program, append([]string{"ask", "--url=" + way.url, "--max-tokens=" + strconv.Itoa(api.SomeTokens)}, tt.args...)...)
				cmd.Stdin = strings.NewReader(tt.stdin)
				if err := cmd.Run(); err != nil || stderr.String() != "" {
					t.Fatalf("%v: %s", err, stderr)
				}
				tt.check(t, stdout.String())
			})
		}
	}
	t.Cleanup(func() { api.AtLeastTwo(t, proxy.Cuts()) })
}

// TestWatchCommand follows a completion created over HTTP, with the same key and with another one.
func TestWatchCommand(t *testing.T) {
	t.Parallel()
	url := rig.Edge(t, rig.Steady(t), "--auth=keys", "--auth-keys="+rig.Keys(t, "owner", "friend, principal: owner", "stranger"))
	asked := api.Post(t, url, api.Body(api.Object{"max_tokens": api.SomeTokens, "stream": true}), rig.Bearer("owner"))
	id := asked.Header.Get("X-Completion-Id")
	watch := func(program, key string) (stdout, stderr string, exit int) {
		cmd, out, told := typed(t, program, "watch", "--url="+url, id)
		if program == "edge" {
			cmd.Args = append(cmd.Args, "--key-file="+rig.SecretFile(t, key+"-key\n"))
		} else {
			cmd.Env = append(cmd.Env, "PAWSTREAM_API_KEY="+key+"-key")
		}
		_ = cmd.Run()
		return out.String(), told.String(), cmd.ProcessState.ExitCode()
	}
	want := api.Whole(t, rig.Steady(t).URL()).Text + "\n"
	for _, program := range []string{"edge", "standalone"} {
		if out, told, exit := watch(program, "friend"); out != want || told != "" || exit != 0 {
			t.Errorf("%s: exit code %d, %q and %q, want\n%q", program, exit, out, told, want)
		}
		told := program + ": " + id + ": There is no such completion"
		if out, err, exit := watch(program, "stranger"); out != "" || !strings.HasPrefix(err, told) || exit != 1 {
			t.Errorf("%s: exit code %d, %q and %q, want %q", program, exit, out, err, told)
		}
	}
}

func equal(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("it printed\n%q\nwant\n%q", got, want)
	}
}

// TestAskInterrupted interrupts the command, which cancels the completion. A watcher of it is informed.
func TestAskInterrupted(t *testing.T) {
	t.Parallel()
	url := rig.Steady(t).URL()
	asking, asked, stderr := typed(t, "edge", "ask", "--url="+url, "--json", api.Question)
	if err := asking.Start(); err != nil {
		t.Fatal(err)
	}
	rig.Eventually(t, 20*time.Second, func() error {
		if strings.Count(asked.String(), "\n") > 20 {
			return nil
		}
		return rig.ErrNotYet
	})
	var chunk struct{ ID string }
	first, _, _ := strings.Cut(asked.String(), "\n")
	if err := json.Unmarshal([]byte(first), &chunk); err != nil {
		t.Fatal(err)
	}
	watching, watched, told := typed(t, "edge", "watch", "--url="+url, chunk.ID)
	if err := watching.Start(); err != nil {
		t.Fatal(err)
	}
	rig.Eventually(t, 20*time.Second, func() error {
		if watched.String() != "" {
			return nil
		}
		return rig.ErrNotYet
	})
	if err := asking.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = asking.Wait()
	if exit := asking.ProcessState.ExitCode(); exit != 130 || stderr.String() != "edge: interrupted, and cancelled\n" {
		t.Errorf("exit code %d, %q", exit, stderr)
	}
	if err := watching.Wait(); err == nil || !strings.Contains(told.String(), cancelled) {
		t.Errorf("%v, %q; want it to fail with %q", err, told, cancelled)
	}
	var stored struct{ Status string }
	api.Do(t, api.Request(t, http.MethodGet, url+"/v1/chat/completions/"+chunk.ID, "")).Into(t, &stored)
	if stored.Status != "cancelled" {
		t.Errorf("the completion is %q", stored.Status)
	}
}

// TestAskRefused checks that one line says why there is no answer.
func TestAskRefused(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"The model 'nothing' does not exist": {"ask", "--model=nothing", api.Question},
		"there is no question":               {"ask"},
		"'nope' is not a completion id":      {"watch", "nope"},
	} {
		cmd, _, stderr := typed(t, "edge", append(args, "--url="+rig.Fast(t).URL())...)
		_ = cmd.Run()
		if exit := cmd.ProcessState.ExitCode(); exit != 1 || !strings.Contains(stderr.String(), want) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%v: exit code %d, %q; want %q", args, exit, stderr, want)
		}
	}
}

// TestAskResponses asks and follows with the Responses API, over connections that are cut repeatedly. The output
// equals that of the other API, and the frames those that the edge replays.
func TestAskResponses(t *testing.T) {
	t.Parallel()
	text := api.Whole(t, rig.Steady(t).URL()).Text + "\n"
	proxy, err := cut.Listen(rig.Steady(t).Edge.Addr("http"), cut.Each(cut.Plan{After: 6000}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	run := func(t *testing.T, args ...string) string {
		t.Helper()
		cmd, stdout, stderr := typed(t, "edge", append(args, "--url=http://"+proxy.Addr())...)
		if err := cmd.Run(); err != nil || stderr.String() != "" {
			t.Fatalf("%v: %s", err, stderr)
		}
		return stdout.String()
	}
	ask := []string{"ask", "--api=responses", "--max-tokens=" + strconv.Itoa(api.SomeTokens), api.Question}
	t.Run("text", func(t *testing.T) {
		t.Parallel()
		equal(t, run(t, ask...), text)
	})
	t.Run("raw", func(t *testing.T) {
		t.Parallel()
		out := run(t, append(ask, "--raw")...)
		var begun struct{ Response struct{ ID string } }
		if err := json.Unmarshal([]byte(api.Events(t, strings.NewReader(out))[0].Data), &begun); err != nil {
			t.Fatal(err)
		}
		equal(t, out, replayed(t, rig.Steady(t).URL(), begun.Response.ID))
	})
	t.Run("watch", func(t *testing.T) {
		t.Parallel()
		body := api.JSONOf(api.Object{"model": api.Model, "input": api.Question, "stream": true, "max_output_tokens": api.SomeTokens})
		asked := api.Do(t, api.Request(t, http.MethodPost, rig.Steady(t).URL()+"/v1/responses", body))
		id := asked.Header.Get("X-Completion-Id")
		equal(t, run(t, "watch", id), text)
		equal(t, run(t, "watch", strings.Replace(id, "resp_", "chatcmpl-", 1)), text)
	})
	t.Cleanup(func() { api.AtLeastTwo(t, proxy.Cuts()) })
}
