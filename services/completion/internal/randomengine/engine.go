// Package randomengine is an engine for tests: its text differs at each call, like that of a model that
// samples. This lets tests detect a token that is shown without being stored, or generated again after it was
// shown.
//
// It records everything that it yields, so that a checker can compare this with the stored and the shown
// events.
package randomengine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/big"
	"time"

	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// ModelRandom is the model's name.
const ModelRandom = "random-1"

// Config is the configuration of an [Engine].
type Config struct {
	// Pace is the number of tokens per second of an answer; 0: as fast as they are read.
	Pace float64
	// Min and Max bound the number of tokens of an answer, which each call draws anew. A request's own limit
	// takes precedence.
	Min, Max int
	// Journal receives each [Line] as a line of JSON; nil: no journal.
	Journal io.Writer
}

// An Engine answers with random tokens. It is a [chat.Engine], and safe for concurrent use.
type Engine struct {
	cfg     Config
	journal journal
}

var _ chat.Engine = (*Engine)(nil)

// New returns an engine.
func New(cfg Config) (*Engine, error) {
	if cfg.Pace < 0 || cfg.Min < 0 || cfg.Max < cfg.Min {
		return nil, fmt.Errorf("randomengine: pace %g, %d to %d tokens", cfg.Pace, cfg.Min, cfg.Max)
	}
	return &Engine{cfg: cfg, journal: journal{to: cfg.Journal}}, nil
}

// Model returns the engine's model.
func (e *Engine) Model() chat.Model {
	return chat.Model{ID: ModelRandom, Created: time.Unix(1790000000, 0), OwnedBy: "tests", Fingerprint: "fp_random", Engine: e}
}

// Check refuses more than one choice.
func (e *Engine) Check(_ context.Context, req *chat.Request) error {
	if req.Choices() != 1 {
		return &chat.Error{Code: chat.CodeUnsupportedParameter, Param: "n", Message: "The model gives one choice."}
	}
	return nil
}

// Complete yields random tokens. If resume is not empty, it continues after its last event.
func (e *Engine) Complete(ctx context.Context, req *chat.Request, resume []chat.Event) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		a := &answer{engine: e, yield: yield, name: rand.Text(), tag: req.User, shown: resume}
		a.journal(Line{Step: StepBegin, Resumed: len(resume)})
		err := a.run(ctx, e.length(req))
		end := Line{Step: StepEnd}
		if err != nil {
			end.Error = err.Error()
		}
		a.journal(end)
		if err != nil && !errors.Is(err, errLeft) {
			yield(chat.Event{}, err)
		}
	}
}

// length draws the number of tokens of an answer.
func (e *Engine) length(req *chat.Request) int {
	if limit, limited := req.TokenLimit(); limited {
		return limit
	}
	return e.cfg.Min + random(e.cfg.Max-e.cfg.Min+1)
}

// errLeft says that the caller has stopped ranging over the answer.
var errLeft = errors.New("randomengine: range was left")

// An answer is one call of Complete.
type answer struct {
	engine *Engine
	yield  func(chat.Event, error) bool
	name   string
	tag    string
	shown  []chat.Event
}

// run yields the missing events of an answer of length tokens.
func (a *answer) run(ctx context.Context, length int) error {
	opened, finished, tokens := false, false, 0
	for i := range a.shown {
		switch e := &a.shown[i]; {
		case e.Kind == chat.KindFinish:
			finished = true
		case e.Delta.Role != "":
			opened = true
		default:
			tokens++
		}
	}
	usage := &chat.Usage{PromptTokens: 1, CompletionTokens: int64(max(tokens, length))}
	if !opened {
		if err := a.emit(chat.Opening(0)); err != nil {
			return err
		}
	}
	for ; tokens < length && !finished; tokens++ {
		if err := a.wait(ctx); err != nil {
			usage.CompletionTokens = int64(tokens)
			return errors.Join(a.tell(usage), err)
		}
		if err := a.emit(chat.Text(0, token())); err != nil {
			return err
		}
	}
	if !finished {
		if err := a.emit(chat.Finish(0, chat.FinishStop)); err != nil {
			return err
		}
	}
	return a.tell(usage)
}

// emit writes an event to the journal before it yields it, so that the journal has every stored event even if
// the process dies in between.
func (a *answer) emit(e chat.Event) error {
	a.journal(eventLine(&e))
	if !a.yield(e, nil) {
		return errLeft
	}
	return nil
}

// tell yields the usage, without a line in the journal.
func (a *answer) tell(usage *chat.Usage) error {
	if !a.yield(chat.UsageEvent(*usage), nil) {
		return errLeft
	}
	return nil
}

// wait waits for a random time, on average that of the pace.
func (a *answer) wait(ctx context.Context) error {
	if a.engine.cfg.Pace == 0 {
		return ctx.Err()
	}
	beat := float64(time.Second) / a.engine.cfg.Pace
	return wait.For(ctx, time.Duration(beat*(0.5+float64(random(1000))/1000)))
}

func (a *answer) journal(l Line) {
	l.Attempt, l.Tag, l.At = a.name, a.tag, time.Now()
	a.engine.journal.write(&l)
}

// token returns a unique word.
func token() string { return " " + rand.Text()[:12+random(4)] }

func random(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // crypto/rand.Reader never fails
	}
	return int(i.Int64())
}
