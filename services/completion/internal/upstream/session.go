package upstream

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/ssestream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// maxToolCalls bounds the tool calls of one choice, which the server numbers.
const maxToolCalls = 128

// A session reads one streamed answer of a server.
type session struct {
	target   *Target
	answer   *answer
	timeouts Timeouts
	chunk    chunk
	echo     echo

	ended  []bool       // which choices have their finish reason
	held   []chat.Event // the finishes: shown when the server has said that this is all
	usage  *chat.Usage
	opened map[[2]int]bool // tool calls that have begun, by choice and index

	// intercept has tool calls not shown but collected: the tool is ours.
	intercept bool
	calls     []toolCall
	said      strings.Builder // text of this session
}

// reset makes the session ready for the next one of the same answer.
func (s *session) reset() {
	clear(s.ended)
	s.held, s.calls, s.usage, s.opened = nil, nil, nil, nil
	s.said.Reset()
}

// read shows the answer as it comes. It returns nil only when the server has said that
// this was all, and it is whole.
func (s *session) read(ctx context.Context, res *http.Response, clock *clock) error {
	limited := &limited{from: bufio.NewReader(res.Body), closer: res.Body, left: maxEvent}
	res.Body = limited
	events := ssestream.NewDecoder(res)
	for {
		clock.arm()
		ok := events.Next()
		clock.heard()
		if !ok {
			break
		}
		limited.left = maxEvent
		if err := ctx.Err(); err != nil {
			return ended(ctx, err)
		}
		event := events.Event()
		data := bytes.TrimSpace(event.Data)
		if bytes.Equal(data, []byte("[DONE]")) {
			return s.finish(limited)
		}
		if event.Type == "error" {
			return s.reported(jsontext.Value(data))
		}
		if err := s.take(data); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return ended(ctx, err)
	}
	if err := events.Err(); err != nil {
		return connection(ctx, err)
	}
	return broken(errors.New("stream ended before [DONE]"))
}

// ended tells our own deadlines from the caller's end.
func ended(ctx context.Context, err error) error {
	var because *failure
	if errors.As(context.Cause(ctx), &because) {
		return because
	}
	return err
}

// take shows what a chunk holds.
func (s *session) take(data []byte) error {
	if err := decodeChunk(data, &s.chunk); err != nil {
		return broken(err)
	}
	if present(s.chunk.Error) {
		return s.reported(s.chunk.Error)
	}
	if s.chunk.Usage != nil {
		u := s.chunk.Usage.usage() // the last one counts: some servers tell it with every chunk
		s.usage = &u
	}
	for i := range s.chunk.Choices {
		if err := s.choice(&s.chunk.Choices[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) choice(c *chunkChoice) error {
	if present(c.Error) {
		return s.reported(c.Error)
	}
	if c.Index < 0 || c.Index >= len(s.ended) {
		return broken(fmt.Errorf("choice %d of %d", c.Index, len(s.ended)))
	}
	delta := s.delta(c)
	empty := delta.Content == "" && delta.Refusal == "" && delta.Reasoning == "" && len(c.Delta.ToolCalls) == 0
	if s.ended[c.Index] {
		if empty {
			return nil // usage that comes with an empty choice
		}
		return broken(fmt.Errorf("choice %d went on after its end", c.Index))
	}
	if err := s.answer.open(c.Index); err != nil {
		return err
	}
	if err := s.toolCalls(c, &delta); err != nil {
		return err
	}
	if c.FinishReason != "" {
		if rest := s.echo.rest(); rest != "" {
			delta.Content = rest + delta.Content
		}
	}
	if delta.Content != "" || delta.Refusal != "" || delta.Reasoning != "" || len(delta.ToolCalls) > 0 || delta.Logprobs != nil {
		s.said.WriteString(delta.Content)
		if err := s.answer.show(chat.Event{Kind: chat.KindDelta, Choice: c.Index, Delta: delta}); err != nil {
			return err
		}
	}
	if c.FinishReason == "" {
		return nil
	}
	reason, ok := finishReason(c.FinishReason)
	if !ok {
		return broken(errors.New("finish reason " + strconv.Quote(c.FinishReason)))
	}
	s.ended[c.Index] = true
	s.held = append(s.held, chat.Finish(c.Index, reason))
	return nil
}

func (s *session) delta(c *chunkChoice) chat.Delta {
	d := chat.Delta{
		Content:   s.echo.cut(c.Delta.Content),
		Refusal:   c.Delta.Refusal,
		Reasoning: c.Delta.ReasoningContent,
	}
	if d.Reasoning == "" {
		d.Reasoning = c.Delta.Reasoning
	}
	if s.answer.req.Logprobs {
		d.Logprobs = c.Logprobs.logprobs()
	}
	return d
}

// toolCalls adds the chunk's tool calls to the delta, or to those that are ours to answer.
func (s *session) toolCalls(c *chunkChoice, d *chat.Delta) error {
	for i := range c.Delta.ToolCalls {
		call := &c.Delta.ToolCalls[i]
		index := s.callIndex(c.Index, call)
		if index < 0 || index >= maxToolCalls {
			return broken(fmt.Errorf("tool call %d", index))
		}
		key := [2]int{c.Index, index}
		begins := !s.opened[key]
		if begins {
			if call.Function.Name == "" {
				return broken(errors.New("tool call without a name"))
			}
			if s.opened == nil {
				s.opened = make(map[[2]int]bool)
			}
			s.opened[key] = true
			if call.ID == "" {
				call.ID = "call_" + rand.Text()
			}
		}
		if s.intercept {
			s.collect(index, begins, call)
			continue
		}
		out := chat.ToolCallDelta{Index: index, Arguments: call.Function.Arguments}
		if begins {
			out.ID, out.Name = call.ID, call.Function.Name
		}
		d.ToolCalls = append(d.ToolCalls, out)
	}
	return nil
}

// callIndex returns a call's place. A server that numbers none sends each call whole.
func (s *session) callIndex(choice int, call *chunkToolCall) int {
	if call.Index != nil {
		return *call.Index
	}
	n := 0
	for s.opened[[2]int{choice, n}] {
		n++
	}
	if call.Function.Name == "" {
		return n - 1
	}
	return n
}

func (s *session) collect(index int, begins bool, call *chunkToolCall) {
	for len(s.calls) <= index {
		s.calls = append(s.calls, toolCall{Type: "function"})
	}
	c := &s.calls[index]
	if begins {
		c.ID, c.Function.Name = call.ID, call.Function.Name
	}
	if len(c.Function.Arguments)+len(call.Function.Arguments) <= maxRefusal {
		c.Function.Arguments += call.Function.Arguments
	}
}

// finish is called when the server says that this was all.
func (s *session) finish(rest *limited) error {
	for i, ended := range s.ended {
		if !ended {
			return broken(fmt.Errorf("[DONE] before the finish reason of choice %d", i))
		}
	}
	rest.drain()
	if s.usage != nil {
		s.answer.add(s.usage)
		s.answer.told = true
	} else {
		s.answer.partial = true // so it is for us to count
	}
	if len(s.calls) > 0 {
		return nil // the answer goes on after the tool's
	}
	for _, e := range s.held {
		if err := s.answer.show(e); err != nil {
			return err
		}
	}
	return nil
}

// reported returns the failure that a server tells in the stream. Its code is a string or
// a status.
func (s *session) reported(v jsontext.Value) error {
	var wrapped struct {
		Error jsontext.Value `json:"error"`
	}
	if json.Unmarshal(v, &wrapped) == nil && present(wrapped.Error) {
		v = wrapped.Error
	}
	var told struct {
		Message string         `json:"message"`
		Param   string         `json:"param"`
		Code    jsontext.Value `json:"code"`
	}
	_ = json.Unmarshal(v, &told) // what it cannot be read as, it does not say
	e := openai.Error{StatusCode: http.StatusBadGateway, Message: told.Message, Param: told.Param}
	code := strings.Trim(string(told.Code), `"`)
	if status, err := strconv.Atoi(code); err == nil && status >= 400 && status < 600 {
		e.StatusCode = status
	} else if code == "context_length_exceeded" {
		e.Code = code
	} else if code == "rate_limit_exceeded" {
		e.StatusCode = http.StatusTooManyRequests
	}
	f := refused(&e, s.target.secrets)
	f.told = true
	f.shown.Err = errors.New("upstream reported an error in the stream")
	return f
}

// limited is a body that may hold only so much without an event. It drops a leading byte
// order mark, which is no part of the first field's name (WHATWG HTML, 9.2.6).
type limited struct {
	from   *bufio.Reader
	closer io.Closer
	left   int
	begun  bool
}

var errTooMuch = fmt.Errorf("more than %d bytes without an event", maxEvent)

func (l *limited) Read(p []byte) (int, error) {
	if !l.begun {
		l.begun = true
		if mark, _ := l.from.Peek(3); string(mark) == "\ufeff" {
			_, _ = l.from.Discard(3)
		}
	}
	if l.left <= 0 {
		return 0, errTooMuch
	}
	n, err := l.from.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// Close closes the connection's end.
func (l *limited) Close() error { return l.closer.Close() }

// drain reads the little that follows "[DONE]", so that the connection can be used again,
// and gives up where nothing comes.
func (l *limited) drain() {
	timer := time.AfterFunc(drainTime, func() { _ = l.closer.Close() })
	defer timer.Stop()
	_, _ = io.CopyN(io.Discard, l.from, 4<<10)
}
