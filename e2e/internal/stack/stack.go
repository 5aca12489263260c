package stack

import (
	"context"
	"errors"
	"strconv"
)

// Options are how one stack differs from another.
type Options struct {
	// Pace is how many tokens per second an answer has; 0: as fast as possible.
	Pace float64
	// Completion and Edge are more arguments of the programs.
	Completion, Edge []string
	// Env is more of the environment of both, of which [Environment] is the usual part.
	Env []string
	// Between, if not nil, takes the completion service's address and returns the one
	// that the edge is to use in its place.
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

// URL returns where the public API is.
func (s *Stack) URL() string { return "http://" + s.Edge.Addr("http") }

// Stop ends both processes and tells what was wrong with them.
func (s *Stack) Stop() error {
	return errors.Join(s.Edge.Stop(), s.Completion.Stop())
}

// Fault returns an error if one of the processes has logged what it should not.
func (s *Stack) Fault() error {
	return errors.Join(s.Edge.Fault(), s.Completion.Fault())
}
