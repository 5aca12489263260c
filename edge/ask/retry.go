package ask

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pawstream/pawstream/internal/header"
	"github.com/pawstream/pawstream/internal/wait"
)

// A setback is an error after which another attempt may succeed. Every other error is final.
type setback struct {
	cause error
	wait  time.Duration // the minimum delay that the edge asks for
	fault bool          // the edge reports an internal error
	away  bool          // the edge was unreachable
}

// Error returns the cause's text.
func (s *setback) Error() string { return s.cause.Error() }

// Unwrap returns the cause.
func (s *setback) Unwrap() error { return s.cause }

const (
	firstDelay   = 200 * time.Millisecond
	longestDelay = 5 * time.Second
	// mostFaults is the maximum number of internal errors in a row.
	mostFaults = 4
)

// insist tries until it succeeds, fails with a final error, or has had no new event for patience. Between
// attempts it waits as long as the edge asks, plus a random time whose bounds double.
func (f *follower) insist(ctx context.Context, patience time.Duration, try func(context.Context) error) error {
	since, failures, told := time.Now(), 0, false
	for {
		before := f.cursor
		err := try(ctx)
		var lost *setback
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !errors.As(err, &lost):
			return err
		}
		if f.cursor != before {
			since, failures, told = time.Now(), 0, false
		}
		if failures++; lost.fault && failures >= mostFaults {
			return err
		}
		delay := min(firstDelay<<min(failures-1, 10), longestDelay)
		pause := max(lost.wait, delay/2) + rand.N(delay/2) //nolint:gosec // guessing it gains nothing
		if time.Since(since)+pause > patience {
			switch {
			case lost.away:
				return fmt.Errorf("nothing answers at %s (is it running? --url names another address): %w", f.URL, err)
			case lost.wait > 0:
				return fmt.Errorf("%w (try again in %v)", err, lost.wait)
			default:
				return err
			}
		}
		switch {
		case lost.away && !told: // the edge may not run yet, or not at all
			told = true
			f.notify("nothing answers at %s (%v): trying again for %v", f.URL, lost.cause, patience)
		case lost.wait > longestDelay:
			f.notify("%s; trying again in %v", strings.TrimSuffix(lost.Error(), "."), lost.wait)
		}
		if wait.For(ctx, pause) != nil {
			return context.Cause(ctx)
		}
	}
}

// notify prints a message to the user. It is safe for concurrent use.
func (f *follower) notify(format string, args ...any) {
	f.noting.Lock()
	defer f.noting.Unlock()
	_, _ = fmt.Fprintf(f.notes, format+"\n", args...)
}

// maxErrorBody is the maximum of a refusal that is read, in bytes.
const maxErrorBody = 64 << 10

// failureOf returns the error of a response without a stream. It is a setback if the same request may succeed
// later.
func failureOf(resp *http.Response) error {
	var body struct{ Error struct{ Message string } }
	_ = json.NewDecoder(io.LimitReader(resp.Body, maxErrorBody)).Decode(&body) // a proxy's page has no message
	asked := &url.URL{Scheme: resp.Request.URL.Scheme, Host: resp.Request.URL.Host}
	err := errors.New(cmp.Or(body.Error.Message, fmt.Sprintf("the edge answered %s at %s: is that pawstream?", resp.Status, asked)))
	if resp.StatusCode == http.StatusUnauthorized && resp.Request.Header.Get(header.Authorization) == "" {
		return errors.New("the edge needs an API key: set --key-file or PAWSTREAM_API_KEY")
	}
	if resp.Header.Get(header.ShouldRetry) == "false" {
		return err
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &setback{
			cause: err, wait: retryAfter(resp.Header, time.Now()), fault: resp.StatusCode == http.StatusInternalServerError,
		}
	default:
		return err
	}
}

// retryAfter returns the delay that a refusal asks for: in milliseconds, as OpenAI's SDKs read it, or by RFC
// 9110, section 10.2.3, in seconds or as a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	for _, field := range []struct {
		name string
		unit time.Duration
	}{{header.RetryAfterMs, time.Millisecond}, {header.RetryAfter, time.Second}} {
		if n, err := strconv.ParseUint(h.Get(field.name), 10, 31); err == nil {
			return time.Duration(n) * field.unit
		}
	}
	if date, err := http.ParseTime(h.Get(header.RetryAfter)); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
