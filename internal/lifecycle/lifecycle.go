// Package lifecycle starts a program and ends it: signals, exit code, and the order
// in which its parts stop.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/pawstream/pawstream/internal/config"
)

// A Program runs until its context ends, and returns nil if it stopped as it should.
type Program func(ctx context.Context, args []string, stdout, stderr io.Writer) error

// Run runs a program with the process's arguments and streams and returns its exit
// code. SIGINT and SIGTERM end the program's context; a second one kills the process.
func Run(name string, program Program) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from here on a signal has its usual effect

	err := program(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil, errors.Is(err, config.ErrHelp):
		return 0
	default:
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 1
	}
}
