// Package rig runs the programs for the tests of one package: it builds them once, starts the stacks that
// several tests share, and waits for conditions.
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

// SteadyPace is the pace of the steady stack, in tokens per second: a short answer takes a second, and a whole
// one is far from its end when a test cancels it.
const SteadyPace = 40

var withoutRace = flag.Bool("fast", false, "build the programs without the race detector: for figures")

// Shared by the tests; the first test that needs one makes it.
var (
	binaries     = sync.OnceValues(buildUsual)
	fastBinaries = sync.OnceValues(func() (stack.Programs, error) { return build(stack.BuildFast) })
	fastStack    = shared(stack.Options{})
	steadyStack  = shared(stack.Options{Pace: SteadyPace})
	atEnd        []func() error
	atEndGuarded sync.Mutex
)

// Main runs a package's tests, stops their shared processes, and returns the exit code.
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

// finally registers stop to be called after the last test, in reverse order of registration: a process ends
// before its directory is removed.
func finally(stop func() error) {
	atEndGuarded.Lock()
	defer atEndGuarded.Unlock()
	atEnd = append(atEnd, stop)
}

// fast reports whether to build the programs without the race detector, which takes most of their time: in a
// short run, and for measurements.
func fast() bool { return *withoutRace || testing.Short() }

// Race returns the build flag for the race detector.
func Race() string {
	if fast() {
		return "-race=false"
	}
	return "-race"
}

// Compile builds the programs into dir, and the module's packages in more, with the race detector unless the
// run is fast.
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

// shared returns a function that starts a stack once. After the last test, the stack stops, and its log is
// checked.
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

// Fast returns the shared stack whose answers come at once.
func Fast(t *testing.T) *stack.Stack { return must[*stack.Stack](t)(fastStack()) }

// Steady returns the shared stack with [SteadyPace].
func Steady(t *testing.T) *stack.Stack { return must[*stack.Stack](t)(steadyStack()) }

// must fails the test if there is an error.
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

// FastPrograms returns the programs without the race detector, for measurements.
func FastPrograms(t *testing.T) stack.Programs {
	t.Helper()
	return must[stack.Programs](t)(fastBinaries())
}

// Own starts a stack for one test. The test fails if the stack does not end cleanly.
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
