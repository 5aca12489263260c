package chat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
)

// MaxTakeovers bounds how often a completion changes hands without getting any further
// before it is given up: one that kills whoever generates it must not kill everybody in
// turn.
const MaxTakeovers = 5

// An Orphan is a completion whose writer has died. Whoever holds it is its only
// writer now.
type Orphan struct {
	Meta *Meta
	// Ended is the terminal event of a completion whose writer died before its end was
	// in the books. Then nothing else is left to do, and what follows is not set.
	Ended *Event
	// Lost says that readers may have seen more than is stored, because that was put back from
	// a backup: nobody can go on from there.
	Lost bool
	// Shown is what readers may have seen, from the first event on; none is terminal.
	Shown  []Event
	Writer Writer
	// Takeovers is how often the completion has changed hands since it last got further,
	// this time included.
	Takeovers int
}

// Adopt goes on with an orphan where its writer has left off, or ends it with an error
// where that cannot be done. It returns at once.
func (s *Service) Adopt(ctx context.Context, o *Orphan) {
	if o.Ended != nil {
		s.observer.Ended(ctx, o.Meta, o.Ended, 0, 0)
		return
	}
	r, genCtx := s.newRun(ctx, o.Meta)
	// Its readers have lost their connections and need time to come back.
	if r.policy == OnDisconnectCancel {
		r.policy = OnDisconnectGrace
	}
	g := &generation{meta: o.Meta, share: r.share, writer: o.Writer, shown: o.Shown, begun: o.Meta.Created, takeovers: o.Takeovers}
	// It was admitted long ago: the limits are for those who can be asked to come back.
	size := requestCost * o.Meta.RequestSize
	for i := range o.Shown {
		size += answerCost * o.Shown[i].size()
	}
	r.share.Force(size)
	err := s.enlist(r, math.MaxInt)
	if err == nil {
		err = g.adopt(s, o)
		if err == nil {
			r.leave() // whoever follows here already is not known to the run, but to the log
			go s.generate(genCtx, r, g)
			return
		}
		s.delist(r)
	}
	r.stop(err)
	r.share.Release()
	if s.handover && errors.Is(err, errShutdown) {
		return // for the next one to adopt
	}
	s.seal(ctx, g, Event{Kind: KindError, Err: s.shown(ctx, g, err)})
}

// adopt finds the engine that is to go on.
func (g *generation) adopt(s *Service, o *Orphan) error {
	if o.Lost {
		return fmt.Errorf("%w: %w", ErrCannotContinue, ErrLost)
	}
	if o.Takeovers > MaxTakeovers {
		return Internal(errors.New("completion was taken over too often"))
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
