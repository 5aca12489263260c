// Package ask is the command line's side of the public API: it asks, or follows what
// somebody else has asked for, and writes the answer to the terminal as it comes. A
// connection that is lost is taken up again after the last event that came.
//
// It is a client like any other and knows nothing of the edge but its API.
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
)

// Client are the settings of both commands.
type Client struct {
	URL         string        `default:"http://127.0.0.1:8080" help:"Where the edge is (${default})." placeholder:"URL"`
	KeyFile     string        `help:"File with the API key, where the edge asks for one." placeholder:"FILE"`
	APIKey      string        `name:"api-key" help:"The API key itself. In the environment nobody else sees it, on a command line everybody does." placeholder:"KEY"`
	Raw         bool          `xor:"form" help:"Write the frames as they are on the wire, once each is whole."`
	JSON        bool          `xor:"form" name:"json" help:"Write the data of each of the answer's events, a line of JSON each."`
	GiveUpAfter time.Duration `name:"give-up-after" default:"60s" help:"How long the edge may be away, or may want to be left alone, before it is given up."`
}

// Ask is the command that asks. It implements config.Command.
type Ask struct {
	Question  []string `arg:"" optional:"" help:"The question; without one, or as -, it is read from standard input."`
	Model     string   `default:"pet-advisor-1" help:"Model to ask."`
	MaxTokens int      `help:"Longest answer, in tokens; 0: as long as the model likes."`
	Client
}

// Watch is the command that follows. It implements config.Command.
type Watch struct {
	ID string `arg:"" help:"Id of the completion; its key has to be the one that asked for it."`
	Client
}

// maxQuestion is how many bytes a question on standard input may have.
const maxQuestion = 8 << 20

// Run asks, and writes the answer to stdout. If ctx ends, the completion is cancelled,
// also where the edge has not told its id yet, and the error wraps
// [config.ErrInterrupted].
func (a *Ask) Run(ctx context.Context, stdout io.Writer) error {
	f, err := a.follower(stdout)
	if err != nil {
		return err
	}
	body, err := a.request(ctx)
	if err != nil {
		return err
	}
	f.body, f.idempotency = body, rand.Text()
	err = f.follow(ctx)
	var lost *setback
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return f.interrupted(ctx)
	case errors.As(err, &lost) && f.id != "":
		return fmt.Errorf("%w (the answer may go on: watch %s)", err, f.id)
	default:
		return err
	}
}

// request returns the body of the request.
func (a *Ask) request(ctx context.Context) ([]byte, error) {
	question := strings.Join(a.Question, " ")
	if question == "" || question == "-" {
		text, err := input(ctx, os.Stdin)
		if err != nil {
			return nil, err
		}
		question = string(bytes.TrimSpace(text))
	}
	if question == "" {
		return nil, errors.New("there is no question: give one, or write it to standard input")
	}
	members := map[string]any{
		"model": a.Model, "stream": true, "messages": []map[string]string{{"role": "user", "content": question}},
	}
	if a.MaxTokens != 0 {
		members["max_tokens"] = a.MaxTokens
	}
	return json.Marshal(members)
}

// input returns what standard input holds. A terminal may never end it, so ctx does; what
// still reads then ends with the process.
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

// Run follows, and writes the answer to stdout from its start. If ctx ends, the
// completion goes on: it is somebody else's.
func (w *Watch) Run(ctx context.Context, stdout io.Writer) error {
	f, err := w.follower(stdout)
	if err != nil {
		return err
	}
	f.id = w.ID
	err = f.follow(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w; the completion goes on", config.ErrInterrupted)
	default:
		return fmt.Errorf("%s: %w", w.ID, err)
	}
}

func (c *Client) follower(out io.Writer) (*follower, error) {
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("--url: %q is no URL like http://127.0.0.1:8080", c.URL)
	}
	f := &follower{Client: c, http: http.DefaultClient, key: c.APIKey, out: out, notes: os.Stderr}
	if c.KeyFile != "" {
		key, err := os.ReadFile(c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("--key-file: %w", err)
		}
		f.key = string(bytes.TrimSpace(key))
	}
	return f, nil
}
