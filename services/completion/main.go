// Command completion is the completion service: pet questions over gRPC.
package main

import (
	"os"

	"github.com/pawstream/pawstream/services/completion/program"
)

func main() { os.Exit(program.Run()) }
