package e2e

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

	"github.com/pawstream/pawstream/e2e/internal/cut"
)

// brokenAfter is how many bytes each connection of a script's proxy lasts: about ten
// events.
const brokenAfter = 5_000

// scriptTimeout bounds a script, which takes a minute on a busy machine.
const scriptTimeout = 5 * time.Minute

// results are what a script has printed: one line of JSON for each check, by its name.
type results map[string]object

// runScript runs a client in another language. It is told where the API is, where it
// is by way of a proxy that cuts every connection, and what to ask.
func runScript(t *testing.T, dir string, command []string, more object) (results, *cut.Proxy) {
	t.Helper()
	url := steady(t).URL()
	brokenURL, proxy := broken(t, url, cut.Each(cut.Plan{After: brokenAfter, WholeBlank: true}))
	input := object{"base": url, "broken": brokenURL, "model": model, "question": question, "max_tokens": someTokens}
	maps.Copy(input, more)
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	// A client that never ends, because it tries again for ever, is to be told by its name.
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
		o := decode(t, line)
		name, _ := o["check"].(string)
		delete(o, "check")
		all[name] = o
	}
	return all, proxy
}

// has compares the result of a check.
func (r results) has(t *testing.T, check string, want object) {
	t.Helper()
	text, err := json.Marshal(want) // both the same way to JSON's own types
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decode(t, string(text)), r[check]); diff != "" {
		t.Errorf("%s (-want +got)\n%s", check, diff)
	}
}

func (a answer) object() object {
	return object{"text": a.Text, "finish_reason": a.FinishReason, "usage": a.Usage}
}

// pairs are the ids and data of a completion's events, as an EventSource shows them.
func pairs(t *testing.T, id string) []any {
	t.Helper()
	var all []any
	for _, e := range replay(t, steady(t).URL(), id) {
		all = append(all, []any{e.ID.String(), e.Data})
	}
	return all
}
