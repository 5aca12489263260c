// Command standalone is Pawstream in one process: the completion service and the edge,
// which talk gRPC through memory as they would over a network.
package main

import (
	"os"

	"github.com/pawstream/pawstream/services/standalone/program"
)

func main() { os.Exit(program.Run()) }
