package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestKnownFaults runs the script's look for known vulnerabilities, over one small package: with a database that has a
// made-up one of what the package calls, with an empty database, and with none that can be reached.
func TestKnownFaults(t *testing.T) {
	const entry = `{"schema_version":"1.3.1","id":"GO-2000-0001","modified":"2000-01-01T00:00:00Z","published":"2000-01-01T00:00:00Z","details":"made up",` +
		`"affected":[{"package":{"name":"stdlib","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],` +
		`"ecosystem_specific":{"imports":[{"path":"bytes"}]}}]}`
	const module = `[{"path":"stdlib","vulns":[{"id":"GO-2000-0001","modified":"2000-01-01T00:00:00Z"}]}]`
	cache := t.TempDir()
	for _, test := range []struct {
		name  string
		files map[string]string // of the database; nil: there is none
		fails bool
		says  string
	}{
		{"a known one", map[string]string{"index/modules.json": module, "ID/GO-2000-0001.json": entry}, true, "GO-2000-0001"},
		{"none", map[string]string{"index/modules.json": "[]"}, false, "No vulnerabilities found"},
		{"no database", nil, false, "NOT CHECKED"},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := []string{"HTTPS_PROXY=http://127.0.0.1:1", "GOVULNDB="}
			if test.files != nil {
				dir := t.TempDir()
				test.files["index/db.json"] = `{"modified":"2000-01-01T00:00:00Z"}`
				for name, text := range test.files {
					write(t, filepath.Join(dir, name), text)
				}
				env = []string{"GOVULNDB=file://" + dir}
			}
			out, err := knownFaults(t.Context(), t, cache, env)
			if (err != nil) != test.fails || !strings.Contains(out, test.says) {
				t.Errorf("%v, want failure: %v, and %q:\n%s", err, test.fails, test.says, out)
			}
		})
	}
}

// knownFaults runs the function of that name in one package instead of all.
func knownFaults(ctx context.Context, t *testing.T, cache string, env []string) (string, error) {
	t.Helper()
	script, err := os.ReadFile("../run")
	if err != nil {
		t.Fatal(err)
	}
	function := regexp.MustCompile(`(?s)\nknown_faults\(\) \{\n.*?\n\}\n`).FindString(string(script))
	if !strings.Contains(function, "./...") {
		t.Fatalf("the script has %q", function)
	}
	function = strings.Replace(function, "./...", "./internal/oneline", 1)
	cmd := exec.CommandContext(ctx, "bash", "-c", "set -euo pipefail\ncache=$1\n"+function+"known_faults", "known_faults", cache)
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
