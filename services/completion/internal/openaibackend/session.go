package openaibackend

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pawstream/pawstream/internal/openaiapi"
	"github.com/pawstream/pawstream/internal/sse"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/openaibackend/accent"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// A session reads one streamed answer of a server.
type session struct {
	secrets secrets
	yield   func([]chat.Event, error) bool
	reader  accent.Reader

	data []byte       // of the message that is being read
	out  []chat.Event // its events
	echo echo

	opened []bool       // choices that have begun
	ended  []bool       // choices that have a finish reason
	held   []chat.Event // the finishes: yielded when the server has said that the answer is complete
	usage  *chat.Usage
}

// Causes of failures, in words for callers.
var (
	// errCutShort says that a stream ended before the server said that the answer was complete.
	errCutShort = errors.New("its stream ended before the answer did")
	// errNoDone says the same of a stream that has a finish reason for each choice.
	errNoDone = errors.New("its stream ended without its last line")
	// errPage says that a body does not come from an API.
	errPage = errors.New("it answered with a page and not with a stream")
	errHalf = errors.New("its body ended before its JSON did")
)

// read yields the answer as it arrives, from a body in a content coding. It returns nil only if the server has
// said that the answer is complete, and it is.
func (s *session) read(body io.ReadCloser, coding string) error {
	plain, err := s.reader.Decode(body, coding)
	if err != nil {
		return route.Malformed(err)
	}
	limited := &limited{body: plain, left: maxEvent}
	from, kind := s.reader.Kind(limited)
	switch kind {
	case accent.Page:
		return route.Malformed(errPage)
	case accent.JSON:
		return s.readWhole(from, limited)
	case accent.Stream:
	}
	events := sse.NewDecoder(s.reader.Lines(from))
	events.MaxEventBytes, events.KeepMalformed = maxEvent, true
	for {
		event, err := events.Next()
		if errors.Is(err, io.EOF) && s.allEnded() {
			return route.Malformed(errNoDone)
		}
		if err != nil {
			return broken(err, errCutShort)
		}
		limited.left = maxEvent
		data := strings.TrimSpace(event.Data)
		if data == openaiapi.Done {
			return s.finish(limited)
		}
		s.data, s.out = append(s.data[:0], data...), s.out[:0]
		if event.Name.String() == "error" {
			return inStream(s.data, s.secrets)
		}
		err = s.decode(s.data)
		if !s.yield(s.out, nil) {
			return errGone
		}
		if err != nil && s.reader.Over() {
			return cutShort(errCutShort) // a cut stream is not malformed
		}
		if err != nil {
			return err
		}
	}
}

// allEnded reports whether each choice has a finish reason.
func (s *session) allEnded() bool {
	for i, ended := range s.ended {
		if !ended && !s.reader.Ends(i) {
			return false
		}
	}
	return true
}

// cutShort returns the failure of a stream that ended before its answer did.
func cutShort(why error) *route.Failure { return route.Broken(why).Because(why.Error()) }

// broken returns the failure of a stream that cannot be read further. If the stream just ended, ended is the cause.
func broken(err, ended error) error {
	switch {
	case errors.Is(err, io.EOF):
		return cutShort(ended)
	case errors.Is(err, sse.ErrTooLong), errors.Is(err, errTooMuch), accent.IsCoding(err):
		return route.Malformed(err)
	}
	return connection(err)
}

// readJSON reads a body that is JSON.
func readJSON(from io.Reader) ([]byte, error) {
	data, err := io.ReadAll(from)
	if err != nil {
		return nil, broken(err, errHalf)
	}
	if !accent.IsJSON(data) {
		return nil, cutShort(errHalf)
	}
	return data, nil
}

// readWhole reads a body that is one chunk instead of a stream.
func (s *session) readWhole(from io.Reader, limited *limited) error {
	data, err := readJSON(from)
	if err != nil {
		return err
	}
	s.out = s.out[:0]
	err = s.decode(data)
	if !s.yield(s.out, nil) {
		return errGone
	}
	if err != nil {
		return err
	}
	return s.finish(limited)
}

// decode appends the events of a chunk to out.
func (s *session) decode(data []byte) error {
	chunk, err := s.reader.Read(data)
	if chunk != nil {
		if err := s.chunk(chunk); err != nil {
			return err
		}
	}
	if err != nil {
		return route.Malformed(err)
	}
	return nil
}

// chunk appends the events of a decoded chunk.
func (s *session) chunk(chunk *accent.Chunk) error {
	if chunk.Usage != nil {
		s.usage = chunk.Usage // the last one counts: some servers repeat it with every chunk
	}
	for i := range chunk.Choices {
		if err := s.choice(&chunk.Choices[i]); err != nil {
			return err
		}
	}
	if chunk.Failed != nil {
		return inStream(chunk.Failed, s.secrets)
	}
	return nil
}

func (s *session) choice(c *accent.Choice) error {
	if s.ended[c.Index] && c.Text() {
		return route.Malformed(fmt.Errorf("choice %d continued after its end", c.Index))
	}
	if !s.opened[c.Index] {
		s.opened[c.Index] = true
		opening := chat.Opening(c.Index)
		opening.Delta.NoContent = c.Delta.NoContent
		s.out = append(s.out, opening)
	}
	c.Delta.NoContent = false // the opening says it
	c.Delta.Content = s.echo.cut(c.Delta.Content)
	if c.Finish != "" && !s.ended[c.Index] {
		if rest := s.echo.rest(); rest != "" {
			c.Delta.Content = rest + c.Delta.Content
		}
	}
	if !c.Empty() {
		s.out = append(s.out, chat.Event{Kind: chat.KindDelta, Choice: c.Index, Delta: c.Delta})
	}
	if c.Finish != "" && !s.ended[c.Index] {
		s.ended[c.Index] = true
		s.held = append(s.held, chat.Finish(c.Index, c.Finish))
	}
	return nil
}

// finish handles the server's statement that the answer is complete.
func (s *session) finish(rest *limited) error {
	last, err := s.reader.End()
	if err != nil {
		return route.Malformed(err)
	}
	s.out = s.out[:0]
	if err := s.chunk(last); err != nil {
		return err
	}
	for i, ended := range s.ended {
		if !ended {
			return route.Malformed(fmt.Errorf("it ended without a finish reason for choice %d", i))
		}
	}
	rest.drain()
	if s.usage == nil {
		s.usage = &chat.Usage{Estimated: true}
	}
	s.out = append(s.out, chat.Event{Kind: chat.KindUsage, Usage: s.usage})
	if !s.yield(append(s.out, s.held...), nil) {
		return errGone
	}
	return nil
}
