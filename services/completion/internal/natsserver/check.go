package natsserver

import (
	"errors"
	"time"
)

// ErrHangs says that the disk does not answer: it may yet.
var ErrHangs = errors.New("the disk does not answer")

// A check asks something of a disk, which may hang, as a network's does. One goroutine uses it. Another
// one waits for the disk, one at most, and ends when that answers.
type check struct{ answer chan error }

// run returns what f does, or ErrHangs where that takes too long. While an f hangs, it is that one that
// is waited for.
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
