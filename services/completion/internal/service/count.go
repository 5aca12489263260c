package service

import (
	"context"
	"errors"
	"math"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// CountPrompt returns how many tokens the prompt of a request has, including what it takes from the principal's
// earlier completions. It refuses what [Service.Stream] would refuse.
func (s *Service) CountPrompt(ctx context.Context, principal string, req *chat.Request) (int, error) {
	defer admitted(ctx)
	if s.counter == nil {
		return 0, chat.Internal(errors.New("no counter of tokens"))
	}
	if err := checkRequest("", req); err != nil {
		return 0, err
	}
	share := s.memory.Share(principal)
	defer share.Release()
	whole, carried, err := s.withEarlier(ctx, principal, s.byID(req), share)
	if err != nil {
		return 0, err
	}
	if _, _, err := s.choose(ctx, whole, carried); err != nil {
		return 0, err
	}
	n, err := s.counter.Prompt(ctx, withInstructions(whole).Messages, math.MaxInt32)
	if err != nil {
		return 0, s.failure(err)
	}
	return n, nil
}
