// Package ask is the command line's client of the public API. It asks a question, or follows an existing
// answer, and writes the answer as it arrives. On a terminal, it paints Markdown, and a user may ask one
// question after another. Other programs get plain text. After a lost connection, it resumes after the last
// received event.
//
// It is a client like any other, and knows only the edge's API.
package ask

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/telemetry"
)

// Client has the settings of both commands.
type Client struct {
	URL         string        `default:"http://127.0.0.1:8080" help:"URL of the edge (${default})." placeholder:"URL"`
	KeyFile     string        `help:"File with the API key, if the edge needs one." placeholder:"FILE"`
	APIKey      string        `name:"api-key" help:"API key. Set it in the environment: everybody on the machine can read a command line." placeholder:"KEY"`
	Raw         bool          `xor:"form" help:"Print the frames exactly as they arrive, each as soon as it is complete."`
	JSON        bool          `xor:"form" name:"json" help:"Print the data of each event as one line of JSON."`
	NoColor     string        `name:"no-color" env:"NO_COLOR" help:"If not empty, print no colours on a terminal (no-color.org)." placeholder:"1"`
	GiveUpAfter time.Duration `name:"give-up-after" default:"60s" help:"How long to keep trying while the edge is down or busy."`
}

// Ask is the command that asks a question. It implements config.Command.
type Ask struct {
	Question  []string `arg:"" optional:"" help:"The question. Without one, ask starts a conversation if it runs on a terminal, and otherwise reads the question from standard input. - always reads standard input."`
	Model     string   `default:"pet-advisor-1" help:"Model that answers."`
	API       string   `name:"api" default:"chat" enum:"chat,responses" help:"API to use: ${enum}."`
	MaxTokens int      `help:"Maximum length of the answer, in tokens. 0: no limit."`
	Client
}

// Watch is the command that follows an existing answer. It implements config.Command.
type Watch struct {
	ID string `arg:"" help:"Id of the completion, or of the response (resp_…). Only the API key that created it can follow it."`
	Client
}

// maxQuestion is the maximum size of a question on standard input, in bytes.
const maxQuestion = 8 << 20

// Run asks and writes the answer to stdout, or starts a conversation. If ctx ends, it cancels the completion,
// even if its id is not known yet, and returns an error that wraps [config.ErrInterrupted].
func (a *Ask) Run(ctx context.Context, stdout io.Writer) error {
	text := strings.Join(a.Question, " ")
	if terminal, ok := stdout.(*os.File); ok && text == "" && a.onScreen(stdout) && telemetry.IsTerminal(os.Stdin) {
		return a.converse(ctx, terminal)
	}
	if text == "" || text == "-" {
		read, err := input(ctx, os.Stdin)
		if err != nil {
			return err
		}
		text = string(bytes.TrimSpace(read))
	}
	if text == "" {
		return errors.New("there is no question: give one, or write it to standard input")
	}
	f, err := a.asker(stdout, question(text))
	if err != nil {
		return err
	}
	return a.ask(ctx, f)
}

// asker returns a follower that asks the last message of said.
func (a *Ask) asker(stdout io.Writer, said []message) (*follower, error) {
	f, err := a.follower(stdout)
	if err != nil {
		return nil, err
	}
	if a.API == "responses" {
		f.api = responseAPI{}
	}
	f.idempotency = rand.Text()
	f.body, err = json.Marshal(f.api.request(a.Model, said, a.MaxTokens))
	return f, err
}

// ask follows the answer to its end, or cancels it if ctx ends.
func (a *Ask) ask(ctx context.Context, f *follower) error {
	err := f.follow(ctx)
	var lost *setback
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return f.interrupted(ctx)
	case errors.As(err, &lost) && f.id != "":
		return fmt.Errorf("%w (the answer may continue: watch %s)", err, f.id)
	default:
		return err
	}
}

// input returns the content of standard input. On a terminal it may never end, so input also returns when ctx
// ends; the pending read then ends with the process.
func input(ctx context.Context, stdin io.Reader) (text []byte, err error) {
	read := make(chan struct{})
	go func() {
		defer close(read)
		text, err = io.ReadAll(io.LimitReader(stdin, maxQuestion+1))
	}()
	select {
	case <-ctx.Done():
		return nil, config.ErrInterrupted
	case <-read:
	}
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	if len(text) > maxQuestion {
		return nil, fmt.Errorf("standard input: a question may have %d bytes", maxQuestion)
	}
	return text, nil
}

// Run follows an answer, and writes it to stdout from its start. If ctx ends, the completion continues, because
// another client created it.
func (w *Watch) Run(ctx context.Context, stdout io.Writer) error {
	f, err := w.follower(stdout)
	if err != nil {
		return err
	}
	f.id, f.api = w.ID, apiOf(w.ID)
	err = f.follow(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w; the completion continues", config.ErrInterrupted)
	default:
		return fmt.Errorf("%s: %w", w.ID, err)
	}
}

// onScreen reports whether the answer goes to a person rather than a program.
func (c *Client) onScreen(out io.Writer) bool { return telemetry.IsTerminal(out) && !c.Raw && !c.JSON }

func (c *Client) follower(out io.Writer) (*follower, error) {
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("--url: %q must begin with http:// or https:// and name a host, like http://127.0.0.1:8080", c.URL)
	}
	f := &follower{Client: c, api: chatAPI{}, http: http.DefaultClient, key: c.APIKey, out: out, notes: os.Stderr}
	if terminal, ok := out.(*os.File); ok && c.onScreen(out) {
		f.screen = newScreen(out, widthOf(terminal), c.NoColor != "")
		f.out, f.notes = f.screen, f.screen.note(os.Stderr, widthOf(os.Stderr))
	}
	if c.KeyFile != "" {
		key, err := os.ReadFile(c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("--key-file: %w", err)
		}
		if bytes.Contains(key, []byte("sha256:")) {
			return nil, fmt.Errorf("--key-file: %s is the server's file of hashes; this takes the key itself (paw_…)", c.KeyFile)
		}
		f.key = string(bytes.TrimSpace(key))
	}
	return f, nil
}
