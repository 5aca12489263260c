package service

import (
	"fmt"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// places are those of the running completions. One caller has no more of them than it leaves free. The service's lock
// guards them.
type places struct {
	most    int
	anybody string // the principal that may have all of them
	taken   int
	held    map[string]int // by principal
}

func newPlaces(most int, anybody string) *places {
	return &places{most: most, anybody: anybody, held: make(map[string]int)}
}

// take takes a place for a caller, or returns why it cannot.
func (p *places) take(principal string) error {
	free, held := p.most-p.taken, p.held[principal]
	switch {
	case free <= 0:
		return errBusy
	case held >= free && principal != p.anybody:
		return &chat.Error{
			Code: chat.CodeRateLimited, RetryAfter: time.Second, Refusal: chat.RefusedCallerRunning,
			Message: fmt.Sprintf("Too many completions at once: now you may have %d running. Please wait for one of them to end.", held),
		}
	}
	return p.force(principal)
}

// force takes a place even beyond the bounds, for what is taken over: nil.
func (p *places) force(principal string) error {
	p.taken++
	p.held[principal]++
	return nil
}

// free gives a place back.
func (p *places) free(principal string) {
	p.taken--
	if p.held[principal]--; p.held[principal] == 0 {
		delete(p.held, principal)
	}
}
