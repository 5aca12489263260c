// Package stack runs the programs for a test: it builds them, starts each as a
// process of its own, learns from its first line where it listens, watches what it
// logs, and stops it.
package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const module = "github.com/pawstream/pawstream"

// reading returns the packages that read text in one goroutine. The race detector finds nothing in them, and doubles
// what a completion service takes to begin: these tests begin many. What uses them concurrently is built with it.
func reading() []string {
	return []string{
		"services/completion/internal/advisor/compose",
		"services/completion/internal/advisor/plan",
		"services/completion/internal/advisor/triage",
		"services/completion/internal/catalogue",
		"services/completion/internal/ground",
		"services/completion/internal/words",
	}
}

// Programs are the built programs, in a directory.
type Programs string

// Build builds the programs, and more of the module's by their paths in it, into dir: with the
// race detector, but for what only reads.
func Build(ctx context.Context, dir string, more ...string) (Programs, error) {
	return buildWith(ctx, "-race", dir, more)
}

// BuildFast is Build without the race detector: for figures.
func BuildFast(ctx context.Context, dir string, more ...string) (Programs, error) {
	return buildWith(ctx, "-race=false", dir, more)
}

// buildWith leaves default.pgo alone, for which every dependency would be compiled once
// more for each program.
func buildWith(ctx context.Context, race, dir string, more []string) (Programs, error) {
	paths := append([]string{"edge", "services/completion", "services/standalone"}, more...)
	build := exec.CommandContext(ctx, "go", "build", race, "-pgo=off", "-o", dir+string(filepath.Separator))
	if race == "-race" {
		for _, name := range reading() {
			build.Args = append(build.Args, "-gcflags="+module+"/"+name+"=-race=false")
		}
	}
	var names []string
	for _, path := range paths {
		build.Args = append(build.Args, module+"/"+path)
		names = append(names, filepath.Base(path))
	}
	kept := keptPrograms(race)
	share(kept, dir, names)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	share(dir, kept, names)
	return Programs(dir), nil
}

// keptPrograms returns the directory that keeps what was built last, for the next package's
// tests; "": there is none.
func keptPrograms(race string) string {
	mod, err := exec.Command("go", "env", "GOMOD").Output() //nolint:noctx // it looks at files alone
	if err != nil {
		return ""
	}
	dir := filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), ".cache", "e2e", strings.Trim(race, "-"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return ""
	}
	return dir
}

// share has programs of one directory be in another one too. The go command sees which of
// them are current, and links the others anew: under the same name, but never in the same
// file. Where no hard link can be made it links them all, and only time is lost.
func share(from, to string, names []string) {
	if from == "" || to == "" {
		return
	}
	for _, name := range names {
		next := filepath.Join(to, fmt.Sprintf("%s.%d", name, os.Getpid()))
		if os.Link(filepath.Join(from, name), next) == nil {
			_ = os.Rename(next, filepath.Join(to, name))
			_ = os.Remove(next) // it is still there if both were one file already
		}
	}
}

// Path returns where the program of that name is.
func (p Programs) Path(name string) string { return filepath.Join(string(p), name) }
