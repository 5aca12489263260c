// Command image is what the container image holds: all three programs in one file, which is the
// one by whose name it is called. In three files the same code would be there twice.
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
