//go:build unix

package stack

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/internal/sse"
)

// readme returns the README, whose commands need a shell and curl.
func readme(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			skip.Missing(t, tool, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestREADME runs the commands under "See the promise kept" of the README, line by line, with another port.
func TestREADME(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(readme(t), "## See the promise kept\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1) {
		script.WriteString(block[1])
	}
	address := rig.FreeAddress(t)
	commands := strings.ReplaceAll(script.String(), "127.0.0.1:8080", address)
	// A reader asks once the server is ready.
	commands = strings.Replace(commands, "curl -sSN ", "curl -sSN --retry 60 --retry-connrefused ", 1) + "wait\n"

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(rig.Programs(t).Path("standalone"), filepath.Join(dir, "bin", "standalone")); err != nil {
		t.Fatal(err)
	}
	// From an earlier attempt.
	if err := os.WriteFile(filepath.Join(dir, "answer.txt"), []byte("id: chatcmpl-before.50\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "bash", "-c", commands)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = append(stack.Environment(), "PAWSTREAM_LISTEN="+address,
		"PAWSTREAM_GRPC_LISTEN=127.0.0.1:0", "PAWSTREAM_ADMIN_LISTEN=127.0.0.1:0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // including the processes that it has started
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
	api.CheckIDs(t, got)
	said := regexp.MustCompile(`# (\d+): every event\n`).FindStringSubmatch(section)
	if said == nil || !strings.HasSuffix(stdout.String(), "\n"+said[1]+"\n") {
		t.Errorf("README says %q, the commands print\n%s", said, &stdout)
	}
	if len(got) == 0 || got[len(got)-1].Data != "[DONE]" {
		t.Errorf("the answer has %d events and no end", len(got))
	}
}

// TestREADMEAsks runs the commands under "Two commands" that follow the start: it asks, resumes after an event, and
// cancels.
func TestREADMEAsks(t *testing.T) {
	t.Parallel()
	text := readme(t)
	_, commands, _ := strings.Cut(text, "```sh\nurl=")
	commands, _, _ = strings.Cut(commands, "```")
	ask, more, found := strings.Cut(strings.Replace(commands, "http://127.0.0.1:8080", rig.Fast(t).URL(), 1), "\nid=chatcmpl-…")
	follow, cancel, ended := strings.Cut(more, "\ncurl -X ")
	if !found || !ended {
		t.Fatalf("README asks\n%s", commands)
	}
	url, ask, _ := strings.Cut(ask, "\n")
	run := func(script string) string {
		out, err := exec.CommandContext(t.Context(), "bash", "-c", "set -e\nurl="+url+"\n"+script).Output()
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, script, out)
		}
		return string(out)
	}
	asked := api.Events(t, strings.NewReader(run(ask)))
	api.CheckIDs(t, asked)
	id, _, _ := strings.Cut(asked[0].ID.String(), ".")
	shown := regexp.MustCompile(`(?m)^id: chatcmpl-\w+\.(\d+)$`).FindAllStringSubmatch(text, -1)
	if last := len(shown) - 1; last < 0 || api.EventID(id, len(asked)-1) != id+"."+shown[last][1] {
		t.Errorf("README shows the events %q, and there are %d", shown, len(asked))
	}
	named := "id=" + id
	rest := api.Events(t, strings.NewReader(run(named+follow)))
	if diff := cmp.Diff(asked[51:], rest, cmp.Comparer(func(a, b sse.Event) bool { return a.ID == b.ID && a.Data == b.Data })); diff != "" {
		t.Errorf("after event 50 (-asked +rest)\n%s", diff)
	}
	if got := run(named + "\ncurl -X " + cancel); !strings.Contains(got, id) {
		t.Errorf("to the cancel it says %s", got)
	}
}
