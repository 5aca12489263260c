package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pawstream/pawstream/internal/sse"
	"github.com/pawstream/pawstream/internal/wait"
)

// Whole sends requests without streams at a total rate per second, on a number of connections, and returns the
// duration of each, in milliseconds. Every answer must have the same text. begin and end, if not nil, are
// called at the beginning and the end of the window.
func Whole(ctx context.Context, t *Target, connections int, rate float64, window time.Duration, begin, end func() error) (took []float64, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if begin != nil {
		if err := begin(); err != nil {
			return nil, err
		}
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	var want string
	begun := time.Now()
	gap := time.Duration(float64(connections) / rate * float64(time.Second))
	for i := range connections {
		group.Go(func() {
			mine, err := whole(ctx, t, begun.Add(gap*time.Duration(i)/time.Duration(connections)), gap, window, func(text string) error {
				mu.Lock()
				defer mu.Unlock()
				if want == "" {
					want = text
				}
				if text != want {
					return fmt.Errorf("an answer is wrong: %s", difference(want, text))
				}
				return nil
			})
			if err != nil && ctx.Err() == nil {
				cancel(err)
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	group.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if end == nil {
		return took, nil
	}
	return took, end()
}

func whole(ctx context.Context, t *Target, due time.Time, gap, window time.Duration, check func(text string) error) ([]float64, error) {
	var took []float64
	c, err := dial(ctx, t, 0)
	if err != nil {
		return nil, err
	}
	defer c.close()
	stop := context.AfterFunc(ctx, c.close)
	defer stop()
	for over := time.Now().Add(window); due.Before(over); due = due.Add(gap) {
		if wait.For(ctx, time.Until(due)) != nil {
			return nil, ctx.Err()
		}
		if time.Now().After(over) {
			break // the machine cannot keep up with the rate
		}
		begun := time.Now()
		if err := c.request(http.MethodPost, t.path(), t.Body); err != nil {
			return nil, err
		}
		if err := c.respond(); err != nil {
			return nil, err
		}
		body, err := io.ReadAll(c.body)
		if err != nil {
			return nil, err
		}
		took = append(took, milliseconds(int64(time.Since(begun))))
		var answer struct {
			Choices []struct {
				Message struct {
					Content string `json:"content"`
				} `json:"message"`
			} `json:"choices"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return nil, err
		}
		if len(answer.Choices) != 1 || answer.Choices[0].Message.Content == "" {
			return nil, fmt.Errorf("an answer has no text: %s", body)
		}
		if err := check(answer.Choices[0].Message.Content); err != nil {
			return nil, err
		}
	}
	return took, nil
}

// Storm opens streams, cuts all of them at once after the time before, and resumes each with its Last-Event-ID.
// It returns the time until the next event of each, in milliseconds. No event may be lost or repeated.
func Storm(ctx context.Context, t *Target, expect *Expectation, streams int, before time.Duration) ([]float64, error) {
	if err := Descriptors(streams); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cut := make(chan struct{})
	took := make([]float64, streams)
	var group, live sync.WaitGroup
	live.Add(streams)
	for i := range streams {
		group.Go(func() {
			alive := sync.OnceFunc(live.Done)
			defer alive()
			if err := storm(ctx, t, expect, alive, cut, &took[i]); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("client %d: %w", i, err))
			}
		})
	}
	live.Wait()
	_ = wait.For(ctx, before)
	close(cut)
	group.Wait()
	return took, context.Cause(ctx)
}

// storm is one client. It calls alive after its first event.
func storm(ctx context.Context, t *Target, expect *Expectation, alive func(), cut <-chan struct{}, took *float64) error {
	c, err := dial(ctx, t, 0)
	if err != nil {
		return err
	}
	defer c.close()
	events, err := c.open()
	if err != nil {
		return err
	}
	if err := c.net.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	var id, last string
	k := 0
	next := func(events *sse.Decoder) error {
		event, err := events.Next()
		if err != nil {
			return fmt.Errorf("after %d events: %w", k, err)
		}
		if err := expect.check(k, &event, &id); err != nil {
			return err
		}
		last, k = event.ID.String(), k+1
		return nil
	}
	for {
		if err := next(events); err != nil {
			return err
		}
		alive()
		select {
		case <-cut:
		case <-ctx.Done():
			return ctx.Err()
		default:
			continue
		}
		break
	}
	c.close()
	begun := time.Now()
	again, err := dial(ctx, t, 0)
	if err != nil {
		return err
	}
	defer again.close()
	if events, err = again.resume(id, last); err != nil {
		return err
	}
	err = next(events)
	*took = milliseconds(int64(time.Since(begun)))
	return err
}

var named = regexp.MustCompile(`"id":"((?:chatcmpl-|resp_)\w+)"`)

// Again reads all events of a finished answer again, and returns the time until the last one, in milliseconds.
// The frames must be the given ones.
func Again(ctx context.Context, t *Target, frames []sse.Event) (float64, error) {
	id := named.FindStringSubmatch(frames[0].Data)
	if id == nil {
		return 0, fmt.Errorf("the first event names no completion: %s", frames[0].Data)
	}
	for over := time.Now().Add(patience); ; {
		took, err := again(ctx, t, id[1], frames)
		// While a service has just started, the edge asks readers to retry.
		if !errors.Is(err, errComeBack) || time.Now().After(over) || wait.For(ctx, 50*time.Millisecond) != nil {
			return took, err
		}
	}
}

var errComeBack = errors.New("the stream has no events")

func again(ctx context.Context, t *Target, id string, frames []sse.Event) (float64, error) {
	c, err := dial(ctx, t, 0)
	if err != nil {
		return 0, err
	}
	defer c.close()
	begun := time.Now()
	events, err := c.resume(id+"?stream=true", "")
	if err != nil {
		return 0, err
	}
	for k := 0; ; k++ {
		event, err := events.Next()
		switch {
		case errors.Is(err, io.EOF) && k == len(frames):
			return milliseconds(int64(time.Since(begun))), nil
		case errors.Is(err, io.EOF) && k == 0:
			return 0, errComeBack
		case err != nil:
			return 0, fmt.Errorf("after %d of %d frames: %w", k, len(frames), err)
		case k == len(frames) || event.Data != frames[k].Data:
			return 0, fmt.Errorf("frame %d is another one: %s", k, event.Data)
		}
	}
}

// Cancel opens streams one after the other, leaves each, and returns the time until the context at the origin
// ended, in milliseconds. origin is the address of the origin's HTTP server.
func Cancel(ctx context.Context, t *Target, origin string, times int) ([]float64, error) {
	var took []float64
	for range times {
		one, err := cancelOne(ctx, t, origin)
		if err != nil {
			return nil, err
		}
		took = append(took, one)
	}
	return took, nil
}

func cancelOne(ctx context.Context, t *Target, origin string) (float64, error) {
	c, err := dial(ctx, t, 0)
	if err != nil {
		return 0, err
	}
	defer c.close()
	events, err := c.open()
	if err != nil {
		return 0, err
	}
	event, err := events.Next()
	if err != nil {
		return 0, err
	}
	id, known := completionOf(event.Data)
	if !known {
		return 0, fmt.Errorf("the first event names no completion: %s", event.Data)
	}
	left := time.Now()
	c.close()
	for deadline := left.Add(patience); time.Now().Before(deadline); {
		if wait.For(ctx, 20*time.Millisecond) != nil {
			return 0, ctx.Err()
		}
		at, err := endedAt(ctx, origin, id)
		if err != nil {
			return 0, err
		}
		if at > 0 {
			return milliseconds(at - left.UnixNano()), nil
		}
	}
	return 0, fmt.Errorf("the origin goes on with %s after its client has left", id)
}

// completionOf returns the completion's id in an event's data.
func completionOf(data string) (string, bool) {
	at := strings.Index(data, idPrefix)
	if at < 0 || len(data) < at+idLength {
		return "", false
	}
	return data[at : at+idLength], true
}

func endedAt(ctx context.Context, origin, id string) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+origin+"/ended/"+id, nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }() // it has been read
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return 0, err
	}
	return strconv.ParseInt(string(text), 10, 64)
}

// Held are open streams.
type Held struct {
	FirstEvent []float64 // in milliseconds
	conns      []*conn
}

// Hold opens streams, a few at a time, reads the first event of each, and leaves them open. It calls ready
// after it has opened and closed one stream, so that the caller can exclude the costs of only the first one.
func Hold(ctx context.Context, t *Target, streams int, ready func() error) (*Held, error) {
	if err := Descriptors(streams); err != nil {
		return nil, err
	}
	h := new(Held)
	if err := h.add(ctx, t); err != nil {
		return nil, err
	}
	h.Close()
	h.conns, h.FirstEvent = nil, nil
	if err := ready(); err != nil {
		return nil, err
	}
	for range streams {
		if err := h.add(ctx, t); err != nil {
			h.Close()
			return nil, fmt.Errorf("stream %d: %w", len(h.conns), err)
		}
	}
	return h, nil
}

func (h *Held) add(ctx context.Context, t *Target) error {
	c, err := dial(ctx, t, 0)
	if err != nil {
		return err
	}
	h.conns = append(h.conns, c)
	begun := time.Now()
	events, err := c.open()
	if err != nil {
		return err
	}
	event, err := events.Next()
	if err != nil {
		return err
	}
	h.FirstEvent = append(h.FirstEvent, milliseconds(int64(time.Since(begun))))
	_, err = textOf(event.Data) // an error does not count as a first event
	return err
}

// Alive returns an error if a stream has ended.
func (h *Held) Alive() error {
	var b [4 << 10]byte
	for i, c := range h.conns {
		if err := c.net.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			return err
		}
		var timeout net.Error
		if _, err := c.net.Read(b[:]); err != nil && (!errors.As(err, &timeout) || !timeout.Timeout()) {
			return fmt.Errorf("idle stream %d has ended: %w", i, err)
		}
	}
	return nil
}

// Close closes the streams.
func (h *Held) Close() {
	for _, c := range h.conns {
		c.close()
	}
}

// First opens one stream after the other, each on a new connection, and returns the time from each request to
// its first event, in milliseconds.
func First(ctx context.Context, t *Target, times int) ([]float64, error) {
	var took []float64
	for range times {
		h := new(Held)
		err := h.add(ctx, t)
		h.Close()
		if err != nil {
			return nil, err
		}
		took = append(took, h.FirstEvent...)
	}
	return took, nil
}
