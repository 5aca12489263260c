package e2e

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

	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// A printout takes what a program writes while it runs.
type printout struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
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

// typed returns a command of the edge's that is not run yet, and what it prints.
func typed(t *testing.T, args ...string) (cmd *exec.Cmd, stdout, stderr *printout) {
	t.Helper()
	stdout, stderr = &printout{}, &printout{}
	cmd = exec.CommandContext(t.Context(), programs(t).Path("edge"), args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = stack.Environment(), stdout, stderr
	return cmd, stdout, stderr
}

// TestAskCommand asks from the command line, over connections that are cut again and again.
func TestAskCommand(t *testing.T) {
	t.Parallel()
	want := whole(t, steady(t).URL()).Text + "\n"
	proxy, err := cut.Listen(steady(t).Edge.Addr("http"), cut.Each(cut.Plan{After: 3000}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	url := "--url=http://" + proxy.Addr()
	for name, tt := range map[string]struct {
		args  []string
		stdin string
		check func(t *testing.T, out string)
	}{
		"text":           {args: []string{question}, check: func(t *testing.T, out string) { equal(t, out, want) }},
		"standard input": {stdin: question + "\n", check: func(t *testing.T, out string) { equal(t, out, want) }},
		"raw": {args: []string{"--raw", question}, check: func(t *testing.T, out string) {
			t.Helper()
			seen := events(t, strings.NewReader(out))
			if last := seen[len(seen)-1]; last.Data != "[DONE]" || !strings.HasSuffix(last.ID.String(), "."+strconv.Itoa(len(seen)-1)) {
				t.Errorf("of %d events the last is %v", len(seen), last)
			}
		}},
		"json": {args: []string{"--json", question}, check: func(t *testing.T, out string) {
			t.Helper()
			for line := range strings.Lines(out) {
				if !json.Valid([]byte(line)) {
					t.Errorf("not JSON: %s", line)
				}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd, stdout, stderr := typed(t, append([]string{"ask", url, "--max-tokens=" + strconv.Itoa(someTokens)}, tt.args...)...)
			cmd.Stdin = strings.NewReader(tt.stdin)
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %s", err, stderr)
			}
			tt.check(t, stdout.String())
		})
	}
	t.Cleanup(func() { atLeastTwo(t, proxy.Cuts()) })
}

func equal(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("it printed\n%q\nwant\n%q", got, want)
	}
}

// TestAskInterrupted interrupts the command, which cancels the completion; another one that
// watched it is told.
func TestAskInterrupted(t *testing.T) {
	t.Parallel()
	url := steady(t).URL()
	asking, asked, stderr := typed(t, "ask", "--url="+url, "--json", question)
	if err := asking.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, func() error {
		if strings.Count(asked.String(), "\n") > 20 {
			return nil
		}
		return errNotYet
	})
	var chunk struct{ ID string }
	first, _, _ := strings.Cut(asked.String(), "\n")
	if err := json.Unmarshal([]byte(first), &chunk); err != nil {
		t.Fatal(err)
	}
	watching, watched, told := typed(t, "watch", "--url="+url, chunk.ID)
	if err := watching.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, func() error {
		if watched.String() != "" {
			return nil
		}
		return errNotYet
	})
	if err := asking.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := asking.Wait(); err == nil || !strings.Contains(stderr.String(), "cancelled") {
		t.Errorf("%v, %q; want it to fail and say that it was cancelled", err, stderr)
	}
	if err := watching.Wait(); err == nil || !strings.Contains(told.String(), cancelled) {
		t.Errorf("%v, %q; want it to fail with %q", err, told, cancelled)
	}
	var stored struct{ Status string }
	do(t, request(t, http.MethodGet, url+"/v1/chat/completions/"+chunk.ID, "")).into(t, &stored)
	if stored.Status != "cancelled" {
		t.Errorf("the completion is %q", stored.Status)
	}
}

// TestAskRefused says in one line why there is no answer.
func TestAskRefused(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		noModel:                             {"ask", "--model=nothing", question},
		"there is no question":              {"ask"},
		"nope: There is no such completion": {"watch", "nope"},
	} {
		cmd, _, stderr := typed(t, append(args, "--url="+fast(t).URL())...)
		if err := cmd.Run(); err == nil || !strings.Contains(stderr.String(), want) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%v: %v, %q; want %q", args, err, stderr, want)
		}
	}
}
