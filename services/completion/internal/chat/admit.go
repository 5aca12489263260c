package chat

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"time"
)

// admit checks a request and starts its completion with one reader, or joins the
// completion that the key already names. The run is nil where that has ended.
func (s *Service) admit(ctx context.Context, principal, key string, req *Request, policy OnDisconnect) (*Meta, *run, error) {
	model, err := s.check(ctx, key, req)
	if err != nil {
		return nil, nil, err
	}
	meta, err := newMeta(principal, key, req, &model, policy)
	if err != nil {
		return nil, nil, Internal(err)
	}
	r, err := s.start(ctx, meta, &model)
	var exists *ExistsError
	switch {
	case errors.As(err, &exists):
		if exists.Meta.RequestHash != meta.RequestHash {
			return nil, nil, errConflict
		}
		return exists.Meta, s.join(exists.Meta.ID), nil
	case err != nil:
		return nil, nil, err
	}
	return meta, r, nil
}

// check refuses what cannot be answered, before anything is stored.
func (s *Service) check(ctx context.Context, key string, req *Request) (Model, error) {
	if len(key) > maxIdempotencyLength {
		return Model{}, Errorf(CodeStringTooLong, "The idempotency key may have at most %d bytes.", maxIdempotencyLength)
	}
	if err := req.Validate(); err != nil {
		return Model{}, err
	}
	model, err := s.Model(req.Model)
	if err != nil {
		return Model{}, err
	}
	if err := model.Capabilities.check(req); err != nil {
		return Model{}, err
	}
	if err := model.Engine.Check(ctx, req); err != nil {
		var shown *Error
		if errors.As(err, &shown) || ctx.Err() != nil {
			return Model{}, err
		}
		return Model{}, Internal(err)
	}
	return model, nil
}

func newMeta(principal, key string, req *Request, model *Model, policy OnDisconnect) (*Meta, error) {
	hash, err := hashRequest(req)
	if err != nil {
		return nil, err
	}
	m := &Meta{
		ID:             newID(),
		Principal:      principal,
		Created:        time.Now().Truncate(time.Second),
		Model:          model.ID,
		Fingerprint:    model.Fingerprint,
		ServiceTier:    "default",
		Request:        req,
		Metadata:       maps.Clone(req.Metadata),
		IdempotencyKey: key,
		RequestHash:    hash,
		OnDisconnect:   req.OnDisconnect,
	}
	if m.OnDisconnect == OnDisconnectDefault {
		m.OnDisconnect = policy
		if req.Store {
			m.OnDisconnect = OnDisconnectContinue
		}
	}
	if req.Stream.IncludeObfuscation {
		m.ObfuscationKey = make([]byte, 16)
		_, _ = rand.Read(m.ObfuscationKey) // crypto/rand.Read never fails
	}
	return m, nil
}

// start stores the completion and begins to generate it. A place among the running
// is taken first, so that the log never holds a completion that nobody generates.
func (s *Service) start(ctx context.Context, meta *Meta, model *Model) (*run, error) {
	r := &run{id: meta.ID, policy: meta.OnDisconnect, readers: 1, grace: s.grace, done: make(chan struct{})}
	// The generation outlives the call that asks for it; its end is r's to decide.
	genCtx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	r.stop = cancel

	if err := s.enlist(r); err != nil {
		cancel(err)
		return nil, err
	}
	writer, err := s.log.Create(ctx, meta)
	if err != nil {
		s.delist(r)
		cancel(err)
		var exists *ExistsError
		if errors.As(err, &exists) {
			return nil, err
		}
		return nil, s.failure(err)
	}
	go s.generate(genCtx, r, &generation{meta: meta, model: model, writer: writer})
	return r, nil
}

// enlist takes a place among the running completions.
func (s *Service) enlist(r *run) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errShutdown
	case len(s.running) >= s.maxRunning:
		return errBusy
	}
	s.running[r.id] = r
	s.wg.Add(1)
	return nil
}

// delist gives the place back: the completion has ended, or never began.
func (s *Service) delist(r *run) {
	r.end()
	s.mu.Lock()
	delete(s.running, r.id)
	s.mu.Unlock()
	s.wg.Done()
}

// join adds a reader to a completion that runs here; nil where it does not.
func (s *Service) join(id string) *run {
	s.mu.Lock()
	r := s.running[id]
	s.mu.Unlock()
	if r != nil {
		r.join()
	}
	return r
}
