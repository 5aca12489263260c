package budget

import (
	"math"
	"runtime/debug"
	"testing"
)

func TestProcessLimit(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	var parts processLimit
	parts.add(8 << 30)
	parts.add(8 << 30)
	if got, want := debug.SetMemoryLimit(-1), int64(15<<30); got != want {
		t.Errorf("the limit of two parts is %d, want %d", got, want)
	}
	debug.SetMemoryLimit(1 << 40) // as GOMEMLIMIT does
	var given processLimit
	given.add(8 << 30)
	if got, want := debug.SetMemoryLimit(-1), int64(1<<40); got != want {
		t.Errorf("the limit that was given is %d, want %d", got, want)
	}
}
