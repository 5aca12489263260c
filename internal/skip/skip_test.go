package skip_test

import (
	"cmp"
	"errors"
	"fmt"
	"testing"

	"github.com/pawstream/pawstream/internal/skip"
)

// A recorder is a test that records its first outcome, and continues.
type recorder struct {
	testing.TB
	ended string
}

func (*recorder) Helper()                        {}
func (r *recorder) Skip(args ...any)             { r.end("skipped: " + fmt.Sprint(args...)) }
func (r *recorder) Skipf(form string, a ...any)  { r.end("skipped: " + fmt.Sprintf(form, a...)) }
func (r *recorder) Fatalf(form string, a ...any) { r.end("failed: " + fmt.Sprintf(form, a...)) }
func (r *recorder) end(how string)               { r.ended = cmp.Or(r.ended, how) }

func TestMissing(t *testing.T) {
	for ci, want := range map[string]string{
		"":     "skipped: it needs Node: not found",
		"true": "failed: Node is needed with CI=true: not found",
	} {
		t.Setenv("CI", ci)
		var r recorder
		if skip.Missing(&r, "Node", errors.New("not found")); r.ended != want {
			t.Errorf("with CI=%q it %q, want %q", ci, r.ended, want)
		}
	}
}

func TestLong(t *testing.T) {
	var r recorder
	skip.Long(&r, "it waits a minute")
	if want := map[bool]string{true: "skipped: long: it waits a minute"}[testing.Short()]; r.ended != want {
		t.Errorf("it %q, want %q", r.ended, want)
	}
}
