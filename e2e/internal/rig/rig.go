// Package rig runs the programs for the tests of one package: it builds them once, starts
// the stacks that several tests share, and waits for what a test waits for.
package rig

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// SteadyPace is how many tokens per second answers of the steady stack have: a short
// answer takes a second, a whole one is far from its end when a test cancels it.
const SteadyPace = 40

var withoutRace = flag.Bool("fast", false, "build the programs without the race detector: for figures")

// What the tests share, each made by the first test that asks for it.
var (
	binaries     = sync.OnceValues(buildUsual)
	fastBinaries = sync.OnceValues(func() (stack.Programs, error) { return build(stack.BuildFast) })
	fastStack    = shared(stack.Options{})
	steadyStack  = shared(stack.Options{Pace: SteadyPace})
	atEnd        []func() error
	atEndGuarded sync.Mutex
)

// Main runs a package's tests, ends what they have shared, and returns the exit code.
func Main(m *testing.M) int {
	code := m.Run()
	for _, stop := range slices.Backward(atEnd) {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, "FAIL after the tests:", err)
			code = max(code, 1)
		}
	}
	return code
}

// finally has stop called after the last test, and before what was to be called until now:
// a process ends before the directory it works in is removed.
func finally(stop func() error) {
	atEndGuarded.Lock()
	defer atEndGuarded.Unlock()
	atEnd = append(atEnd, stop)
}

// fast reports whether the programs are built without the race detector, which takes most of their time: in a short run, and for figures.
func fast() bool { return *withoutRace || testing.Short() }

// Race returns the flag by which programs are built with the race detector, or without it.
func Race() string {
	if fast() {
		return "-race=false"
	}
	return "-race"
}

// Compile builds the programs, and more of the module's, into dir, with the race detector if the run has it.
func Compile(ctx context.Context, dir string, more ...string) (stack.Programs, error) {
	if fast() {
		return stack.BuildFast(ctx, dir, more...)
	}
	return stack.Build(ctx, dir, more...)
}

func buildUsual() (stack.Programs, error) {
	if fast() {
		return fastBinaries()
	}
	return build(stack.Build)
}

func build(compile func(context.Context, string, ...string) (stack.Programs, error)) (stack.Programs, error) {
	dir, err := os.MkdirTemp("", "pawstream-e2e-")
	if err != nil {
		return "", err
	}
	finally(func() error { return os.RemoveAll(dir) })
	return compile(context.Background(), dir)
}

// shared returns a function that starts a stack once. It is stopped, and what it has
// logged is looked at, after the last test.
func shared(o stack.Options) func() (*stack.Stack, error) {
	return sync.OnceValues(func() (*stack.Stack, error) {
		programs, err := binaries()
		if err != nil {
			return nil, err
		}
		s, err := programs.Stack(context.Background(), o)
		if err == nil {
			finally(s.Stop)
		}
		return s, err
	})
}

// Fast returns the stack whose answers come at once.
func Fast(t *testing.T) *stack.Stack { return must[*stack.Stack](t)(fastStack()) }

// Steady returns the stack whose answers take their time.
func Steady(t *testing.T) *stack.Stack { return must[*stack.Stack](t)(steadyStack()) }

// must fails the test where there is an error.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// Programs returns the built programs.
func Programs(t *testing.T) stack.Programs {
	t.Helper()
	return must[stack.Programs](t)(binaries())
}

// FastPrograms returns the programs without the race detector: for figures.
func FastPrograms(t *testing.T) stack.Programs {
	t.Helper()
	return must[stack.Programs](t)(fastBinaries())
}

// Own starts a stack for one test, which fails if anything is wrong with its end.
func Own(t *testing.T, o stack.Options) *stack.Stack {
	t.Helper()
	s, err := Programs(t).Stack(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}
