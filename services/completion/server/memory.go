package server

import (
	"errors"
	"time"

	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/callers"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// freeMemory is the memory of a running completion that does not count against the budget, in bytes. The
// maximum number of completions bounds its sum.
const freeMemory = 64 << 10

// fairMemory is a budget in the domain's terms.
type fairMemory struct{ budget *budget.Budget }

// Share implements [chat.Memory].
func (s fairMemory) Share(principal string) chat.Share {
	if principal == callers.Anonymous {
		principal = "" // anonymous callers are indistinguishable
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

// memoryLimit returns what a service with these settings takes at most, in bytes, as docs/operations.md computes it; 0: nobody
// knows, because its requests are not bounded, or its log is in memory too.
func (c *Config) memoryLimit() int64 {
	if c.RequestMemory == 0 || c.Log == "memory" {
		return 0
	}
	return 2 * (128<<20 + int64(c.MaxGenerating)*(192<<10) + c.RequestMemory/4*5 + 64<<20 + 384<<20)
}
