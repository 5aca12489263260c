package natsserver

import (
	"errors"
	"time"
)

// ErrHangs says that the disk has not answered yet.
var ErrHangs = errors.New("the disk does not answer")

// A check runs an operation on a disk that may hang, such as a network disk. It is for one goroutine. At most
// one other goroutine waits for the disk, and ends when the disk answers.
type check struct{ answer chan error }

// run returns the result of f, or ErrHangs if f takes too long. While an earlier f hangs, run waits for that
// one, and does not call f.
func (c *check) run(f func() error) error {
	if c.answer == nil {
		c.answer = make(chan error, 1)
		go func(answer chan<- error) { answer <- f() }(c.answer)
	}
	late := time.NewTimer(diskTime)
	defer late.Stop()
	select {
	case err := <-c.answer:
		c.answer = nil
		return err
	case <-late.C:
		return ErrHangs
	}
}
