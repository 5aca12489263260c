// Command edge is the public face of Pawstream: it turns the completion service's
// gRPC streams into Server-Sent Events under OpenAI's HTTP API.
package main

import (
	"os"

	"github.com/pawstream/pawstream/edge/program"
)

func main() { os.Exit(program.Run()) }
