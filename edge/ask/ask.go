// Package ask is the command line's side of the public API: it asks, or follows what
// somebody else has asked for, and writes the answer to the terminal as it comes. A
// connection that is lost is taken up again after the last event that came.
//
// It is a client like any other and knows nothing of the edge but its API.
package ask

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/pawstream/pawstream/edge/sse"
)

// Client are the settings of both commands.
type Client struct {
	URL         string        `default:"http://127.0.0.1:8080" help:"Where the edge is." placeholder:"URL"`
	KeyFile     string        `help:"File with the API key, where the edge asks for one." placeholder:"FILE"`
	Raw         bool          `xor:"form" help:"Write the frames as they come."`
	JSON        bool          `xor:"form" name:"json" help:"Write the data of each event, a line of JSON each."`
	GiveUpAfter time.Duration `name:"give-up-after" default:"60s" help:"How long the edge may be away before it is given up."`
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

// Run asks, and writes the answer to stdout. If ctx ends, the completion is cancelled.
func (a *Ask) Run(ctx context.Context, stdout io.Writer) error {
	question := strings.Join(a.Question, " ")
	if question == "" || question == "-" {
		text, err := io.ReadAll(io.LimitReader(os.Stdin, maxQuestion+1))
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
		if len(text) > maxQuestion {
			return fmt.Errorf("standard input: a question may have %d bytes", maxQuestion)
		}
		question = string(bytes.TrimSpace(text))
	}
	if question == "" {
		return errors.New("there is no question: give one, or write it to standard input")
	}
	members := map[string]any{
		"model": a.Model, "stream": true, "messages": []map[string]string{{"role": "user", "content": question}},
	}
	if a.MaxTokens != 0 {
		members["max_tokens"] = a.MaxTokens
	}
	body, err := json.Marshal(members)
	if err != nil {
		return err
	}
	f, err := a.follower(stdout)
	if err != nil {
		return err
	}
	f.body, f.idempotency = body, rand.Text()
	err = f.follow(ctx)
	if ctx.Err() == nil {
		return err
	}
	if f.id != "" {
		if err := f.cancel(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("the answer could not be cancelled: %w", err)
		}
	}
	return errors.New("cancelled")
}

// Run follows, and writes the answer to stdout from its start. If ctx ends, the
// completion goes on: it is somebody else's.
func (w *Watch) Run(ctx context.Context, stdout io.Writer) error {
	f, err := w.follower(stdout)
	if err != nil {
		return err
	}
	f.id = w.ID
	if err = f.follow(ctx); ctx.Err() != nil {
		return errors.New("left; the completion goes on")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", w.ID, err)
	}
	return nil
}

// A follower gets one completion.
type follower struct {
	*Client
	key         string
	out         io.Writer
	body        []byte
	idempotency string
	id, cursor  string
	midLine     bool
}

func (c *Client) follower(out io.Writer) (*follower, error) {
	f := &follower{Client: c, out: out}
	if c.KeyFile != "" {
		key, err := os.ReadFile(c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("--key-file: %w", err)
		}
		f.key = string(bytes.TrimSpace(key))
	}
	return f, nil
}

// Delays between attempts, and how long a connection may be silent: the edge is heard at
// least every 15 s.
const (
	firstDelay   = 200 * time.Millisecond
	longestDelay = 5 * time.Second
	silence      = 35 * time.Second
)

// A refusal is an error that trying again does not change.
type refusal struct{ error }

// errLost says that a connection ended before the answer did.
var errLost = errors.New("the connection was lost")

// follow connects until the answer has ended.
func (f *follower) follow(ctx context.Context) error {
	defer f.endLine()
	delay, last := firstDelay, time.Now()
	for told := false; ; {
		before := f.cursor
		wait, err := f.attempt(ctx)
		var final refusal
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &final):
			return final.error
		}
		if f.cursor != before {
			delay, last = firstDelay, time.Now()
		}
		if time.Since(last) > f.GiveUpAfter {
			return err
		}
		var dialled *net.OpError
		if !told && errors.As(err, &dialled) && dialled.Op == "dial" { // it may not run yet, or not at all
			told = true
			_, _ = fmt.Fprintf(os.Stderr, "nobody answers at %s (%v): trying again for %v\n", f.URL, dialled.Err, f.GiveUpAfter)
		}
		timer := time.NewTimer(max(wait, delay))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		delay = min(2*delay, longestDelay)
	}
}

// attempt follows on one connection. It returns nil at the end of the answer, and else
// how long the edge wants to be left alone.
func (f *follower) attempt(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silent := time.AfterFunc(silence, cancel)
	defer silent.Stop()
	req, err := f.request(ctx)
	if err != nil {
		return 0, refusal{err}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNoContent:
		return 0, nil
	default:
		return failure(resp)
	}
	f.id = cmp.Or(f.id, resp.Header.Get("X-Completion-Id"))
	decoder := sse.NewDecoder(&heard{resp.Body, silent})
	if f.Raw {
		decoder.OnComment = func(text string) { _, _ = fmt.Fprintf(f.out, ": %s\n", text) }
	}
	for event, err := range decoder.Events() {
		if err != nil {
			return 0, err
		}
		if done, err := f.take(&event); done || err != nil {
			return 0, err
		}
	}
	return 0, errLost
}

func (f *follower) request(ctx context.Context) (*http.Request, error) {
	base := strings.TrimRight(f.URL, "/") + "/v1/chat/completions"
	method, target, body := http.MethodPost, base, f.body
	if f.id != "" {
		method, target, body = http.MethodGet, base+"/"+url.PathEscape(f.id)+"?stream=true", nil
	}
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("--url: %w", err)
	}
	f.authorize(req)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", f.idempotency)
	}
	if f.cursor != "" {
		req.Header.Set("Last-Event-ID", f.cursor)
	}
	return req, nil
}

func (f *follower) authorize(req *http.Request) {
	if f.key != "" {
		req.Header.Set("Authorization", "Bearer "+f.key)
	}
}

// take writes one event, and reports whether it was the last one.
func (f *follower) take(event *sse.Event) (done bool, err error) {
	if id := event.ID.String(); id == "" || id == f.cursor {
		return false, nil // progress, or an error of this connection alone
	}
	f.cursor = event.ID.String()
	switch {
	case f.Raw:
		_, err = fmt.Fprintf(f.out, "data: %s\nid: %s\n\n", event.Data, event.ID)
	case f.JSON && event.Data != "[DONE]":
		_, err = fmt.Fprintln(f.out, event.Data)
	}
	if err != nil {
		return false, refusal{err}
	}
	if event.Data == "[DONE]" {
		return true, nil
	}
	var chunk struct {
		Choices []struct {
			Delta struct{ Content, Refusal string }
		}
		Error *struct{ Message, Code string }
	}
	if err := json.Unmarshal([]byte(event.Data), &chunk); err != nil {
		return false, refusal{fmt.Errorf("the edge sent what is not JSON: %w", err)}
	}
	if chunk.Error != nil {
		return false, refusal{errors.New(chunk.Error.Message)}
	}
	if f.Raw || f.JSON || len(chunk.Choices) == 0 {
		return false, nil
	}
	text := chunk.Choices[0].Delta.Content + chunk.Choices[0].Delta.Refusal
	if text == "" {
		return false, nil
	}
	f.midLine = !strings.HasSuffix(text, "\n")
	if _, err := io.WriteString(f.out, text); err != nil {
		return false, refusal{err}
	}
	return false, nil
}

// endLine ends the answer's last line, for the shell's next one.
func (f *follower) endLine() {
	if f.midLine {
		_, _ = fmt.Fprintln(f.out)
	}
}

const cancelTimeout = 10 * time.Second

// cancel stops the completion.
func (f *follower) cancel(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, cancelTimeout)
	defer stop()
	target := strings.TrimRight(f.URL, "/") + "/v1/chat/completions/" + url.PathEscape(f.id) + "/cancel"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, http.NoBody)
	if err != nil {
		return err
	}
	f.authorize(req)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		_, err := failure(resp)
		return err
	}
	return nil
}

// maxErrorBody is how much of a refusal is read, in bytes.
const maxErrorBody = 64 << 10

// failure returns what an answer that is no stream says: a refusal, unless asking again
// may help.
func failure(resp *http.Response) (time.Duration, error) {
	var body struct{ Error struct{ Message string } }
	_ = json.NewDecoder(io.LimitReader(resp.Body, maxErrorBody)).Decode(&body) // a proxy's page says nothing to us
	err := errors.New(cmp.Or(body.Error.Message, "the edge answered "+resp.Status))
	passing := resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError
	if !passing || resp.Header.Get("X-Should-Retry") == "false" {
		return 0, refusal{err}
	}
	ms, _ := strconv.Atoi(resp.Header.Get("Retry-After-Ms"))
	return min(time.Duration(ms)*time.Millisecond, longestDelay), err
}

// heard puts off the end of a connection with every byte that comes.
type heard struct {
	io.Reader
	silent *time.Timer
}

// Read implements io.Reader.
func (h *heard) Read(b []byte) (int, error) {
	n, err := h.Reader.Read(b)
	if n > 0 {
		h.silent.Reset(silence)
	}
	return n, err
}
