package advisor

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// The ids of the models.
const (
	ModelAdvisor = "pet-advisor-1"
	// ModelTurbo answers the same questions in fewer words.
	ModelTurbo = "pet-advisor-turbo"
)

// The models' aliases, spelled like constants.
const (
	AliasAdvisor = "PET_ADVISOR_1"
	AliasTurbo   = "PET_ADVISOR_TURBO"
)

const (
	contextWindow = 32768
	// version changes whenever a request may get another answer from the same catalogue. It is part of the
	// fingerprint.
	version = "advisor-2.16.0"
)

// Config configures an [Advisor].
type Config struct {
	Catalogue *catalogue.Catalogue // required
	// Pace is how many tokens each choice shows per second; 0: as fast as they are read.
	Pace float64
}

// An Advisor answers questions about the store's pets and their care. It is a [chat.Engine], and safe for concurrent
// use.
type Advisor struct {
	cat         *catalogue.Catalogue
	planner     *plan.Planner
	pace        float64
	tokens      tokens
	fingerprint string
}

var _ chat.Engine = (*Advisor)(nil)

// New returns an advisor for a catalogue.
func New(config Config) (*Advisor, error) {
	if config.Catalogue == nil {
		return nil, errors.New("advisor: no catalogue")
	}
	if config.Pace < 0 {
		return nil, fmt.Errorf("advisor: pace %g is negative", config.Pace)
	}
	codec, err := newTokens()
	if err != nil {
		return nil, err
	}
	planner, err := plan.New(config.Catalogue)
	if err != nil {
		return nil, fmt.Errorf("advisor: %w", err)
	}
	sum := sha256.Sum256([]byte(version + "\n" + config.Catalogue.Digest()))
	return &Advisor{
		cat:         config.Catalogue,
		planner:     planner,
		pace:        config.Pace,
		tokens:      codec,
		fingerprint: chat.Fingerprint(sum[:]),
	}, nil
}

// Models describes the advisor's models.
func (a *Advisor) Models() []chat.Model {
	model := chat.Model{
		Created: time.Date(2026, time.October, 1, 0, 0, 0, 0, time.UTC),
		OwnedBy: "petstore",
		Capabilities: chat.Capabilities{
			JSONOutput: chat.Used, Tools: chat.Ignored, OtherTools: chat.Ignored, Images: chat.Ignored, Reasoning: chat.Ignored,
		},
		ContextWindow: contextWindow,
		Fingerprint:   a.fingerprint,
		Engine:        a,
	}
	advisor, turbo := model, model
	advisor.ID, turbo.ID = ModelAdvisor, ModelTurbo
	advisor.Aliases, turbo.Aliases = []string{AliasAdvisor}, []string{AliasTurbo}
	return []chat.Model{advisor, turbo}
}

// Check refuses a prompt that exceeds the context window, and a schema that requires unknown properties.
func (a *Advisor) Check(ctx context.Context, req *chat.Request) error {
	n, err := a.tokens.Prompt(ctx, req.Messages, contextWindow)
	if err != nil {
		return err
	}
	if n > contextWindow {
		return &chat.Error{
			Code:    chat.CodeContextLengthExceeded,
			Param:   "messages",
			Message: fmt.Sprintf("This model's maximum context length is %d tokens, and your messages are longer. Please shorten them.", contextWindow),
		}
	}
	if f := req.ResponseFormat; f != nil && f.Kind == chat.FormatJSONSchema {
		_, err = a.write(req, a.listen(req.Messages), 0)
	}
	return err
}

// Complete composes the answer, which takes milliseconds, and then yields it at the configured pace: one token of
// every choice per beat. The events in resume are composed again and compared, without a pause.
func (a *Advisor) Complete(ctx context.Context, req *chat.Request, resume []chat.Event) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		s := newStream(yield, resume, a.pace)
		if req.Stream.IncludeEvents && !yield(progress(chat.StageRetrieval), nil) {
			return
		}
		choices, err := a.prepare(ctx, req, &s.usage)
		if err != nil {
			if ctx.Err() != nil {
				s.stop(ctx)
				return
			}
			yield(chat.Event{}, err)
			return
		}
		if req.Stream.IncludeEvents && !yield(progress(chat.StageGenerating), nil) {
			return
		}
		s.run(ctx, choices)
	}
}

// prepare composes all choices and counts the prompt's tokens.
func (a *Advisor) prepare(ctx context.Context, req *chat.Request, usage *chat.Usage) ([]cut, error) {
	n, err := a.tokens.Prompt(ctx, req.Messages, contextWindow)
	if err != nil {
		return nil, err
	}
	usage.PromptTokens = int64(n)
	limit, limited := req.TokenLimit()
	pl := a.listen(req.Messages)
	choices := make([]cut, req.Choices())
	for i := range choices {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		answer, err := a.write(req, pl, i)
		if err != nil {
			return nil, err
		}
		if choices[i], err = a.tokens.split(answer.Text, limit, limited, req.Stop); err != nil {
			return nil, err
		}
		c := &choices[i]
		c.pets = shownPets(&answer, c.text)
		if c.text == answer.Text && (req.ResponseFormat == nil || req.ResponseFormat.Kind == chat.FormatText) {
			c.onward = a.onward(req.Messages, pl, c.pets)
		}
	}
	return choices, nil
}

func progress(stage chat.Stage) chat.Event {
	return chat.Event{Kind: chat.KindProgress, Progress: &chat.Progress{Stage: stage}}
}
