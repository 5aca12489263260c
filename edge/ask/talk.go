package ask

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/pawstream/pawstream/internal/config"
)

// A message is one message of a conversation. The last one is the question.
type message struct {
	Content string `json:"content"`
	Role    string `json:"role"`
}

func question(text string) []message { return []message{{Role: "user", Content: text}} }

// converse asks the questions that the user types, each with the conversation so far. Ctrl-C stops an answer,
// and Ctrl-D ends the conversation. A signal from another process ends it too, with an error that wraps
// [config.ErrInterrupted].
func (a *Ask) converse(ctx context.Context, terminal *os.File) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	ctx = context.WithoutCancel(ctx) // the first signal ends ctx, but here it may only stop an answer
	lines := newLines(terminal)
	_, _ = io.WriteString(terminal, wrapped("Ask about a pet. Ctrl-C stops an answer, Ctrl-D ends.\n", widthOf(terminal)))
	var said []message
	for {
		text, err := lines.read(signals)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case strings.TrimSpace(text) == "":
			continue
		}
		asked := slices.Concat(said, question(text))
		answer, err := a.answer(ctx, terminal, asked, signals)
		if errors.Is(err, errEnded) {
			return config.ErrInterrupted
		}
		if err != nil {
			_, _ = io.WriteString(os.Stderr, wrapped(err.Error()+"\n", widthOf(os.Stderr)))
		}
		if answer != "" {
			said = slices.Concat(asked, []message{{Role: "assistant", Content: answer}})
		}
		_, _ = fmt.Fprintln(terminal)
	}
}

// errEnded says that a signal ends the process, and not only an answer.
var errEnded = errors.New("ended")

// answer asks, and returns the part of the answer that arrived.
func (a *Ask) answer(ctx context.Context, terminal *os.File, asked []message, signals <-chan os.Signal) (string, error) {
	f, err := a.asker(terminal, asked)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	f.out = io.MultiWriter(f.screen, &text)
	answering, stop := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case s := <-signals:
			if s == os.Interrupt {
				stop(config.ErrInterrupted)
			} else {
				stop(errEnded)
			}
		case <-answering.Done():
		}
	}()
	err = a.ask(answering, f)
	stop(nil)
	<-watched
	if errors.Is(context.Cause(answering), errEnded) {
		return text.String(), errEnded
	}
	return text.String(), err
}

// lines reads lines from a terminal, with a history.
type lines struct {
	in     *os.File
	typing *term.Terminal
}

func newLines(out io.Writer) *lines {
	return &lines{in: os.Stdin, typing: term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{os.Stdin, out}, "> ")}
}

// read returns the next line: [io.EOF] after Ctrl-D or Ctrl-C, [config.ErrInterrupted] after a signal. The
// pending read then ends with the process.
func (l *lines) read(signals <-chan os.Signal) (text string, err error) {
	before, err := term.MakeRaw(int(l.in.Fd()))
	if err != nil {
		return "", fmt.Errorf("standard input: %w", err)
	}
	defer func() { _ = term.Restore(int(l.in.Fd()), before) }() // the program is ending, or the next line reports it
	if width, height, err := term.GetSize(int(l.in.Fd())); err == nil && width > 0 {
		_ = l.typing.SetSize(width, height) // on failure, the terminal wraps by itself
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		text, err = l.typing.ReadLine()
	}()
	select {
	case <-read:
		return text, err
	case <-signals:
		return "", config.ErrInterrupted
	}
}
