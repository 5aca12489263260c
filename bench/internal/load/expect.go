package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pawstream/pawstream/internal/sse"
)

// An Expectation is the expected frames of every stream of a contender. It is learned from one stream whose
// text has been compared with the origin's. All others must equal it byte for byte, except for the completion's
// id and time.
type Expectation struct {
	frames []pattern
	ids    bool // whether the frames have event ids
}

// Frames returns how many frames a stream has.
func (e *Expectation) Frames() int { return len(e.frames) }

const (
	idPrefix  = "chatcmpl-"
	idLength  = len(idPrefix) + 26
	createdAt = `"created":`
)

// A pattern is a frame's data in pieces, with ids or times between them.
type pattern []piece

type piece struct {
	text string
	then byte // what follows: 'i' an id, 'd' digits, 0 nothing
}

// newPattern returns the pattern of data, without its ids and times.
func newPattern(data string) pattern {
	var p pattern
	for {
		id, created := strings.Index(data, idPrefix), strings.Index(data, createdAt)
		switch {
		case id >= 0 && (created < 0 || id < created) && len(data) >= id+idLength:
			p = append(p, piece{data[:id], 'i'})
			data = data[id+idLength:]
		case created >= 0:
			at := created + len(createdAt)
			p = append(p, piece{data[:at], 'd'})
			data = strings.TrimLeft(data[at:], `"0123456789`)
		default:
			return append(p, piece{text: data})
		}
	}
}

// match compares data with the pattern, and returns the id in it.
func (p pattern) match(data string) (id string, ok bool) {
	for _, piece := range p {
		if !strings.HasPrefix(data, piece.text) {
			return id, false
		}
		data = data[len(piece.text):]
		switch piece.then {
		case 'i':
			if len(data) < idLength {
				return id, false
			}
			id, data = data[:idLength], data[idLength:]
		case 'd':
			data = strings.TrimLeft(data, `"0123456789`)
		}
	}
	return id, data == ""
}

// String returns the pattern with placeholders.
func (p pattern) String() string {
	var b strings.Builder
	for _, piece := range p {
		b.WriteString(piece.text)
		switch piece.then {
		case 'i':
			b.WriteString("<id>")
		case 'd':
			b.WriteString("<time>")
		}
	}
	return b.String()
}

// Learn returns the expectation for the frames of one whole stream. Their text must equal text or, if that is
// empty, must not be empty.
func Learn(frames []sse.Event, text string) (*Expectation, error) {
	e := &Expectation{ids: len(frames) > 0 && frames[0].ID != (sse.ID{})}
	var got strings.Builder
	for _, frame := range frames {
		piece, err := textOf(frame.Data)
		if err != nil {
			return nil, err
		}
		got.WriteString(piece)
		e.frames = append(e.frames, newPattern(frame.Data))
	}
	switch {
	case got.Len() == 0:
		return nil, fmt.Errorf("the first stream has %d frames and no text", len(frames))
	case text != "" && got.String() != text:
		return nil, fmt.Errorf("the first stream's text is wrong: %s", difference(text, got.String()))
	}
	return e, nil
}

// textOf returns the text in a frame, in OpenAI's JSON or protobuf's.
func textOf(data string) (string, error) {
	if data == "[DONE]" {
		return "", nil
	}
	type delta struct {
		Content string `json:"content"`
	}
	var frame struct {
		Error   json.RawMessage `json:"error"`
		Delta   delta           `json:"delta"`
		Choices []struct {
			Delta delta `json:"delta"`
		} `json:"choices"`
	}
	if err := json.Unmarshal([]byte(data), &frame); err != nil {
		return "", fmt.Errorf("a frame is not JSON: %w: %s", err, data)
	}
	if len(frame.Error) > 0 && !bytes.Equal(frame.Error, []byte("null")) {
		return "", fmt.Errorf("a frame is an error: %s", data)
	}
	if len(frame.Choices) > 0 {
		return frame.Choices[0].Delta.Content, nil
	}
	return frame.Delta.Content, nil
}

// check compares the k-th frame of a stream. id is the completion's id, which the first frame sets.
func (e *Expectation) check(k int, frame *sse.Event, id *string) error {
	if k >= len(e.frames) {
		return fmt.Errorf("frame %d is one too many: %s", k, frame.Data)
	}
	got, ok := e.frames[k].match(frame.Data)
	if !ok {
		return fmt.Errorf("frame %d: %s", k, difference(e.frames[k].String(), frame.Data))
	}
	if got != "" && *id == "" {
		*id = got
	}
	if got != "" && got != *id {
		return fmt.Errorf("frame %d is of %s, and the stream of %s", k, got, *id)
	}
	if e.ids && !hasID(frame.ID.String(), *id, k) {
		return fmt.Errorf("frame %d has id %q, want %s.%d", k, frame.ID.String(), *id, k)
	}
	return nil
}

// hasID reports whether an event's id is "<completion>.<sequence>".
func hasID(got, completion string, sequence int) bool {
	rest, ok := strings.CutPrefix(got, completion)
	if !ok || len(rest) < 2 || rest[0] != '.' {
		return false
	}
	n := 0
	for _, digit := range []byte(rest[1:]) {
		if digit < '0' || digit > '9' {
			return false
		}
		n = 10*n + int(digit-'0')
	}
	return n == sequence
}

// difference describes the first difference of two texts.
func difference(want, got string) string {
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	from := max(0, at-20)
	return fmt.Sprintf("at byte %d want %.60q, got %.60q", at, want[min(from, len(want)):], got[min(from, len(got)):])
}
