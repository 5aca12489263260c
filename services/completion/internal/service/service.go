package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pawstream/pawstream/internal/unknown"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Defaults of [Config].
const (
	DefaultGrace      = 15 * time.Second
	DefaultMaxRunning = 10_000
)

// Config is the configuration of a [Service]. Log is required.
type Config struct {
	Log    chat.Log
	Models []chat.Model
	// Source, if not nil, replaces Models, and may change its result while the service runs: ordered by id, no
	// id twice. It is called at each use, and must return at once.
	Source func() []chat.Model
	// Grace is how long a completion with [chat.OnDisconnectGrace] runs without a reader; 0: [DefaultGrace].
	Grace time.Duration
	// MaxRunning bounds how many completions are generated at once; 0: [DefaultMaxRunning]. One caller's may be as
	// many as are free: half of them, or a quarter if another caller has half.
	MaxRunning int
	// Anybody is the principal of unknown callers: it may use all of MaxRunning.
	Anybody string
	// Memory bounds the memory of all running completions; nil: no limit.
	Memory chat.Memory
	// Counter counts tokens of prompts; nil: prompts are not counted.
	Counter chat.Counter
	// Deadlines bound how long engines may take.
	Deadlines Deadlines
	// Cluster has the other processes that serve the log. They, or this process after a restart, continue what
	// it leaves unfinished, so Shutdown ends none of that. nil: there are none.
	Cluster chat.Cluster
	// Observer observes what happens to completions; nil: none.
	Observer chat.Observer
	// Logger gets what callers are not shown; nil: discarded.
	Logger *slog.Logger
}

// A Service creates completions and lets readers follow them. It is safe for
// concurrent use. Its errors are [*chat.Error], or the context's where that ended.
type Service struct {
	log       chat.Log
	models    func() []chat.Model // by id
	grace     time.Duration
	places    *places
	memory    chat.Memory
	counter   chat.Counter
	deadlines Deadlines
	observer  chat.Observer
	logger    *slog.Logger
	cluster   chat.Cluster
	askings   *askings

	mu      sync.Mutex
	running map[string]*run
	closed  bool
	wg      sync.WaitGroup // one for each run
}

// New returns a service that answers with cfg's models. [Service.Shutdown] ends it.
func New(cfg Config) *Service {
	s := &Service{
		log:       cfg.Log,
		models:    cfg.Source,
		grace:     cfg.Grace,
		places:    newPlaces(cmp.Or(cfg.MaxRunning, DefaultMaxRunning), cfg.Anybody),
		memory:    cfg.Memory,
		counter:   cfg.Counter,
		deadlines: cfg.Deadlines,
		observer:  cfg.Observer,
		logger:    cfg.Logger,
		cluster:   cfg.Cluster,
		askings:   newAskings(),
		running:   make(map[string]*run),
	}
	if s.models == nil {
		models := slices.SortedFunc(slices.Values(cfg.Models), func(a, b chat.Model) int { return strings.Compare(a.ID, b.ID) })
		s.models = func() []chat.Model { return models }
	}
	if s.grace == 0 {
		s.grace = DefaultGrace
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
	if s.cluster == nil {
		s.cluster = alone{}
	}
	s.cluster.TellAsked(s.askings.find)
	return s
}

// Models returns every model, ordered by id. The slice is not to be changed.
func (s *Service) Models() []chat.Model { return s.models() }

// Model returns the model of that id or alias: CodeModelNotFound.
func (s *Service) Model(name string) (chat.Model, error) {
	models := s.models()
	i, ok := slices.BinarySearchFunc(models, name, func(m chat.Model, id string) int { return strings.Compare(m.ID, id) })
	if !ok {
		i = slices.IndexFunc(models, func(m chat.Model) bool { return m.Named(name) })
	}
	if i < 0 {
		return chat.Model{}, &chat.Error{
			Code:    chat.CodeModelNotFound,
			Param:   "model",
			Message: unknown.Model(name, ids(models)),
		}
	}
	return models[i], nil
}

func ids(models []chat.Model) []string {
	names := make([]string, len(models))
	for i := range models {
		names[i] = models[i].ID
	}
	return names
}

// byID returns the request with an alias replaced by its model's id. A request that names no model stays as it
// is.
func (s *Service) byID(req *chat.Request) *chat.Request {
	model, err := s.Model(req.Model)
	if err != nil || model.ID == req.Model {
		return req
	}
	own := *req
	own.Model = model.ID
	return &own
}

// Stream starts a completion, or attaches to the one that the principal's
// idempotency key names, or that an earlier sending of the same request began, and follows it from its first
// event. The stream counts as a reader from here on; ctx ends it.
func (s *Service) Stream(ctx context.Context, principal, key string, req *chat.Request) (*Stream, error) {
	meta, r, err := s.admit(ctx, principal, key, req, chat.OnDisconnectGrace)
	if err != nil {
		return nil, err
	}
	return s.newStream(ctx, meta, r, chat.FromStart, meta.Request.Stream.IncludeEvents), nil
}

// Create starts a completion, as Stream does, and returns it when it has ended. One
// that failed or was cancelled is returned as its error.
func (s *Service) Create(ctx context.Context, principal, key string, req *chat.Request) (*chat.Completion, error) {
	policy := chat.OnDisconnectGrace
	if key == "" && req.SentBefore == nil {
		policy = chat.OnDisconnectCancel // nobody could return for the answer
	}
	meta, r, err := s.admit(ctx, principal, key, req, policy)
	if err != nil {
		return nil, err
	}
	sum := chat.NewTally(meta.Request.Choices())
	for entry, err := range s.newStream(ctx, meta, r, chat.FromStart, false).Entries() {
		if err != nil {
			return nil, err
		}
		sum.Add(&entry.Event)
	}
	c := sum.Completion(meta)
	if c.Err != nil {
		return nil, c.Err
	}
	return c, nil
}

// Resume follows a completion after the given sequence number, [chat.FromStart] for all of it:
// CodeCompletionNotFound, CodeCompletionExpired, CodeInvalidCursor if there is no such event yet. After the
// terminal event the stream is empty.
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
	if err := checkCursor(&head, after); err != nil {
		return nil, err
	}
	var r *run
	if head.Terminal == nil {
		r = s.join(id)
	}
	return s.newStream(ctx, head.Meta, r, after, progress || head.Meta.Request.Stream.IncludeEvents), nil
}

// checkCursor returns the error for a reader that cannot resume after an event.
func checkCursor(head *chat.Head, after int64) error {
	switch {
	case after > head.Last && head.Terminal != nil:
		return chat.Errorf(chat.CodeInvalidCursor, "The event to resume after does not exist: the last one is %d.", head.Last)
	case after < chat.FromStart, after > head.Last:
		return chat.Errorf(chat.CodeInvalidCursor, "The event to resume after does not exist, or not yet.")
	case head.Terminal != nil && head.Terminal.EndsBefore(head.Last, after):
		return chat.Errorf(chat.CodeInvalidCursor, "The event to resume after does not exist any more: the answer was interrupted before it.")
	}
	return nil
}

// UntilNow yields the existing events of a completion after the given sequence number, and waits for no more.
// Its reader keeps no generation going. The errors are those of [Service.Resume].
func (s *Service) UntilNow(ctx context.Context, principal, id string, after int64) (*Stream, error) {
	head, err := s.latest(ctx, principal, id)
	if err != nil {
		return nil, err
	}
	if err := checkCursor(&head, after); err != nil {
		return nil, err
	}
	stream := s.newStream(ctx, head.Meta, nil, after, false)
	stream.until = &head.Last
	return stream, nil
}

// Cancel ends a completion and returns it; one that has ended stays as it is. Once
// Cancel has returned, the completion has its terminal event.
func (s *Service) Cancel(ctx context.Context, principal, id string) (*chat.Completion, error) {
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

// cancel makes the run end the completion, so that its usage is known, and ends it over the run's head if that
// takes too long or the run is not ours.
func (s *Service) cancel(ctx context.Context, m *chat.Meta) error {
	s.mu.Lock()
	r := s.running[m.ID]
	s.mu.Unlock()
	if r != nil {
		r.stop(errCancelled)
		patience := time.NewTimer(cancelPatience)
		defer patience.Stop()
		select {
		case <-r.done: // it ended by itself, or is no longer ours to end: the log knows
		case <-ctx.Done():
			return ctx.Err()
		case <-patience.C:
		}
	}
	terminal := chat.Event{Kind: chat.KindError, Err: errCancelled}
	switch settle, err := s.log.Seal(ctx, m.ID, terminal); {
	case err == nil:
		settle(func() { s.observer.Ended(ctx, m, &terminal, 0, 0) })
	case !errors.Is(err, chat.ErrSealed):
		return s.failure(err)
	}
	return nil
}

// Shutdown refuses new completions, waits for the running ones and, when ctx ends,
// ends them with an error that asks clients to retry or, if there is a [Config.Cluster], leaves them as they
// are. It returns ctx's error if it had to, at most a second later. It may be called once.
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
		if handsOver(s.cluster) {
			break
		}
		s.sealOver(context.WithoutCancel(ctx), left)
	}
	return ctx.Err()
}

// handsOver reports whether another process continues what this one leaves unfinished.
func handsOver(cluster chat.Cluster) bool {
	_, none := cluster.(alone)
	return !none
}

// sealOver ends completions whose engines do not return.
func (s *Service) sealOver(ctx context.Context, runs []*run) {
	for _, r := range runs {
		terminal := chat.Event{Kind: chat.KindError, Err: errShutdown}
		switch settle, err := s.log.Seal(ctx, r.id, terminal); {
		case err == nil:
			settle(func() { s.observer.Ended(ctx, r.meta, &terminal, 0, 0) })
		case !endedElsewhere(err):
			s.logger.ErrorContext(ctx, "cannot store the end of a completion", slog.String("completion", r.id), slog.Any("error", err))
		}
	}
}

// failure turns an error of the log or of an engine into one for the caller.
func (s *Service) failure(err error) error {
	var share *chat.ShareError
	switch {
	case errors.As(err, &share):
		return overShare(share)
	case errors.Is(err, chat.ErrNotFound):
		return errNotFound
	case errors.Is(err, chat.ErrTrimmed):
		return errExpired
	case errors.Is(err, chat.ErrLost) && !errors.Is(err, chat.ErrLogFull):
		return errInterrupted
	case errors.Is(err, chat.ErrLogFull): // first: it may wrap a deadline that was the log's own
		return &chat.Error{Code: chat.CodeOverloaded, Message: overloadedMessage, RetryAfter: time.Second, Refusal: chat.RefusedLog, Err: err}
	case errors.Is(err, chat.ErrTooLong):
		return &chat.Error{Code: chat.CodeRequestTooLarge, Message: "The request is larger than the service can keep.", Err: err}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	var shown *chat.Error
	if errors.As(err, &shown) {
		return err
	}
	return chat.Internal(err)
}

// overShare returns the error for a caller whose share of the log is used up.
func overShare(e *chat.ShareError) *chat.Error {
	const mib = 1 << 20
	return &chat.Error{
		Code: chat.CodeRateLimited, RetryAfter: max(e.Frees, time.Second), Refusal: chat.RefusedLogShare, Err: e,
		Message: fmt.Sprintf("Your completions use %.1f MiB of the log, of %.1f MiB that one caller may use. The oldest of them expire in %s; please try again then.",
			float64(e.Held)/mib, float64(e.Limit)/mib, max(e.Frees, time.Second).Round(time.Second)),
	}
}

const overloadedMessage = "The service is overloaded. Please try again shortly."

// cancelPatience is how long a run may take to end before it is ended without its
// usage. Engines return within 100 ms.
const cancelPatience = time.Second

// Errors with a constant text.
var (
	errNotFound    = chat.Errorf(chat.CodeCompletionNotFound, unknown.Completion)
	errExpired     = chat.Errorf(chat.CodeCompletionExpired, "The completion is no longer stored.")
	errCancelled   = chat.Errorf(chat.CodeCompletionCancelled, "The completion was cancelled.")
	errAbandoned   = chat.Errorf(chat.CodeCompletionCancelled, "The completion was cancelled because nobody followed it.")
	errConflict    = chat.Errorf(chat.CodeIdempotencyConflict, "The idempotency key was used before with another request. Use a new one.")
	errInterrupted = &chat.Error{
		Code: chat.CodeInterrupted, Message: "The answer was interrupted and cannot be continued. Please ask again.", RetryAfter: time.Second,
	}
	errTooLong  = chat.Errorf(chat.CodeAnswerTooLong, "The answer is longer than the service keeps.")
	errShutdown = &chat.Error{
		Code: chat.CodeOverloaded, Message: "The service is restarting. Please try again.", RetryAfter: time.Second, Refusal: chat.RefusedDraining,
	}
	errBusy = &chat.Error{Code: chat.CodeOverloaded, Message: overloadedMessage, RetryAfter: time.Second, Refusal: chat.RefusedRunning}
)
