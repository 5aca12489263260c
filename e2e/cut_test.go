package e2e

import (
	"bufio"
	"bytes"
	"crypto/rand"
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

	"github.com/pawstream/pawstream/edge/sse"
)

// cutters is how many connections are cut at the same time.
const cutters = 32

// TestCutEverywhere cuts a connection after each byte of a response, goes on from the
// last event that was complete, and has to find the very same events each time.
//
// Where not even one event was there, the client sends the request again, as it was:
// the idempotency key makes that the same completion.
func TestCutEverywhere(t *testing.T) {
	// Not in parallel: it takes all there is.
	url := fast(t).URL()
	c := cutter{
		url:     url,
		address: strings.TrimPrefix(url, "http://"),
		key:     "Idempotency-Key: " + rand.Text(),
	}
	// The work grows with the square of the length.
	members := object{"max_tokens": 12}
	c.body = streamed(members)
	c.want = record(t, url, members, c.key).Events
	joined(t, c.want)
	raw, err := c.raw(-1)
	if err != nil {
		t.Fatal(err)
	}

	begun := time.Now()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range cutters {
		workers.Go(func() {
			for at := int(next.Add(1)); at < len(raw) && !t.Failed(); at = int(next.Add(1)) {
				if err := c.cutAt(t, at); err != nil {
					t.Errorf("cut after %d of %d bytes: %v", at, len(raw), err)
				}
			}
		})
	}
	workers.Wait()
	t.Logf("%d cuts in %v", len(raw)-1, time.Since(begun).Round(time.Millisecond))
	if err := fast(t).Fault(); err != nil {
		t.Error(err)
	}
}

type cutter struct {
	url, address, key, body string
	want                    []sse.Event
}

// cutAt reads so many bytes, resumes, and compares.
func (c *cutter) cutAt(t *testing.T, at int) error {
	raw, err := c.raw(at)
	if err != nil {
		return err
	}
	got := complete(raw)
	again := request(t, http.MethodPost, c.url+"/v1/chat/completions", c.body, c.key)
	if n := len(got); n > 0 {
		last := got[n-1].ID.String()
		completion, _, _ := strings.Cut(last, ".")
		again = request(t, http.MethodGet, c.url+"/v1/chat/completions/"+completion, "",
			"Accept: text/event-stream", "Last-Event-ID: "+last)
	}
	resp, err := plain.Do(again)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	ended := len(got) == len(c.want)
	if ended != (resp.StatusCode == http.StatusNoContent) || !ended && resp.StatusCode != http.StatusOK {
		return fmt.Errorf("after %d of %d events: status %d", len(got), len(c.want), resp.StatusCode)
	}
	for e, err := range sse.NewDecoder(resp.Body).Events() {
		if err != nil {
			return err
		}
		if len(got) > 0 {
			e.Retry = 0 // in the first event of each response
		}
		got = append(got, e)
	}
	if diff := cmp.Diff(c.want, got, cmpEvents); diff != "" {
		return fmt.Errorf("(-whole +joined)\n%s", diff)
	}
	return nil
}

// raw returns the first n bytes of a response, headers and all, and cuts the
// connection. A negative n is the whole response.
func (c *cutter) raw(n int) ([]byte, error) {
	conn, err := net.Dial("tcp", c.address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	key, value, _ := strings.Cut(c.key, ": ")
	ask := fmt.Sprintf("POST /v1/chat/completions HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"+
		"Content-Type: application/json\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s", c.address, key, value, len(c.body), c.body)
	if _, err := io.WriteString(conn, ask); err != nil {
		return nil, err
	}
	if n < 0 {
		return io.ReadAll(conn)
	}
	raw := make([]byte, n)
	n, err = io.ReadFull(conn, raw)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // the same events in fewer writes take a few bytes less
	}
	return raw[:n], err
}

// complete returns the events that are whole in the beginning of a response.
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
