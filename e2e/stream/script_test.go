package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// brokenAfter is after how many bytes a script's proxy cuts each connection: about ten events.
const brokenAfter = 5_000

// scriptTimeout bounds a script, which takes a minute on a busy machine.
const scriptTimeout = 5 * time.Minute

// results are a script's output: one line of JSON for each check, by name.
type results map[string]api.Object

// runScript runs a client in another language. Its input has the URLs of the API and of a proxy that cuts every
// connection, and the question.
func runScript(t *testing.T, dir string, command []string, more api.Object) (results, *cut.Proxy) {
	t.Helper()
	url := rig.Steady(t).URL()
	brokenURL, proxy := broken(t, url, cut.Each(cut.Plan{After: brokenAfter, WholeBlank: true}))
	input := api.Object{"base": url, "broken": brokenURL, "model": api.Model, "question": api.Question, "max_tokens": api.SomeTokens}
	maps.Copy(input, more)
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	// A client that retries for ever should be reported by name.
	ctx, cancel := context.WithTimeout(t.Context(), scriptTimeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, command[0], append(command[1:], string(text))...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%s", cmd, err, &stdout, &stderr)
	}
	all := make(results)
	for line := range strings.Lines(stdout.String()) {
		o := api.Decode(t, line)
		name, _ := o["check"].(string)
		delete(o, "check")
		all[name] = o
	}
	return all, proxy
}

// has compares the result of a check.
func (r results) has(t *testing.T, check string, want api.Object) {
	t.Helper()
	text, err := json.Marshal(want) // gives both JSON's own types
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(api.Decode(t, string(text)), r[check]); diff != "" {
		t.Errorf("%s (-want +got)\n%s", check, diff)
	}
}

// pairs are the ids and data of a completion's events, as seen by an EventSource.
func pairs(t *testing.T, id string) []any {
	t.Helper()
	var all []any
	for _, e := range api.Replay(t, rig.Steady(t).URL(), id) {
		all = append(all, []any{e.ID.String(), e.Data})
	}
	return all
}
