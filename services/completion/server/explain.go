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
