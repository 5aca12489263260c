package ask

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/internal/config"
	"github.com/pawstream/pawstream/internal/header"
	"github.com/pawstream/pawstream/internal/sse"
)

// A follower follows one completion, over as many connections as necessary.
type follower struct {
	*Client
	api         api
	http        *http.Client
	key         string
	out, notes  io.Writer // for the answer, and for messages to the user
	screen      *screen   // the terminal; nil: the output is not one
	noting      sync.Mutex
	body        []byte
	idempotency string

	id, cursor string // of the completion, and of its last received event; empty: none yet
	asked      bool   // whether the edge may have begun a completion whose id is not known
	midLine    bool
}

// silence is how long a stream may be silent: the edge sends something at least every 15 s.
const silence = 35 * time.Second

var (
	errLost   = errors.New("the connection was lost")
	errSilent = errors.New("the edge fell silent")
)

// follow writes the answer until it ends.
func (f *follower) follow(ctx context.Context) error {
	defer f.endLine()
	if f.screen != nil {
		defer f.screen.spin()()
	}
	return f.insist(ctx, f.GiveUpAfter, f.attempt)
}

// attempt follows on one connection. It returns nil at the end of the answer, and a [setback] if another
// connection may continue it.
func (f *follower) attempt(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	first := silence
	if f.GiveUpAfter > 0 {
		first = min(first, f.GiveUpAfter)
	}
	silent := time.AfterFunc(first, func() { cancel(errSilent) })
	defer silent.Stop()
	resp, err := f.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNoContent:
		return nil
	default:
		return failureOf(resp)
	}
	if mediaType, _, err := mime.ParseMediaType(resp.Header.Get(header.ContentType)); err != nil || mediaType != header.EventStream {
		return fmt.Errorf("what answers at %s is not Pawstream: it sent no event stream", f.URL)
	}
	silent.Reset(silence)
	body := io.Reader(&heard{resp.Body, silent})
	copied := &frames{out: f.out}
	if f.Raw {
		body = copied.from(body)
	}
	decoder := sse.NewDecoder(body)
	for event, err := range decoder.Events() {
		switch {
		case copied.err != nil:
			return copied.err
		case errors.Is(err, sse.ErrTooLong):
			return err
		case err != nil:
			return &setback{cause: cmp.Or(context.Cause(ctx), fmt.Errorf("%w: %w", errLost, err)), wait: wish(decoder)}
		}
		if done, err := f.handle(&event); done || err != nil {
			return err
		}
	}
	return &setback{cause: errLost, wait: wish(decoder)}
}

// wish returns the stream's reconnection time.
func wish(decoder *sse.Decoder) time.Duration {
	retry, _ := decoder.Retry()
	return retry
}

// connect requests the completion: with the question, until its id is known. The response may have any status.
func (f *follower) connect(ctx context.Context) (*http.Response, error) {
	method, path, body := http.MethodPost, "", f.body
	if f.id != "" {
		method, path, body = http.MethodGet, "/"+url.PathEscape(f.id)+"?stream=true", nil
	}
	sent := false
	req, err := f.request(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent = true },
	}), method, path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set(header.ContentType, header.JSON)
		req.Header.Set(header.Accept, "text/event-stream; profile=full") // with ids, even if the edge's default is without
		req.Header.Set(header.IdempotencyKey, f.idempotency)
	}
	if f.id != "" && f.cursor != "" {
		f.api.follow(req, f.cursor)
	}
	resp, err := f.http.Do(req)
	if err != nil {
		f.asked = f.asked || sent
		if wrapped := new(url.Error); errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		if hopeless(err) {
			return nil, fmt.Errorf("--url: %w", err)
		}
		if isGRPC(err) {
			return nil, errors.New("--url: this address serves gRPC; ask the HTTP address of the edge")
		}
		return nil, &setback{cause: cmp.Or(context.Cause(ctx), err), away: !sent}
	}
	// A refusal may have the id too: then the completion has ended, or will be available again.
	if id := resp.Header.Get(header.CompletionID); f.id == "" && id != "" {
		f.id = id
		if resp.StatusCode != http.StatusOK {
			defer func() { _ = resp.Body.Close() }()
			err, lost := failureOf(resp), new(setback)
			if !errors.As(err, &lost) {
				lost.cause = err
			}
			return nil, lost
		}
	}
	f.asked = f.id == "" && resp.StatusCode == http.StatusOK
	return resp, nil
}

// hopeless reports whether another connection would fail with the same error.
func hopeless(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &certificate)
}

// isGRPC reports whether the server answered HTTP/1.1 with the frame that begins HTTP/2, as gRPC servers do.
// [net/http] has no type for that error.
func isGRPC(err error) bool {
	return strings.Contains(err.Error(), `malformed HTTP response "\x00\x00`)
}

// request returns a request about completions.
func (f *follower) request(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(f.URL, "/")+f.api.path()+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("--url: %w", err)
	}
	if f.key != "" {
		req.Header.Set(header.Authorization, header.Bearer+f.key)
	}
	return req, nil
}

// handle writes one event, and reports whether it was the last one.
func (f *follower) handle(event *sse.Event) (done bool, err error) {
	step, err := f.api.read(event, f.cursor)
	if err != nil {
		return false, err
	}
	ours := step.cursor != "" && step.cursor != f.cursor // otherwise it is progress, or an error of only this connection
	if ours {
		f.cursor, f.id = step.cursor, cmp.Or(f.id, step.id)
		if f.JSON {
			if _, err := fmt.Fprintln(f.out, event.Data); err != nil {
				return false, err
			}
		}
	}
	if step.failed != nil {
		err := step.failed.err()
		if ours || step.failed.Code == string(failure.CodeCompletionLost) {
			return false, err
		}
		return false, &setback{cause: err}
	}
	if !ours || f.Raw || f.JSON || step.text == "" {
		return step.last, nil
	}
	f.midLine = !strings.HasSuffix(step.text, "\n")
	_, err = io.WriteString(f.out, step.text)
	return false, err
}

// endLine ends the answer's last line, for the shell's next one.
func (f *follower) endLine() {
	switch {
	case f.screen != nil:
		f.screen.end()
	case f.midLine:
		_, _ = fmt.Fprintln(f.out)
	}
}

// cancelPatience is how long cancelling may take.
const cancelPatience = 10 * time.Second

// interrupted cancels the completion, if there may be one, and returns an error that describes the outcome.
func (f *follower) interrupted(ctx context.Context) error {
	if f.id == "" && !f.asked {
		return fmt.Errorf("%w before an answer was begun", config.ErrInterrupted)
	}
	ctx, stop := context.WithTimeoutCause(context.WithoutCancel(ctx), cancelPatience, errSilent)
	defer stop()
	defer time.AfterFunc(time.Second, func() { f.notify("cancelling the answer; another Ctrl-C leaves it alone") }).Stop()
	if err := f.insist(ctx, cancelPatience, f.cancel); err != nil {
		return fmt.Errorf("%w, but the answer could not be cancelled: %w", config.ErrInterrupted, err)
	}
	return fmt.Errorf("%w, and cancelled", config.ErrInterrupted)
}

// cancel is one attempt to cancel.
func (f *follower) cancel(ctx context.Context) error {
	if f.id == "" {
		// The same idempotency key gives the id of the completion that has begun.
		resp, err := f.connect(ctx)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if f.id == "" {
			return nil // refused: there is no completion
		}
	}
	req, err := f.request(ctx, http.MethodPost, "/"+url.PathEscape(f.id)+"/cancel", nil)
	if err != nil {
		return err
	}
	resp, err := f.http.Do(req)
	if err != nil {
		return &setback{cause: err}
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return failureOf(resp)
	}
	return nil
}

// heard resets the timer for a silent connection with every read.
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
