package service

import (
	"context"
	"errors"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// head returns the completion's head if it is the principal's.
func (s *Service) head(ctx context.Context, principal, id string) (chat.Head, error) {
	begun := time.Now()
	head, err := s.log.Head(ctx, id)
	if foreign(head, principal) {
		// One that is written here is known without a look at the storage, which one that is
		// not there takes.
		head, err = s.log.Latest(ctx, id)
	}
	return s.owned(ctx, head, err, principal, begun)
}

// latest is head with what another replica may have changed.
func (s *Service) latest(ctx context.Context, principal, id string) (chat.Head, error) {
	begun := time.Now()
	head, err := s.log.Latest(ctx, id)
	return s.owned(ctx, head, err, principal, begun)
}

// foreign reports whether a head is somebody else's. A log tells it of one that has expired too.
func foreign(head chat.Head, principal string) bool {
	return head.Meta != nil && head.Meta.Principal != principal
}

// owned returns a head that the log has returned, if it is the principal's. The time since begun
// is not to tell somebody else's from none.
func (s *Service) owned(ctx context.Context, head chat.Head, err error, principal string, begun time.Time) (chat.Head, error) {
	switch {
	case foreign(head, principal), errors.Is(err, chat.ErrNotFound):
		return chat.Head{}, miss(ctx, begun)
	case err != nil:
		return chat.Head{}, s.failure(err)
	}
	return head, nil
}

// A miss is told after missAfter, or else after missFactor times as long, and so on. A log takes
// about a millisecond to find what there is of a completion, or that there is nothing, and not the
// same time for both. The steps are long, so that both fall into the same one with a NATS that is far away
// as well, though not always.
const (
	missAfter  = 25 * time.Millisecond
	missFactor = 4
)

// miss returns that there is no such completion, when it is time to.
func miss(ctx context.Context, begun time.Time) error {
	passed, until := time.Since(begun), missAfter
	for until < passed {
		until *= missFactor
	}
	admitted(ctx) // nobody is to wait for a call that only waits
	timer := time.NewTimer(until - passed)
	defer timer.Stop()
	select {
	case <-timer.C:
		return errNotFound
	case <-ctx.Done():
		return ctx.Err()
	}
}
