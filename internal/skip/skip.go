// Package skip leaves tests out, each with a reason that .ci/tests lists at the end of a run. With CI=true, no test may lack anything.
// Without -short, no test is left out for being long.
package skip

import (
	"os"
	"testing"
)

// Long leaves a test out of a short run (`go test -short`), which `make test` is. The reason names what the test takes, or which
// shorter test checks the same promise there.
func Long(t testing.TB, why string) {
	t.Helper()
	if testing.Short() {
		t.Skip("long: " + why)
	}
}

// Missing leaves a test out because something, such as a program, is missing. With CI=true, it fails the test instead.
func Missing(t testing.TB, what string, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" { //nolint:forbidigo // a test has no main that could tell it
		t.Fatalf("%s is needed with CI=true: %v", what, err)
	}
	t.Skipf("it needs %s: %v", what, err)
}
