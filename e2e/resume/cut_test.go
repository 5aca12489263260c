package resume

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/internal/sse"
)

// cutters is the number of concurrent cuts.
const cutters = 32

// TestCutEverywhere cuts a connection after each byte of a response, resumes after the last complete event, and
// expects the same events each time.
//
// If there was no complete event, the client repeats the request: by the idempotency key, it gets the same
// completion.
func TestCutEverywhere(t *testing.T) {
	// Not in parallel: it takes the whole machine. The work grows with the square of the length.
	c := newCutter(t, "/v1/chat/completions", api.Streamed(api.Object{"max_tokens": 12}))
	api.Joined(t, c.want)
	c.everywhere(t)
}

// TestCutResponsesEverywhere is the same for the Responses API, whose events have numbers instead of ids.
func TestCutResponsesEverywhere(t *testing.T) {
	c := newCutter(t, "/v1/responses", api.JSONOf(api.Object{"model": api.Model, "input": api.Question, "stream": true, "max_output_tokens": 4}))
	c.numbered = true
	if last := c.want[len(c.want)-1].Name.String(); last != "response.incomplete" {
		t.Fatalf("the last event is %s", last)
	}
	c.everywhere(t)
}

// newCutter creates the completion that all connections read.
func newCutter(t *testing.T, path, body string) *cutter {
	t.Helper()
	url := rig.Fast(t).URL()
	c := &cutter{url: url, path: path, address: strings.TrimPrefix(url, "http://"), key: "Idempotency-Key: " + rand.Text(), body: body}
	c.want = api.Recorded(t, api.Do(t, api.Request(t, http.MethodPost, url+path, body, c.key))).Events
	return c
}

// step returns the distance of the cuts in bytes: 1, or 29 in a short run.
func step() int64 {
	if testing.Short() {
		return 29
	}
	return 1
}

// everywhere cuts at each step.
func (c *cutter) everywhere(t *testing.T) {
	t.Helper()
	raw, err := c.raw(-1)
	if err != nil {
		t.Fatal(err)
	}

	begun := time.Now()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range cutters {
		workers.Go(func() {
			for at := int(next.Add(step())); at < len(raw) && !t.Failed(); at = int(next.Add(step())) {
				if err := c.cutAt(t, at); err != nil {
					t.Errorf("cut after %d of %d bytes: %v", at, len(raw), err)
				}
			}
		})
	}
	workers.Wait()
	t.Logf("%d cuts in %v", (len(raw)-1)/int(step()), time.Since(begun).Round(time.Millisecond))
	if err := rig.Fast(t).Fault(); err != nil {
		t.Error(err)
	}
}

type cutter struct {
	url, path, address, key, body string
	want                          []sse.Event
	numbered                      bool // events have numbers instead of ids
}

// rest requests the events after the complete ones.
func (c *cutter) rest(t *testing.T, got []sse.Event) *http.Request {
	t.Helper()
	switch n := len(got); {
	case n == 0:
		return api.Request(t, http.MethodPost, c.url+c.path, c.body, c.key)
	case c.numbered:
		var first struct{ Response struct{ ID string } }
		if err := json.Unmarshal([]byte(got[0].Data), &first); err != nil {
			t.Error(err)
		}
		return api.Request(t, http.MethodGet, fmt.Sprintf("%s%s/%s?stream=true&starting_after=%d", c.url, c.path, first.Response.ID, n-1), "")
	default:
		last := got[n-1].ID.String()
		completion, _, _ := strings.Cut(last, ".")
		return api.Request(t, http.MethodGet, c.url+c.path+"/"+completion, "", "Accept: text/event-stream", "Last-Event-ID: "+last)
	}
}

// cutAt reads this many bytes, resumes, and compares.
func (c *cutter) cutAt(t *testing.T, at int) error {
	raw, err := c.raw(at)
	if err != nil {
		return err
	}
	got := complete(raw)
	resp, err := api.Plain.Do(c.rest(t, got))
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	ended := len(got) == len(c.want) && !c.numbered // by numbers, the rest is an empty stream
	if ended != (resp.StatusCode == http.StatusNoContent) || !ended && resp.StatusCode != http.StatusOK {
		return fmt.Errorf("after %d of %d events: status %d", len(got), len(c.want), resp.StatusCode)
	}
	for e, err := range sse.NewDecoder(resp.Body).Events() {
		if err != nil {
			return err
		}
		if len(got) > 0 {
			e.Retry = 0 // only the first event of a response has one
		}
		got = append(got, e)
	}
	if diff := cmp.Diff(c.want, got, api.CmpEvents); diff != "" {
		return fmt.Errorf("(-whole +joined)\n%s", diff)
	}
	return nil
}

// raw returns the first n bytes of a response, including headers, and cuts the connection. If n is negative, it
// returns the whole response.
func (c *cutter) raw(n int) ([]byte, error) {
	conn, err := net.Dial("tcp", c.address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	key, value, _ := strings.Cut(c.key, ": ")
	ask := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"+
		"Content-Type: application/json\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s", c.path, c.address, key, value, len(c.body), c.body)
	if _, err := io.WriteString(conn, ask); err != nil {
		return nil, err
	}
	if n < 0 {
		return io.ReadAll(conn)
	}
	raw := make([]byte, n)
	n, err = io.ReadFull(conn, raw)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // fewer writes of the same events take a few bytes less
	}
	return raw[:n], err
}

// complete returns the complete events at the beginning of a response.
func complete(raw []byte) []sse.Event {
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
	if err != nil {
		return nil // cut in the headers
	}
	defer func() { _ = resp.Body.Close() }()
	var got []sse.Event
	for e, err := range sse.NewDecoder(resp.Body).Events() {
		if err != nil { // cut
			break
		}
		got = append(got, e)
	}
	return got
}
