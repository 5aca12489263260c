package server

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Explain is the command that shows what the embedded advisor makes of a question, without a
// server. It implements config.Command.
type Explain struct {
	Turns []string `arg:"" name:"question" help:"What is asked; of several, the turns of one conversation, the last one is explained."`
}

// Run explains the last turn.
func (e *Explain) Run(ctx context.Context, stdout io.Writer) error {
	return e.run(stdout, func(w io.Writer, turns []string) error { return explain(ctx, w, turns) })
}

// run has explain write what there is to say of a conversation's last turn.
func (e *Explain) run(w io.Writer, explain func(w io.Writer, turns []string) error) error {
	for i, turn := range e.Turns {
		if strings.TrimSpace(turn) == "" {
			return fmt.Errorf("turn %d says nothing: ask a question", i+1)
		}
	}
	return explain(w, e.Turns)
}

// explain writes the advisor's answer to the last of the turns. It knows the answers before.
func explain(ctx context.Context, w io.Writer, turns []string) error {
	store, err := catalogue.Load()
	if err != nil {
		return fmt.Errorf("catalogue: %w", err)
	}
	defer func() { _ = store.Close() }() // an index in memory
	pets, err := advisor.New(advisor.Config{Catalogue: store})
	if err != nil {
		return fmt.Errorf("advisor: %w", err)
	}
	req := &chat.Request{Model: advisor.ModelAdvisor}
	say := func(role chat.Role, text string) {
		req.Messages = append(req.Messages, chat.Message{Role: role, Parts: []chat.Part{{Kind: chat.PartText, Text: text}}})
	}
	var answer string
	for _, turn := range turns {
		say(chat.RoleUser, turn)
		if answer, err = answerTo(ctx, pets, req); err != nil {
			return err
		}
		say(chat.RoleAssistant, answer)
	}
	_, err = fmt.Fprintln(w, answer)
	return err
}

// answerTo returns the text of an engine's one answer to a request.
func answerTo(ctx context.Context, engine chat.Engine, req *chat.Request) (string, error) {
	if err := engine.Check(ctx, req); err != nil {
		return "", err
	}
	var text strings.Builder
	for e, err := range engine.Complete(ctx, req, nil) {
		if err != nil {
			return "", err
		}
		text.WriteString(e.Delta.Content)
	}
	return text.String(), nil
}
