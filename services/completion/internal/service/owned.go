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
		// A completion written here is known without reading the storage; for one that does not exist, the
		// storage is read.
		head, err = s.log.Latest(ctx, id)
	}
	return s.owned(ctx, head, err, principal, begun)
}

// latest is head including what another replica may have changed.
func (s *Service) latest(ctx context.Context, principal, id string) (chat.Head, error) {
	begun := time.Now()
	head, err := s.log.Latest(ctx, id)
	return s.owned(ctx, head, err, principal, begun)
}

// foreign reports whether a head belongs to another principal. A log also returns the head of an expired
// completion.
func foreign(head chat.Head, principal string) bool {
	return head.Meta != nil && head.Meta.Principal != principal
}

// owned returns a head that the log returned, if it is the principal's. The time since begun must not
// distinguish another principal's completion from none.
func (s *Service) owned(ctx context.Context, head chat.Head, err error, principal string, begun time.Time) (chat.Head, error) {
	switch {
	case foreign(head, principal), errors.Is(err, chat.ErrNotFound):
		return chat.Head{}, miss(ctx, begun)
	case err != nil:
		return chat.Head{}, s.failure(err)
	}
	return head, nil
}

// A miss is answered after missAfter, or else after missFactor times as long, and so on. A log takes about a
// millisecond to find a completion, or that there is none, and not the same time for both. The steps are long,
// so that both usually fall into the same one, even with a distant NATS.
const (
	missAfter  = 25 * time.Millisecond
	missFactor = 4
)

// miss returns that there is no such completion, once it is time to.
func miss(ctx context.Context, begun time.Time) error {
	passed, until := time.Since(begun), missAfter
	for until < passed {
		until *= missFactor
	}
	admitted(ctx) // other calls must not wait for one that only waits
	timer := time.NewTimer(until - passed)
	defer timer.Stop()
	select {
	case <-timer.C:
		return errNotFound
	case <-ctx.Done():
		return ctx.Err()
	}
}
