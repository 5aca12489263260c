package server

import (
	"errors"
	"time"

	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/callers"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// freeMemory is what a completion that is generated may take that counts for nothing: as
// many as there may be of them take as much beside it.
const freeMemory = 64 << 10

// fairMemory is a budget as the domain takes from it.
type fairMemory struct{ budget *budget.Budget }

// Share implements [chat.Memory].
func (s fairMemory) Share(principal string) chat.Share {
	if principal == callers.Anonymous {
		principal = "" // nobody knows one from another
	}
	return share{s.budget.Share(principal, freeMemory)}
}

type share struct{ *budget.Share }

// Grow implements [chat.Share].
func (s share) Grow(n int) error {
	switch err := s.Share.Grow(n); {
	case errors.Is(err, budget.ErrCaller):
		return &chat.Error{
			Code: chat.CodeRateLimited, RetryAfter: time.Second, Refusal: chat.RefusedCallerMemory,
			Message: "Your large requests and answers already use all of the service's memory that one caller may use. Please wait for one of them to end.",
		}
	case err != nil:
		return chat.NoRoom(nil)
	}
	return nil
}
