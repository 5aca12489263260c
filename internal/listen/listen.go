// Package listen opens the addresses that a program serves, and names the flag of one that it cannot open.
package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// An Address is where a program listens (host:port), with the flag that sets it.
type Address struct{ Flag, Address string }

// Listen opens the address. The error is a [*TakenError] if the address is in use.
func (a Address) Listen(ctx context.Context) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(a.Address); err != nil {
		return nil, fmt.Errorf("%s must be host:port, such as 127.0.0.1:%d, and is %q", a.Flag, meantPort(a.Address), a.Address)
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", a.Address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &TakenError{[]Address{a}}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err // the rest of it says the address again
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", a.Flag, a.Address, err)
	}
	return listener, nil
}

// meantPort returns the port that an address without a colon may mean.
func meantPort(address string) uint64 {
	if port, err := strconv.ParseUint(address, 10, 16); err == nil {
		return port
	}
	return 8080
}

// A TakenError lists addresses that are in use.
type TakenError struct{ Addresses []Address }

// Error names them all, each with its flag.
func (e *TakenError) Error() string {
	last := len(e.Addresses) - 1
	names, verb := make([]string, len(e.Addresses)), "is"
	for i, a := range e.Addresses {
		names[i] = fmt.Sprintf("%s (%s)", a.Address, a.Flag)
	}
	if last > 0 {
		names, verb = []string{strings.Join(names[:last], ", "), "and", names[last]}, "are"
	}
	return strings.Join(names, " ") + " " + verb + " taken, perhaps by another pawstream"
}

// Taken returns a [*TakenError] with the addresses that cannot be opened because they are in use; nil:
// none. It is for callers that failed to open one, and want to report all of them.
func Taken(ctx context.Context, addresses []Address) error {
	var taken TakenError
	for _, a := range addresses {
		listener, err := a.Listen(ctx)
		if err == nil {
			_ = listener.Close()
			continue
		}
		if _, ok := errors.AsType[*TakenError](err); ok {
			taken.Addresses = append(taken.Addresses, a)
		}
	}
	if len(taken.Addresses) == 0 {
		return nil
	}
	return &taken
}
