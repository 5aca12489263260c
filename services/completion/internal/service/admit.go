package service

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// admit checks a request and starts its completion with one reader, or joins the completion that the key
// already names, or that the same request began earlier. The run is nil if that completion has ended.
func (s *Service) admit(ctx context.Context, principal, key string, req *chat.Request, policy chat.OnDisconnect) (*chat.Meta, *run, error) {
	defer admitted(ctx)
	if err := checkRequest(key, req); err != nil {
		return nil, nil, err
	}
	req = s.byID(req) // before it is compared with others
	if key != "" {
		meta, err := s.log.Lookup(ctx, principal, key)
		if !errors.Is(err, chat.ErrNotFound) {
			return s.attach(meta, req, err)
		}
	}
	if key == "" {
		if meta := s.sentBefore(ctx, principal, req); meta != nil {
			return meta, s.join(meta.ID), nil
		}
	}
	share := s.memory.Share(principal)
	defer share.Release()
	req, carried, err := s.withEarlier(ctx, principal, req, share)
	if err != nil {
		return nil, nil, err
	}
	model, asked, err := s.choose(ctx, req, carried)
	if err != nil {
		return nil, nil, err
	}
	meta := newMeta(principal, key, req, &model, policy)
	r, err := s.start(ctx, meta, &model, asked)
	var exists *chat.ExistsError
	switch {
	case errors.As(err, &exists): // it was created since the lookup
		return s.attach(exists.Meta, req, nil)
	case err != nil:
		return nil, nil, err
	}
	return meta, r, nil
}

// attach joins the completion that an idempotency key names, if it is the same request's.
func (s *Service) attach(meta *chat.Meta, req *chat.Request, err error) (*chat.Meta, *run, error) {
	switch {
	case err != nil:
		return nil, nil, s.failure(err)
	case !meta.AsksFor(req):
		return nil, nil, errConflict
	}
	return meta, s.join(meta.ID), nil
}

// maxIdempotencyLength is the most bytes that an idempotency key has.
const maxIdempotencyLength = 255

// checkRequest checks what does not depend on the model.
func checkRequest(key string, req *chat.Request) error {
	switch {
	case key != "" && req.Digest == [32]byte{}:
		return chat.Internal(errors.New("a request with an idempotency key has no digest"))
	case len(key) > maxIdempotencyLength:
		return chat.Errorf(chat.CodeStringTooLong, "The idempotency key may have at most %d bytes.", maxIdempotencyLength)
	}
	if err := req.Validate(); err != nil {
		return err
	}
	return nil
}

// choose returns the model of a request, and the request as fitted to it, if the model can answer it. The first
// carried messages come from earlier completions, not from the caller.
func (s *Service) choose(ctx context.Context, req *chat.Request, carried int) (model chat.Model, asked *chat.Request, err error) {
	if model, err = s.Model(req.Model); err != nil {
		return model, nil, err
	}
	if err := model.Capabilities.Check(req); err != nil {
		return model, nil, asSent(err, carried)
	}
	asked, err = fit(ctx, s.counter, &model, req)
	if err != nil {
		return model, nil, s.failure(err)
	}
	if err := model.Engine.Check(ctx, asked); err != nil {
		var shown *chat.Error
		switch {
		case errors.As(err, &shown):
			return model, nil, asSent(shown, carried+len(asked.Messages)-len(req.Messages))
		case ctx.Err() != nil:
			return model, nil, err
		}
		return model, nil, chat.Internal(err)
	}
	return model, asked, nil
}

func newMeta(principal, key string, req *chat.Request, model *chat.Model, policy chat.OnDisconnect) *chat.Meta {
	m := &chat.Meta{
		ID:             newID(),
		Principal:      principal,
		Created:        time.Now().Truncate(time.Second),
		Model:          model.ID,
		Fingerprint:    model.Fingerprint,
		ServiceTier:    "default",
		Request:        req,
		RequestHash:    req.Digest,
		RequestSize:    req.Size(),
		Metadata:       maps.Clone(req.Metadata),
		IdempotencyKey: key,
		OnDisconnect:   req.OnDisconnect,
	}
	if m.OnDisconnect == chat.OnDisconnectDefault {
		m.OnDisconnect = policy
		if req.Store {
			m.OnDisconnect = chat.OnDisconnectContinue
		}
	}
	if req.Stream.IncludeObfuscation {
		m.ObfuscationKey = make([]byte, 16)
		_, _ = rand.Read(m.ObfuscationKey) // crypto/rand.Read never fails
	}
	return m
}

// start stores the completion and begins to generate it. It reserves a place among the running completions
// first, so that the log never holds a completion without a generation.
func (s *Service) start(ctx context.Context, meta *chat.Meta, model *chat.Model, asked *chat.Request) (*run, error) {
	begun := time.Now()
	r, genCtx := s.newRun(ctx, meta)
	if err := r.share.Grow(requestCost * meta.RequestSize); err != nil {
		r.stop(err)
		return nil, err
	}
	if err := s.enlist(r, s.places.take); err != nil {
		r.stop(err)
		r.share.Release()
		return nil, err
	}
	writer, err := s.log.Create(ctx, meta)
	if err != nil {
		s.delist(r)
		var exists *chat.ExistsError
		if errors.As(err, &exists) {
			return nil, err
		}
		return nil, s.failure(err)
	}
	go s.generate(genCtx, r, &generation{meta: meta, share: r.share, model: model, asked: asked, writer: writer, begun: begun})
	return r, nil
}

// newRun returns a run with one reader, and the context of its generation, which outlives the call that asks
// for it: the run decides when it ends.
func (s *Service) newRun(ctx context.Context, meta *chat.Meta) (*run, context.Context) {
	r := &run{id: meta.ID, meta: meta, policy: meta.OnDisconnect, readers: 1, grace: s.grace, share: s.memory.Share(meta.Principal), done: make(chan struct{})}
	ctx, r.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	r.watched = func() bool { return s.cluster.Watched(ctx, r.id) }
	return r, ctx
}

// enlist adds a run to the running completions, if take gives it a place among them.
func (s *Service) enlist(r *run, take func(principal string) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errShutdown
	}
	if err := take(r.meta.Principal); err != nil {
		return err
	}
	s.running[r.id] = r
	r.asked = s.askings.begin(r.meta)
	s.wg.Add(1)
	return nil
}

// delist removes a run: its completion has ended, or never began.
func (s *Service) delist(r *run) {
	r.end()
	s.askings.end(r.asked)
	r.share.Release()
	s.mu.Lock()
	if s.running[r.id] == r { // and not a run that has adopted the completion since
		delete(s.running, r.id)
	}
	s.places.free(r.meta.Principal)
	s.mu.Unlock()
	s.wg.Done()
}

// join adds a reader to a completion that runs here; nil if it does not.
func (s *Service) join(id string) *run {
	s.mu.Lock()
	r := s.running[id]
	s.mu.Unlock()
	if r != nil {
		r.join()
	}
	return r
}
