// Package stack tests that what an operator is told to run runs as it is told: the commands of the
// README, the compose file, the balancer, the settings and the metrics.
package stack

import (
	"os"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }
