package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pawstream/pawstream/e2e/faults/checker"
	"github.com/pawstream/pawstream/internal/sse"
)

const (
	advisorModel = "pet-advisor-1"
	randomModel  = "random-1"
	// anonymous is the principal of unidentified callers.
	anonymous = "anonymous"

	// errorData begins the data of an error event.
	errorData = `{"error":`

	// heartbeat is the comment of a silent stream. Any other comment asks to reconnect.
	heartbeat = "hb"

	// A client that hears nothing for this long tries another connection.
	headerPatience = 5 * time.Second
	silentFor      = 8 * time.Second
	// retryPause prevents a busy loop of retries.
	retryPause = 150 * time.Millisecond
)

// web uses a new connection for each request, so that each can be cut separately.
var web = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true, ResponseHeaderTimeout: headerPatience}}

// An ask is a question with a known answer.
type ask struct {
	name, question string
	tokens         int
}

var asks = []ask{
	{"cat", "What should I know before adopting a cat?", 45},
	{"dog", "How much exercise does a young dog need?", 60},
	{"rabbit", "What do rabbits eat?", 35},
	{"first", "Which pet suits a family with small children and no garden?", 55},
}

func (a ask) body(members map[string]any) []byte {
	all := map[string]any{
		"model": advisorModel, "max_tokens": a.tokens,
		"messages": []map[string]any{{"role": "user", "content": a.question}},
	}
	maps.Copy(all, members)
	body, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return body
}

// A crowd is the clients of a run, and their history.
type crowd struct {
	ctx   context.Context
	urls  []string
	model string // the model of all requests, with known answers; empty: a random one of ours
	// stores says that three of four completions are stored, while the others expire.
	stores bool

	mu      sync.Mutex
	streams []checker.Stream
	cancels []checker.Cancel
	heard   map[int]time.Time // when each client received its last event, by number
}

// hear notes that a client has received an event.
func (c *crowd) hear(number int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard != nil {
		c.heard[number] = time.Now()
	}
}

func (c *crowd) keep(s *checker.Stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.streams = append(c.streams, *s)
}

// A client follows one completion.
type client struct {
	*crowd
	number int
	random *rand.Rand
	stream checker.Stream
	body   []byte
	id     string
	last   string // id of the last event
	next   int64  // sequence number of the next event
	done   bool

	cancelling sync.WaitGroup

	// The client's habits.
	leaveAfter  int // events before it leaves; 0: it stays
	comesBack   bool
	cancelAfter int  // events before it cancels; 0: never
	byPOST      bool // it resumes by its own request and Last-Event-ID
	slow        bool
}

// work follows one completion after the other. When more ends, it begins no further one.
func (c *crowd) work(more context.Context, number int, random *rand.Rand) {
	for n := 0; more.Err() == nil; n++ {
		one := c.client(fmt.Sprintf("client %d, stream %d", number, n), random)
		one.number = number
		var twin sync.WaitGroup
		if one.stream.Key != "" && random.IntN(4) == 0 {
			other := one.twin(rand.New(rand.NewPCG(random.Uint64(), 0)))
			twin.Go(other.follow)
		}
		one.follow()
		twin.Wait()
	}
}

// client returns a client with its own request and random habits.
func (c *crowd) client(name string, random *rand.Rand) *client {
	a := asks[random.IntN(len(asks))]
	one := &client{crowd: c, random: random, stream: checker.Stream{Name: name, Tag: name, Principal: anonymous}}
	members := map[string]any{"stream": true, "user": name}
	switch {
	case c.model != "":
		members["model"], one.stream.Ask = c.model, a.name
	case random.IntN(2) == 0:
		members["model"], members["max_tokens"] = randomModel, 30+random.IntN(40)
	default:
		one.stream.Ask = a.name
	}
	if c.stores && random.IntN(4) > 0 {
		members["store"] = true
	}
	if random.IntN(5) == 0 {
		members["stream_options"] = map[string]any{"include_usage": true}
	}
	one.body = a.body(members)
	if random.IntN(5) < 2 {
		one.stream.Key = fmt.Sprintf("%s %x", name, random.Uint64())
	}
	one.byPOST = random.IntN(8) == 0
	switch chance := random.IntN(100); {
	case chance < 40: // the first connection serves until it breaks
	case chance < 80: // POST, then GET
		one.leaveAfter, one.comesBack = 1+random.IntN(20), true
	case chance < 88:
		one.cancelAfter = 1 + random.IntN(30)
	case chance < 92:
		one.leaveAfter = 1 + random.IntN(20)
	default:
		one.slow = true
	}
	return one
}

// twin returns a client that follows the same completion by its idempotency key.
func (c *client) twin(random *rand.Rand) *client {
	other := &client{crowd: c.crowd, number: c.number, random: random, stream: c.stream, body: c.body}
	other.stream.Name += ", twin"
	return other
}

// follow follows the completion to its end, or until the client leaves.
func (c *client) follow() {
	defer func() {
		c.cancelling.Wait()
		c.keep(&c.stream)
	}()
	for c.ctx.Err() == nil && !c.done {
		before := c.next
		status := c.connect()
		switch {
		case c.done:
		case status/100 == 4 && status != http.StatusTooManyRequests:
			return // the checker judges that
		case c.stream.Left:
			return
		case c.last == "" && c.stream.Key == "" && c.id == "":
			// It may have been admitted. Nobody can tell, so the client asks anew.
			c.anew()
			fallthrough
		case c.next == before:
			pause(c.ctx, retryPause+time.Duration(c.random.IntN(100))*time.Millisecond)
		}
	}
}

// anew gives up the request, whatever becomes of it, and makes another one.
func (c *client) anew() {
	given := c.stream
	given.Left = true
	c.keep(&given)
	c.stream.Connections = nil
	c.stream.Name += "+"
	c.stream.Tag = c.stream.Name
	c.body = bytes.Replace(c.body, fmt.Appendf(nil, "%q", given.Tag), fmt.Appendf(nil, "%q", c.stream.Tag), 1)
}

// connect makes one connection, records everything received, and returns the status.
func (c *client) connect() int {
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	req, connection := c.request(ctx)
	defer func() {
		connection.Ended = time.Now()
		c.stream.Connections = append(c.stream.Connections, *connection)
	}()
	connection.Begun = time.Now()
	resp, err := web.Do(req)
	if err != nil {
		connection.End, connection.Error = checker.Cut, err.Error()
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	connection.Status, connection.Completion = resp.StatusCode, resp.Header.Get("X-Completion-Id")
	if connection.Completion != "" {
		c.id = connection.Completion
	}
	connection.End = checker.Clean
	switch resp.StatusCode {
	case http.StatusOK:
		watchdog := time.AfterFunc(silentFor, func() { cancel(errSilent) })
		defer watchdog.Stop()
		c.read(ctx, resp.Body, connection, func() { watchdog.Reset(silentFor) })
	case http.StatusNoContent:
		c.done = true
	default:
		text, err := io.ReadAll(resp.Body)
		if err != nil { // cut in the middle, so nothing can be concluded
			connection.Status, connection.End, connection.Error = 0, checker.Cut, err.Error()
			return 0
		}
		connection.Error = string(text)
	}
	return resp.StatusCode
}

var errSilent = errors.New("nothing came for too long")

// request returns the next request, for the missing events, at any edge.
func (c *client) request(ctx context.Context) (*http.Request, *checker.Connection) {
	url := c.urls[c.random.IntN(len(c.urls))]
	connection := &checker.Connection{Method: http.MethodPost, URL: url, After: c.last, Slow: c.slow}
	path, body := "/v1/chat/completions", c.body
	if c.id != "" && (!c.byPOST || c.last == "") {
		connection.Method, path, body = http.MethodGet, path+"/"+c.id, nil
	}
	req, err := http.NewRequestWithContext(ctx, connection.Method, url+path, bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	if connection.Method == http.MethodGet {
		req.Header.Set("Accept", "text/event-stream")
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.last != "" {
		req.Header.Set("Last-Event-ID", c.last)
	} else if c.stream.Key != "" && connection.Method == http.MethodPost {
		req.Header.Set("Idempotency-Key", c.stream.Key)
	}
	return req, connection
}

// read records events until the connection ends, or the client leaves.
func (c *client) read(ctx context.Context, body io.Reader, connection *checker.Connection, heard func()) {
	decoder := sse.NewDecoder(body)
	decoder.OnComment = func(text string) { connection.ComeBack = text != heartbeat }
	for {
		e, err := decoder.Next()
		switch {
		case errors.Is(err, io.EOF) && err == io.EOF: //nolint:errorlint // a wrapped EOF is a broken connection
			return
		case err != nil:
			connection.End, connection.Error = checker.Cut, errors.Join(err, context.Cause(ctx)).Error()
			return
		}
		heard()
		c.hear(c.number)
		connection.ComeBack = false
		got := checker.Event{ID: e.ID.String(), Name: e.Name.String(), Data: e.Data, At: time.Now()}
		if got.ID == c.last && strings.HasPrefix(got.Data, errorData) {
			got.ID = "" // an id that is not given is the one before (WHATWG HTML, "dispatch the event")
		}
		connection.Events = append(connection.Events, got)
		c.note(&connection.Events[len(connection.Events)-1])
		if c.done {
			continue // to see how the connection ends
		}
		if c.leaves() {
			connection.End = checker.Left
			return
		}
		if c.slow {
			pause(ctx, time.Duration(c.random.IntN(400))*time.Millisecond)
		}
	}
}

// note updates the client's state with an event.
func (c *client) note(e *checker.Event) {
	if e.ID == "" {
		return // an error of the edge itself: the completion continues
	}
	c.last = e.ID
	if c.id == "" {
		c.id, _, _ = strings.Cut(e.ID, ".")
	}
	c.next++
	if e.Data == "[DONE]" || strings.HasPrefix(e.Data, errorData) {
		c.done = true
	}
	if c.cancelAfter > 0 && c.next >= int64(c.cancelAfter) {
		c.cancelAfter = 0
		c.cancelling.Go(func() { c.cancel(c.id) })
	}
}

// leaves reports whether the client leaves the connection now.
func (c *client) leaves() bool {
	if c.leaveAfter == 0 || c.next < int64(c.leaveAfter) {
		return false
	}
	c.leaveAfter = 0
	c.stream.Left = !c.comesBack
	return true
}

// cancel repeats the cancel until it is confirmed, or until the completion is unknown, as after its log was taken
// away.
func (c *crowd) cancel(id string) {
	for n := 0; c.ctx.Err() == nil; n++ {
		url := c.urls[n%len(c.urls)]
		req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, url+"/v1/chat/completions/"+id+"/cancel", nil)
		if err != nil {
			panic(err)
		}
		resp, err := web.Do(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			gone := resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone
			if gone || resp.StatusCode == http.StatusOK {
				c.mu.Lock()
				c.cancels = append(c.cancels, checker.Cancel{Completion: id, At: time.Now(), Gone: gone})
				c.mu.Unlock()
				return
			}
		}
		pause(c.ctx, retryPause)
	}
}

// whole follows a completion from its start, like a new client.
func (c *crowd) whole(name, id string, url int) {
	one := &client{crowd: c, random: rand.New(rand.NewPCG(0, uint64(url))), id: id}
	one.stream = checker.Stream{Name: name, Principal: anonymous, Left: true}
	one.crowd = &crowd{ctx: c.ctx, urls: c.urls[url : url+1]}
	one.follow()
	for i := range one.streams {
		c.keep(&one.streams[i])
	}
}
