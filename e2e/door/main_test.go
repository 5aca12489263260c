// Package door tests who may enter, with what, and how much at a time: keys, tokens, limits, and the
// form of each refusal.
package door

import (
	"os"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }
