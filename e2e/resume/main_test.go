// Package resume tests that a client which lost its connection continues after its last event, from any edge and
// after any restart.
package resume

import (
	"os"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }
