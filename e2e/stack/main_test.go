// Package stack tests what operators are told to run: the commands of the README, the compose file, the balancer, the
// settings and the metrics.
package stack

import (
	"os"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }
