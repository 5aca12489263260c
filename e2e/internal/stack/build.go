// Package stack runs the programs for a test: it builds them, starts each as a
// process of its own, learns from its first line where it listens, watches what it
// logs, and stops it.
package stack

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

const module = "github.com/pawstream/pawstream"

// Programs are the built programs, in a directory.
type Programs string

// Build builds the programs, and more of the module's by their paths in it, with the
// race detector into dir.
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
	build := exec.CommandContext(ctx, "go", "build", race, "-pgo=off", "-o", dir+string(filepath.Separator),
		module+"/edge", module+"/services/completion", module+"/services/standalone")
	for _, path := range more {
		build.Args = append(build.Args, module+"/"+path)
	}
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	return Programs(dir), nil
}

// Path returns where the program of that name is.
func (p Programs) Path(name string) string { return filepath.Join(string(p), name) }
