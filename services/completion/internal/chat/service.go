package chat

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Defaults of [Config].
const (
	DefaultGrace      = 15 * time.Second
	DefaultMaxRunning = 10_000
)

// Config is what a [Service] is made of. Log is required.
type Config struct {
	Log    Log
	Models []Model
	// Source, if not nil, tells the models in the place of Models, which may change while
	// the service runs: ordered by id, no id twice. It is asked at each use, at once.
	Source func() []Model
	// Grace is how long a completion with [OnDisconnectGrace] runs without a reader; 0: [DefaultGrace].
	Grace time.Duration
	// MaxRunning bounds how many completions are generated at once; 0: [DefaultMaxRunning].
	MaxRunning int
	// Memory bounds what is generated together; nil: nothing does.
	Memory Memory
	// Deadlines bound how long engines may take.
	Deadlines Deadlines
	// Handover says that another process takes up what this one leaves unfinished, so
	// that a shutdown must not end it.
	Handover bool
	// Observer is told what becomes of completions; nil: nobody is.
	Observer Observer
	// Logger takes what callers are not shown; nil: discarded.
	Logger *slog.Logger
}

// A Service creates completions and lets readers follow them. It is safe for
// concurrent use. Its errors are [*Error], or the context's where that ended.
type Service struct {
	log        Log
	models     func() []Model // by id
	grace      time.Duration
	maxRunning int
	memory     Memory
	deadlines  Deadlines
	handover   bool
	observer   Observer
	logger     *slog.Logger

	mu      sync.Mutex
	running map[string]*run
	closed  bool
	wg      sync.WaitGroup // one for each run
}

// NewService returns a service that answers with cfg's models. [Service.Shutdown] ends it.
func NewService(cfg Config) *Service {
	s := &Service{
		log:        cfg.Log,
		models:     cfg.Source,
		grace:      cfg.Grace,
		maxRunning: cfg.MaxRunning,
		memory:     cfg.Memory,
		deadlines:  cfg.Deadlines,
		handover:   cfg.Handover,
		observer:   cfg.Observer,
		logger:     cfg.Logger,
		running:    make(map[string]*run),
	}
	if s.models == nil {
		models := slices.SortedFunc(slices.Values(cfg.Models), func(a, b Model) int { return strings.Compare(a.ID, b.ID) })
		s.models = func() []Model { return models }
	}
	if s.grace == 0 {
		s.grace = DefaultGrace
	}
	if s.maxRunning == 0 {
		s.maxRunning = DefaultMaxRunning
	}
	if s.memory == nil {
		s.memory = boundless{}
	}
	if s.observer == nil {
		s.observer = nobody{}
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	return s
}

// Models returns every model, ordered by id. The slice is not to be changed.
func (s *Service) Models() []Model { return s.models() }

// Model returns the model of that id or alias: CodeModelNotFound.
func (s *Service) Model(name string) (Model, error) {
	models := s.models()
	i, ok := slices.BinarySearchFunc(models, name, func(m Model, id string) int { return strings.Compare(m.ID, id) })
	if !ok {
		i = slices.IndexFunc(models, func(m Model) bool { return m.Named(name) })
	}
	if i < 0 {
		return Model{}, &Error{
			Code:    CodeModelNotFound,
			Param:   "model",
			Message: "The model does not exist, or you may not use it.",
		}
	}
	return models[i], nil
}

// byID returns the request with its model's id in the place of an alias. One that names no
// model stays as it is.
func (s *Service) byID(req *Request) *Request {
	model, err := s.Model(req.Model)
	if err != nil || model.ID == req.Model {
		return req
	}
	own := *req
	own.Model = model.ID
	return &own
}

// Stream starts a completion, or attaches to the one that the principal's
// idempotency key names, and follows it from its first event. The stream counts as a
// reader from here on; ctx ends it.
func (s *Service) Stream(ctx context.Context, principal, key string, req *Request) (*Stream, error) {
	meta, r, err := s.admit(ctx, principal, key, req, OnDisconnectGrace)
	if err != nil {
		return nil, err
	}
	return s.newStream(ctx, meta, r, FromStart, meta.Request.Stream.IncludeEvents), nil
}

// Create starts a completion, as Stream does, and returns it when it has ended. One
// that failed or was cancelled is returned as its error.
func (s *Service) Create(ctx context.Context, principal, key string, req *Request) (*Completion, error) {
	policy := OnDisconnectGrace
	if key == "" {
		policy = OnDisconnectCancel // nobody could come back for the answer
	}
	meta, r, err := s.admit(ctx, principal, key, req, policy)
	if err != nil {
		return nil, err
	}
	sum := newTally(meta.Request.Choices())
	for entry, err := range s.newStream(ctx, meta, r, FromStart, false).Entries() {
		if err != nil {
			return nil, err
		}
		sum.add(&entry.Event)
	}
	c := sum.completion(meta)
	if c.Err != nil {
		return nil, c.Err
	}
	return c, nil
}

// Resume follows a completion after the given sequence number, [FromStart] for all
// of it: CodeCompletionNotFound, CodeCompletionExpired, CodeInvalidCursor where
// there is no such event yet. After the terminal event the stream is empty.
func (s *Service) Resume(ctx context.Context, principal, id string, after int64, progress bool) (*Stream, error) {
	head, err := s.head(ctx, principal, id)
	if err != nil {
		return nil, err
	}
	if after > head.Last {
		if head, err = s.log.Latest(ctx, id); err != nil {
			return nil, s.failure(err)
		}
	}
	if after < FromStart || after > head.Last {
		return nil, Errorf(CodeInvalidCursor, "The event to resume after does not exist.")
	}
	var r *run
	if head.Terminal == nil {
		r = s.join(id)
	}
	return s.newStream(ctx, head.Meta, r, after, progress || head.Meta.Request.Stream.IncludeEvents), nil
}

// Cancel ends a completion and returns it; one that has ended stays as it is. Once
// Cancel has returned, the completion has its terminal event.
func (s *Service) Cancel(ctx context.Context, principal, id string) (*Completion, error) {
	head, err := s.head(ctx, principal, id)
	if err != nil {
		return nil, err
	}
	if head.Terminal == nil {
		if err := s.cancel(ctx, head.Meta); err != nil {
			return nil, err
		}
	}
	return s.Get(ctx, principal, id)
}

// cancel has the run end the completion, so that its usage is known, and ends it
// over the run's head where that takes too long or the run is not ours.
func (s *Service) cancel(ctx context.Context, m *Meta) error {
	s.mu.Lock()
	r := s.running[m.ID]
	s.mu.Unlock()
	if r != nil {
		r.stop(errCancelled)
		patience := time.NewTimer(cancelPatience)
		defer patience.Stop()
		select {
		case <-r.done: // by its own end, or because it is not ours to end any more: the log knows
		case <-ctx.Done():
			return ctx.Err()
		case <-patience.C:
		}
	}
	terminal := Event{Kind: KindError, Err: errCancelled}
	switch err := s.log.Seal(ctx, m.ID, terminal); {
	case err == nil:
		s.observer.Ended(ctx, m, &terminal, 0, 0)
	case !errors.Is(err, ErrSealed):
		return s.failure(err)
	}
	return nil
}

// Shutdown refuses new completions, waits for the running ones and, when ctx ends,
// ends them with an error that asks clients to come back or, with [Config.Handover],
// leaves them as they are. It returns ctx's error if it had to, at most a second later.
// It may be called once.
func (s *Service) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()

	idle := make(chan struct{})
	go func() { s.wg.Wait(); close(idle) }() // ends with the last run
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	left := slices.Collect(maps.Values(s.running))
	s.mu.Unlock()
	for _, r := range left {
		r.stop(errShutdown)
	}
	patience := time.NewTimer(cancelPatience)
	defer patience.Stop()
	select {
	case <-idle:
	case <-patience.C:
		if s.handover {
			break
		}
		s.sealOver(context.WithoutCancel(ctx), left)
	}
	return ctx.Err()
}

// sealOver ends completions whose engines do not let go of them.
func (s *Service) sealOver(ctx context.Context, runs []*run) {
	for _, r := range runs {
		terminal := Event{Kind: KindError, Err: errShutdown}
		switch err := s.log.Seal(ctx, r.id, terminal); {
		case err == nil:
			s.observer.Ended(ctx, r.meta, &terminal, 0, 0)
		case !endedElsewhere(err):
			s.logger.ErrorContext(ctx, "cannot store the end of a completion", slog.String("completion", r.id), slog.Any("error", err))
		}
	}
}

// failure turns an error of the log or of an engine into one for the caller.
func (s *Service) failure(err error) error {
	var share *ShareError
	switch {
	case errors.As(err, &share):
		return share.shown()
	case errors.Is(err, ErrNotFound):
		return errNotFound
	case errors.Is(err, ErrTrimmed):
		return errExpired
	case errors.Is(err, ErrLost) && !errors.Is(err, ErrLogFull):
		return errInterrupted
	case errors.Is(err, ErrLogFull): // first: it may wrap a deadline that was the log's own
		return &Error{Code: CodeOverloaded, Message: overloadedMessage, RetryAfter: time.Second, Err: err}
	case errors.Is(err, ErrTooLong):
		return &Error{Code: CodeRequestTooLarge, Message: "The request is larger than the service can keep.", Err: err}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	var shown *Error
	if errors.As(err, &shown) {
		return err
	}
	return Internal(err)
}

const overloadedMessage = "The service is overloaded. Please try again shortly."

// cancelPatience is how long a run may take to end before it is ended without its
// usage. Engines return within 100 ms.
const cancelPatience = time.Second

// Errors that say the same whenever they come up.
var (
	errNotFound    = Errorf(CodeCompletionNotFound, "There is no such completion.")
	errExpired     = Errorf(CodeCompletionExpired, "The completion is retained no longer.")
	errCancelled   = Errorf(CodeCompletionCancelled, "The completion was cancelled.")
	errAbandoned   = Errorf(CodeCompletionCancelled, "The completion was cancelled because nobody followed it.")
	errConflict    = Errorf(CodeIdempotencyConflict, "The idempotency key was used before with another request.")
	errInterrupted = &Error{
		Code: CodeInterrupted, Message: "The answer was interrupted and cannot be continued. Please ask again.", RetryAfter: time.Second,
	}
	errTooLong  = Errorf(CodeAnswerTooLong, "The answer is longer than the service keeps.")
	errShutdown = &Error{Code: CodeOverloaded, Message: "The service is restarting. Please try again.", RetryAfter: time.Second}
	errBusy     = &Error{Code: CodeOverloaded, Message: overloadedMessage, RetryAfter: time.Second}
)
