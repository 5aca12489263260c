// Package stack runs the programs for a test: it builds them, starts each as a process, reads its addresses
// from its first line, watches its log, and stops it.
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

// reading returns packages that process text in one goroutine. The race detector finds nothing in them, but
// doubles the start time of a completion service, and the tests start many. Their concurrent users are built
// with the detector.
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

// Programs is the directory of the built programs.
type Programs string

// Build builds the programs into dir, and the packages in more, by their paths in the module. It uses the race
// detector, except for packages that only read.
func Build(ctx context.Context, dir string, more ...string) (Programs, error) {
	return buildWith(ctx, "-race", dir, more)
}

// BuildFast is [Build] without the race detector, for measurements.
func BuildFast(ctx context.Context, dir string, more ...string) (Programs, error) {
	return buildWith(ctx, "-race=false", dir, more)
}

// buildWith ignores default.pgo, because with it every dependency would be compiled again for each program.
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

// keptPrograms returns the directory with the last build, for the tests of the next package, or "" if it cannot
// be used.
func keptPrograms(race string) string {
	mod, err := exec.Command("go", "env", "GOMOD").Output() //nolint:noctx // it only reads files
	if err != nil {
		return ""
	}
	dir := filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), ".cache", "e2e", strings.Trim(race, "-"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return ""
	}
	return dir
}

// share hard-links programs of one directory into another. The go command keeps the current ones, and links the
// others anew, always into a new file. Without hard links, the only loss is time.
func share(from, to string, names []string) {
	if from == "" || to == "" {
		return
	}
	for _, name := range names {
		next := filepath.Join(to, fmt.Sprintf("%s.%d", name, os.Getpid()))
		if os.Link(filepath.Join(from, name), next) == nil {
			_ = os.Rename(next, filepath.Join(to, name))
			_ = os.Remove(next) // rename does nothing if both are the same file already
		}
	}
}

// Path returns the path of a program.
func (p Programs) Path(name string) string { return filepath.Join(string(p), name) }
