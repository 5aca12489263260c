package stream

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/internal/skip"
)

const cancelled = "The completion was cancelled."

// node returns the command that runs a script of e2e/node, and its directory.
func node(t *testing.T, script string) (dir string, command []string) {
	t.Helper()
	if err := installed(); err != nil {
		skip.Missing(t, "Node 20 or newer and its packages", err)
	}
	return "node", []string{"node", script}
}

// installed installs the scripts' packages once, if they are missing.
var installed = sync.OnceValue(func() error {
	version, err := exec.Command("node", "--version").Output()
	if err != nil {
		return err
	}
	var major int
	if _, err := fmt.Sscanf(string(version), "v%d.", &major); err != nil || major < 20 {
		return fmt.Errorf("node is %s", bytes.TrimSpace(version))
	}
	lock, err := os.ReadFile(filepath.Join("node", "package-lock.json"))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(lock)
	want := []byte(hex.EncodeToString(sum[:]))
	stamp := filepath.Join("node", "node_modules", ".installed")
	if got, err := os.ReadFile(stamp); err == nil && bytes.Equal(got, want) {
		return nil
	}
	npm := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	npm.Dir = "node"
	if out, err := npm.CombinedOutput(); err != nil {
		return errors.Join(err, errors.New(string(out)))
	}
	return os.WriteFile(stamp, want, 0o600)
})

// TestOpenAINode uses OpenAI's current client, and its version 4.
func TestOpenAINode(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"openai", "openai-4"} {
		t.Run(name, func(t *testing.T) {
			dir, command := node(t, "openai.mjs")
			got, proxy := runScript(t, dir, command, api.Object{"package": name})
			want := api.Whole(t, rig.Steady(t).URL()).Object()
			got.has(t, "stream", want)
			got.has(t, "whole", want)
			got.has(t, "unknown model", api.Object{
				"error": "NotFoundError", "status": http.StatusNotFound, "type": "invalid_request_error",
				"code": "model_not_found", "param": "model", "message": "404 " + noModel,
			})
			got.has(t, "cancelled", api.Object{"error": "APIError", "code": "completion_cancelled", "message": cancelled})
			got.has(t, "left", api.Object{"status": "cancelled"})
			got.has(t, "stored", api.Object{
				"text": want["text"], "metadata": []any{"cat", true}, "listed": []bool{true},
				"asked": []api.Object{{"role": "user", "content": api.Question}}, "gone": true, "error": "completion_not_found",
			})
			want["cut"] = true
			got.has(t, "cut", want)
			api.AtLeastTwo(t, proxy.Cuts())
		})
	}
}

const noModel = "The model 'gpt-4o' does not exist, or you may not use it. " +
	"GET /v1/models lists those that you may; the nearest name is 'pet-advisor-1'."

func TestAISDK(t *testing.T) {
	t.Parallel()
	dir, command := node(t, "ai.mjs")
	got, _ := runScript(t, dir, command, nil)
	want := api.Whole(t, rig.Steady(t).URL()).Object()
	got.has(t, "stream", want)
	got.has(t, "whole", want)
	got.has(t, "unknown model", api.Object{
		"error": "AI_APICallError", "status": http.StatusNotFound, "code": "model_not_found", "message": noModel,
	})
	got.has(t, "cancelled", api.Object{"message": cancelled})
	got.has(t, "left", api.Object{"status": "cancelled"})
	got.has(t, "cut", api.Object{"raised": true})
}

func TestLangChain(t *testing.T) {
	t.Parallel()
	dir, command := node(t, "langchain.mjs")
	got, _ := runScript(t, dir, command, nil)
	want := api.Whole(t, rig.Steady(t).URL()).Object()
	got.has(t, "stream", want)
	got.has(t, "whole", want)
	got.has(t, "unknown model", api.Object{
		"error": "Error", "status": http.StatusNotFound, "code": "model_not_found", "message": "404 " + noModel,
	})
	got.has(t, "cancelled", api.Object{"error": "Error", "code": "completion_cancelled", "message": cancelled})
	got.has(t, "left", api.Object{"status": "cancelled"})
	got.has(t, "cut", api.Object{"raised": true})
}

// TestEventSource follows by GET. The client reconnects by itself.
func TestEventSource(t *testing.T) {
	t.Parallel()
	dir, command := node(t, "eventsource.mjs")
	got, proxy := runScript(t, dir, command, nil)
	id, _ := got["cut"]["id"].(string)
	lost := float64(proxy.Cuts()) + 1 // the last response tells it to stop
	got.has(t, "cut", api.Object{
		"id": id, "events": pairs(t, id), "opened": lost, "lost": lost, "code": http.StatusNoContent,
	})
	api.AtLeastTwo(t, proxy.Cuts())
	got.has(t, "cancelled", api.Object{"last": cancelled, "code": http.StatusNoContent})
	got.has(t, "unknown completion", api.Object{"code": http.StatusNotFound})
	got.has(t, "left", api.Object{"before": "in_progress", "status": "cancelled"})
}

// TestFetchEventSource follows by POST. The client repeats its request, and must continue the same completion. It
// takes an event's id as soon as it has read that line, so the id comes last: only a cut at one byte would cost an
// event.
func TestFetchEventSource(t *testing.T) {
	t.Parallel()
	dir, command := node(t, "fetch-event-source.mjs")
	// An event is a little shorter than sweep.
	const sweep, together = 400, 80
	swept, proxy := broken(t, rig.Steady(t).URL(), func(connection int) cut.Plan {
		return cut.Plan{After: brokenAfter + int64(connection%sweep), WholeBlank: true}
	})
	got, other := runScript(t, dir, command, api.Object{"swept": swept, "sweep": sweep, "together": together})
	completions, _ := got["cut"]["completions"].([]any)
	if len(completions) == 0 {
		t.Fatal(got["cut"])
	}
	id, _ := completions[0].(string)
	got.has(t, "cut", api.Object{"events": pairs(t, id), "completions": slices.Repeat([]any{id}, other.Cuts()+1)})
	api.AtLeastTwo(t, other.Cuts())
	got.has(t, "cut at every byte of an event", api.Object{"equal": sweep, "other": nil})
	if proxy.Cuts() < sweep {
		t.Errorf("only %d connections were cut", proxy.Cuts())
	}
	if events, ok := got["lost after the last event"]["events"].([]any); !ok || len(events) > 0 {
		t.Errorf("after the last event: %v", got["lost after the last event"])
	}
	got.has(t, "unknown model", api.Object{"status": http.StatusNotFound, "code": "model_not_found"})
	got.has(t, "cancelled", api.Object{"last": cancelled})
	got.has(t, "left", api.Object{"status": "cancelled"})
}
