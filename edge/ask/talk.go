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

// A message is what somebody has said in a conversation. The last one is the question.
type message struct {
	Content string `json:"content"`
	Role    string `json:"role"`
}

func question(text string) []message { return []message{{Role: "user", Content: text}} }

// converse asks what somebody types, one question after another, each with what was said before. Ctrl-C stops an answer, and
// Ctrl-D ends. A signal from elsewhere ends too, and the error wraps [config.ErrInterrupted].
func (a *Ask) converse(ctx context.Context, terminal *os.File) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	ctx = context.WithoutCancel(ctx) // the first signal ends that, and here it may be for an answer alone
	lines := newLines(terminal)
	_, _ = fmt.Fprintln(terminal, "Ask about a pet. Ctrl-C stops an answer, Ctrl-D ends.")
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
			_, _ = fmt.Fprintf(os.Stderr, "%v\n", err)
		}
		if answer != "" {
			said = slices.Concat(asked, []message{{Role: "assistant", Content: answer}})
		}
		_, _ = fmt.Fprintln(terminal)
	}
}

// errEnded says that somebody ends the process, and no answer alone.
var errEnded = errors.New("ended")

// answer asks, and returns as much of the answer as came.
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

// lines are what somebody types on a terminal, with a history.
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

// read returns the next line: [io.EOF] after Ctrl-D or Ctrl-C, [config.ErrInterrupted] after a signal. What still reads then ends
// with the process.
func (l *lines) read(signals <-chan os.Signal) (text string, err error) {
	before, err := term.MakeRaw(int(l.in.Fd()))
	if err != nil {
		return "", fmt.Errorf("standard input: %w", err)
	}
	defer func() { _ = term.Restore(int(l.in.Fd()), before) }() // it is on its way out, or the next line says
	if width, height, err := term.GetSize(int(l.in.Fd())); err == nil && width > 0 {
		_ = l.typing.SetSize(width, height) // the terminal wraps by itself then
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
