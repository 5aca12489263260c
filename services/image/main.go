// Command image is the executable of the container image. It contains all three programs, and runs the one by
// whose name it is called. Separate files would duplicate the shared code.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	edge "github.com/pawstream/pawstream/edge/program"
	completion "github.com/pawstream/pawstream/services/completion/program"
	standalone "github.com/pawstream/pawstream/services/standalone/program"
)

func main() { os.Exit(run(os.Args[0])) }

// run runs the program of that name.
func run(name string) int {
	switch filepath.Base(name) {
	case "completion":
		return completion.Run()
	case "edge":
		return edge.Run()
	case "standalone":
		return standalone.Run()
	}
	fmt.Fprintf(os.Stderr, "%s: call it by the name completion, edge or standalone\n", name)
	return 2
}
