package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// MaxTakeovers bounds how often a completion is taken over without progress before it is given up: a completion
// that kills each replica that generates it must not kill them all.
const MaxTakeovers = 5

// AdoptAll adopts the orphans of the [Config.Cluster] until ctx ends.
func (s *Service) AdoptAll(ctx context.Context) {
	for orphan := range s.cluster.Orphans(ctx) {
		s.Adopt(ctx, orphan)
	}
}

// Adopt continues an orphan where its writer left off, or ends it with an error if that is impossible. It
// returns at once.
func (s *Service) Adopt(ctx context.Context, o *chat.Orphan) {
	if o.Ended != nil {
		o.Settle(func() { s.observer.Ended(ctx, o.Meta, o.Ended, 0, 0) })
		return
	}
	r, genCtx := s.newRun(ctx, o.Meta)
	// Its readers have lost their connections and need time to return.
	if r.policy == chat.OnDisconnectCancel {
		r.policy = chat.OnDisconnectGrace
	}
	g := &generation{meta: o.Meta, share: r.share, writer: o.Writer, shown: o.Shown, begun: o.Meta.Created, takeovers: o.Takeovers}
	// It was admitted long ago: the limits are for callers who can still be asked to retry.
	size := requestCost * o.Meta.RequestSize
	for i := range o.Shown {
		size += answerCost * o.Shown[i].Size()
	}
	r.share.Force(size)
	err := s.enlist(r, s.places.force)
	if err == nil {
		err = g.adopt(s, o)
		if err == nil {
			r.leave() // the run does not know readers that already follow here, but the log does
			go s.generate(genCtx, r, g)
			return
		}
		s.delist(r)
	}
	r.stop(err)
	r.share.Release()
	if handsOver(s.cluster) && errors.Is(err, errShutdown) {
		return // for the next one to adopt
	}
	shown := *s.shown(ctx, g, err)
	shown.SetBack = o.Lost
	s.seal(ctx, g, chat.Event{Kind: chat.KindError, Err: &shown})
}

// adopt finds the engine that is to continue.
func (g *generation) adopt(s *Service, o *chat.Orphan) error {
	if o.Lost {
		return fmt.Errorf("%w: %w", chat.ErrCannotContinue, chat.ErrLost)
	}
	if o.Takeovers > MaxTakeovers {
		return chat.Internal(errors.New("completion was taken over too often"))
	}
	model, err := s.Model(o.Meta.Model)
	if err != nil {
		return err
	}
	g.model = &model
	s.logger.Info("completion taken over", slog.String("completion", o.Meta.ID),
		slog.Int("shown", len(o.Shown)), slog.Int("takeovers", o.Takeovers))
	return nil
}
