package stack

import (
	"context"
	"errors"
	"strconv"
)

// Options are the options of a stack.
type Options struct {
	// Pace is the number of tokens per second of an answer; 0: as fast as possible.
	Pace float64
	// Completion and Edge are additional arguments of the programs.
	Completion, Edge []string
	// Env has environment variables for both, in addition to [Environment].
	Env []string
	// Between, if not nil, is called with the completion service's address, and returns the address for the
	// edge to use instead.
	Between func(address string) (string, error)
}

// A Stack is a completion service and an edge in front of it.
type Stack struct {
	Completion, Edge *Process
}

// Stack starts both processes.
func (p Programs) Stack(ctx context.Context, o Options) (*Stack, error) {
	completion, err := p.start(ctx, o.Env, "completion", append([]string{
		"--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0",
		"--advisor-pace=" + strconv.FormatFloat(o.Pace, 'g', -1, 64),
	}, o.Completion...)...)
	if err != nil {
		return nil, err
	}
	address := completion.Addr("grpc")
	if o.Between != nil {
		if address, err = o.Between(address); err != nil {
			return nil, errors.Join(err, completion.Stop())
		}
	}
	edge, err := p.start(ctx, o.Env, "edge", append([]string{
		"--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--completion-addr=" + address,
	}, o.Edge...)...)
	if err != nil {
		return nil, errors.Join(err, completion.Stop())
	}
	return &Stack{Completion: completion, Edge: edge}, nil
}

// URL returns the base URL of the public API.
func (s *Stack) URL() string { return "http://" + s.Edge.Addr("http") }

// Stop ends both processes, and returns the errors of [Process.Stop].
func (s *Stack) Stop() error {
	return errors.Join(s.Edge.Stop(), s.Completion.Stop())
}

// Fault returns an error if one of the processes has logged an alarm.
func (s *Stack) Fault() error {
	return errors.Join(s.Edge.Fault(), s.Completion.Fault())
}
