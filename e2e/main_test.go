package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// steadyPace is how many tokens per second answers of the steady stack have: a short
// answer takes a second, a whole one is far from its end when a test cancels it.
const steadyPace = 40

var withoutRace = flag.Bool("fast", false, "build the programs without the race detector: for figures")

// What the tests share, each made by the first test that asks for it.
var (
	binaries     = sync.OnceValues(buildUsual)
	fastBinaries = sync.OnceValues(func() (stack.Programs, error) { return build(stack.BuildFast) })
	fastStack    = shared(stack.Options{})
	steadyStack  = shared(stack.Options{Pace: steadyPace})
	atEnd        []func() error
	atEndGuarded sync.Mutex
)

func TestMain(m *testing.M) {
	code := m.Run()
	for _, stop := range slices.Backward(atEnd) {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, "FAIL after the tests:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// finally has stop called after the last test, and before what was to be called until now:
// a process ends before the directory it works in is removed.
func finally(stop func() error) {
	atEndGuarded.Lock()
	defer atEndGuarded.Unlock()
	atEnd = append(atEnd, stop)
}

func buildUsual() (stack.Programs, error) {
	if *withoutRace {
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

// fast returns the stack whose answers come at once.
func fast(t *testing.T) *stack.Stack { return must[*stack.Stack](t)(fastStack()) }

// steady returns the stack whose answers take their time.
func steady(t *testing.T) *stack.Stack { return must[*stack.Stack](t)(steadyStack()) }

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func programs(t *testing.T) stack.Programs {
	t.Helper()
	return must[stack.Programs](t)(binaries())
}

// own starts a stack for one test, which fails if anything is wrong with its end.
func own(t *testing.T, o stack.Options) *stack.Stack {
	t.Helper()
	s, err := programs(t).Stack(t.Context(), o)
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

// missing skips a test for want of a program, or fails it where all have to be there.
func missing(t *testing.T, what string, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is needed with CI=true: %v", what, err)
	}
	t.Skipf("NOT TESTED, because it needs %s: %v", what, err)
}

var errNotYet = errors.New("not yet")

// eventually calls try until it returns nil. It fails the test when that takes too long.
func eventually(t *testing.T, within time.Duration, try func() error) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	late := time.After(within)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("not within %v: %v", within, err)
		}
	}
}
