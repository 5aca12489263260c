package stack

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/internal/sse"
)

// TestBackup makes a backup and restores it, with the commands of docs/backup.md and NATS's own tool.
func TestBackup(t *testing.T) {
	skip.Long(t, "NATS's own tool, which it needs, is large to compile")
	t.Parallel()
	tool, err := natsTool()
	if err != nil {
		skip.Missing(t, "nats, which `go -C .ci/natscli build -o $PWD/.cache/bin/nats github.com/nats-io/natscli/nats` makes", err)
	}
	steps := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(repositoryFile(t, "docs", "backup.md")), -1)
	if len(steps) != 2 {
		t.Fatalf("%d scripts", len(steps))
	}
	nats := rig.NATS(t).ClientURL()
	dir := t.TempDir()
	do := func(script string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "sh", "-ec", script)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "NATS_URL="+nats, "HOME="+dir, "XDG_CONFIG_HOME="+dir, "PATH="+filepath.Dir(tool)+":"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
	}
	service := func() []string {
		return []string{"--listen=127.0.0.1:0", "--advisor-pace=4", "--drain-timeout=1s", "--nats-url=" + nats, "--log-witness=" + filepath.Join(dir, "witness")}
	}
	before := rig.Start(t, "completion", service()...)
	edge := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+before.Addr("grpc"))
	url := "http://" + edge.Addr("http")
	old := api.Record(t, url, api.Object{"max_tokens": 8})
	unfinished := &api.Follower{T: t}
	unfinished.Read(unfinished.Ask(url), 3)
	id := api.CompletionOf(unfinished.Got[0])
	do(steps[0][1])
	late := api.Record(t, url, api.Object{"max_tokens": 5})
	if err := before.Stop(); err != nil {
		t.Fatal(err)
	}
	do(steps[1][1])
	after := rig.Start(t, "completion", service()...)
	second := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+after.Addr("grpc"))
	url = "http://" + second.Addr("http")
	rig.Eventually(t, 30*time.Second, func() error {
		if x := api.Get(t, url, "/v1/chat/completions/"+late.ID); x.Status != http.StatusNotFound {
			return fmt.Errorf("%w: what began after the backup: %d", rig.ErrNotYet, x.Status)
		}
		return nil
	})
	if diff := cmp.Diff(data(old.Events), data(api.Replay(t, url, old.ID))); diff != "" {
		t.Errorf("what had ended before the backup (-was +is):\n%s", diff)
	}
	events := api.Replay(t, url, id)
	if problem := api.Failure(events[len(events)-1]); problem == nil || problem.Code == nil || *problem.Code != "completion_interrupted" {
		t.Errorf("what the backup holds unfinished ends with %s", events[len(events)-1].Data)
	}
	api.Record(t, url, api.Object{"max_tokens": 5})
	if err := after.Stop(); err == nil || !strings.Contains(err.Error(), "was restored from a backup") {
		t.Errorf("operators are not told: %v", err) // an error would be in its log at the end
	}
}

// data returns the ids and data of events.
func data(events []sse.Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, e.ID.String()+" "+e.Data)
	}
	return all
}

// natsTool returns the path of NATS's tool.
func natsTool() (string, error) {
	built, err := filepath.Abs(filepath.Join(root, ".cache", "bin", "nats"))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(built); err == nil {
		return built, nil
	}
	found, err := exec.LookPath("nats")
	return strings.TrimSpace(found), err
}
