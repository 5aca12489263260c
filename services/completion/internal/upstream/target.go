package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// Timeouts bound what a server may take; zero: no bound but the service's own.
type Timeouts struct {
	Connect time.Duration // to accept the connection
	First   time.Duration // from asking it to its first event
	Idle    time.Duration // between two events
	Total   time.Duration // for the whole answer
}

// TargetConfig is what a [Target] is made of. BaseURL, Model and Counter are required.
type TargetConfig struct {
	BaseURL string // what "/chat/completions" follows
	Model   string // the server's name for it
	Key     string // bearer token; empty: none is sent
	// Headers are sent too. Neither they nor the key are ever told to anybody else.
	Headers map[string]string
	Timeouts
	// MaxConcurrent bounds how many answers the server gives at once, MaxQueue how many
	// wait for that; zero: no bound, and nobody waits.
	MaxConcurrent, MaxQueue int
	Continuation            Continuation
	// Grounding has the model told what the catalogue says about the question. With
	// Tools it may also search the pets itself, where the caller brings no tools.
	Grounding, Tools bool

	Catalogue *catalogue.Catalogue // required for Grounding
	Counter   tokencount.Counter
	// Transport makes the calls; nil: one of the target's own.
	Transport http.RoundTripper
}

// A Target is one model of one server. It may be used by several goroutines at once.
type Target struct {
	cfg     TargetConfig
	secrets secrets
	client  openai.Client
	health  health
	queue   *queue
}

// Bounds of what a target does about failures.
const (
	maxRounds  = 4 // of questions that a model asks with search_pets
	maxEvent   = 4 << 20
	maxRefusal = 64 << 10
	drainTime  = 20 * time.Millisecond
)

// NewTarget returns a target. It connects when it is asked.
func NewTarget(cfg TargetConfig) *Target {
	if cfg.Continuation == "" {
		cfg.Continuation = ContinueNone
	}
	t := &Target{cfg: cfg, secrets: newSecrets(cfg.Key, cfg.Headers), queue: newQueue(cfg.MaxConcurrent, cfg.MaxQueue)}
	transport := cfg.Transport
	if transport == nil {
		transport = newTransport(&cfg)
	}
	options := []option.RequestOption{
		option.WithBaseURL(cfg.BaseURL),
		option.WithMaxRetries(0),
		option.WithHTTPClient(&http.Client{
			Transport: transport,
			// The key is for this server, not for one that it names.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
		option.WithMiddleware(bounded),
		option.WithHeader("Accept", "text/event-stream"),
	}
	for name, value := range cfg.Headers {
		options = append(options, option.WithHeader(name, value))
	}
	if cfg.Key != "" {
		options = append(options, option.WithHeader("Authorization", "Bearer "+cfg.Key))
	}
	// Not openai.NewClient: that takes keys and addresses from the environment.
	t.client = openai.Client{Options: options}
	return t
}

func newTransport(cfg *TargetConfig) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: cfg.Connect}).DialContext,
		TLSHandshakeTimeout: cfg.Connect,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}
}

// bounded keeps the text of a refusal, which the client reads whole, within bounds.
func bounded(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
	res, err := next(req)
	if err == nil && res.StatusCode >= http.StatusBadRequest {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxRefusal), res.Body}
	}
	return res, err
}

// attempt has the target give the answer, or what is left of it: nil when it is whole.
// first bounds the silence before its first event where the target has no bound for that.
// Other errors than errGone and the context's are a *failure, or chat.ErrCannotContinue.
func (t *Target) attempt(ctx context.Context, a *answer, first time.Duration) error {
	body, err := newRequest(t.cfg.Model, a.req)
	if err != nil {
		return err
	}
	s := session{target: t, answer: a, timeouts: t.cfg.Timeouts, ended: make([]bool, len(a.choices))}
	s.timeouts.First = cmp.Or(s.timeouts.First, first)
	for i := range a.choices {
		s.ended[i] = a.choices[i].finished
	}
	continued := a.touched()
	if continued {
		if !t.cfg.Continuation.can(a) {
			return chat.ErrCannotContinue
		}
		a.partial = true
		if t.cfg.Grounding {
			if err := t.ground(body, a, false); err != nil {
				return err
			}
		}
		if t.cfg.Continuation.extend(ctx, body, a, t.cfg.Counter) {
			return a.show(chat.Finish(0, chat.FinishLength))
		}
		if t.cfg.Continuation == ContinueMistral {
			s.echo.want = a.choices[0].text.String()
		}
	} else if t.cfg.Grounding {
		offered := t.offersTool(a.req)
		if err := t.ground(body, a, offered); err != nil {
			return err
		}
		s.intercept = offered
	}
	err = t.rounds(ctx, &s, body)
	var f *failure
	if continued && errors.As(err, &f) && f.callers() {
		// The caller's part was answered before: it is our way of going on that is refused.
		return fmt.Errorf("%w: %w", chat.ErrCannotContinue, f.shown.Err)
	}
	return err
}

// rounds asks the server, and again with what it wanted to know.
func (t *Target) rounds(ctx context.Context, s *session, body *request) error {
	for round := 1; ; round++ {
		if round == maxRounds { // it has asked enough
			body.Tools, s.intercept = nil, false
		}
		if err := t.once(ctx, s, body); err != nil {
			return t.secrets.withhold(err)
		}
		if len(s.calls) == 0 {
			return nil
		}
		body.Messages = append(body.Messages, t.answerCalls(s)...)
		s.reset()
	}
}

// once makes one call.
func (t *Target) once(ctx context.Context, s *session, body *request) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clock := newClock(s.timeouts, cancel)
	defer clock.stop()

	var res *http.Response
	clock.arm()
	err := t.client.Post(ctx, "chat/completions", body, &res)
	if err != nil {
		if res != nil && res.Body != nil {
			_ = res.Body.Close()
		}
		var refusal *openai.Error
		if errors.As(err, &refusal) && context.Cause(ctx) == nil {
			return refused(refusal, t.secrets)
		}
		if ctx.Err() != nil && errors.Is(context.Cause(ctx), ctx.Err()) {
			return ctx.Err() // the caller's doing
		}
		return connection(ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	return s.read(ctx, res, clock)
}

// A clock ends an attempt whose server is silent for too long.
type clock struct {
	timer, total *time.Timer // nil: no bound
	first, idle  time.Duration
	begun        bool
	cancel       context.CancelCauseFunc
}

var (
	errFirstLate = errors.New("no first event in time")
	errIdleLate  = errors.New("silent for too long")
	errTotalLate = errors.New("the whole answer took too long")
)

func newClock(t Timeouts, cancel context.CancelCauseFunc) *clock {
	c := &clock{first: t.First, idle: t.Idle, cancel: cancel}
	if t.Total > 0 {
		c.total = time.AfterFunc(t.Total, func() {
			cancel(&failure{shown: &chat.Error{Code: chat.CodeTotalTimeout, Message: totalMessage, Err: errTotalLate}})
		})
	}
	return c
}

// arm begins a silence.
func (c *clock) arm() {
	switch {
	case c.timer != nil && c.begun:
		c.timer.Reset(c.idle)
	case c.timer != nil: // the first event is being waited for already
	case !c.begun && c.first > 0:
		c.timer = time.AfterFunc(c.first, func() { c.cancel(late(errFirstLate)) })
	case c.begun && c.idle > 0:
		c.timer = time.AfterFunc(c.idle, func() {
			f := late(errIdleLate)
			f.shown.Code, f.shown.Message = chat.CodeIdleTimeout, idleMessage
			c.cancel(f)
		})
	}
}

// heard ends a silence. The time until the next arm is ours, not the server's.
func (c *clock) heard() {
	if c.timer != nil {
		c.timer.Stop()
	}
	if !c.begun {
		c.begun, c.timer = true, nil
	}
}

func (c *clock) stop() {
	for _, timer := range []*time.Timer{c.timer, c.total} {
		if timer != nil {
			timer.Stop()
		}
	}
}
