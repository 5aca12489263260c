package server

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// Explain is the command that shows how the embedded advisor understands a question, without a server. It
// implements config.Command.
type Explain struct {
	Turns []string `arg:"" name:"question" help:"The question. Several arguments are the turns of one conversation, of which the last is explained."`
}

// Help describes what is printed. It implements kong.HelpProvider.
func (e *Explain) Help() string {
	return `The output has one line per finding, and then the answer:

  question    The last turn.
  language    The language, if not English, and the turn in the advisor's own words.
  triage      How urgent it is (none, caution, today, now), the danger, what is refused, and the reason.
  sentence    A sentence, and the kinds of question it may be with their probabilities.
  mention     Words, what they stand for, and the role of that: owned, past, unwanted, of a person.
  wanted      A condition that the pets shown have to meet.
  left over   Words that were not understood.
  spoken of   A pet that "it" and the like refer to.
  answers     A part of the answer by its kind. Its passages follow, best first.
  answered    The claim that answers first, and how similar its question is, from 0 to 1.
  passage     A passage of a guide, its score, and the share of the question's words that it covers.`
}

// Run explains the last turn.
func (e *Explain) Run(_ context.Context, stdout io.Writer) error { return e.run(stdout, explain) }

// run checks the turns, and calls explain with them.
func (e *Explain) run(w io.Writer, explain func(w io.Writer, turns []string) error) error {
	for i, turn := range e.Turns {
		if strings.TrimSpace(turn) == "" {
			return fmt.Errorf("turn %d says nothing: ask a question", i+1)
		}
	}
	return explain(w, e.Turns)
}

// explain writes how the advisor understands the last turn, and its answer.
func explain(w io.Writer, turns []string) error {
	store, err := catalogue.Load()
	if err != nil {
		return fmt.Errorf("catalogue: %w", err)
	}
	pets, err := advisor.New(advisor.Config{Catalogue: store})
	if err != nil {
		return fmt.Errorf("advisor: %w", err)
	}
	return pets.Explain(w, turns...)
}
