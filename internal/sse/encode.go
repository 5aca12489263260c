package sse

import (
	"strconv"
	"strings"
	"time"
)

// Fields are the fields of an event except its data; see [AppendFrame].
type Fields struct {
	// IDPrefix and Sequence make the id: the prefix, then the number in
	// decimal. With the zero IDPrefix there is no id, whatever the Sequence.
	IDPrefix ID
	Sequence uint64

	Name  Name          // as in Event
	Retry time.Duration // as in Event
}

// AppendFrame appends one block to dst, blank line included, whose data is
// appended by the function given, and returns the extended buffer. No string is
// built for the id, and the data is neither copied nor scanned.
//
// The function must return its argument with one or more bytes appended, none
// of them CR or LF: JSON text without white space between its tokens is such
// data, as a string in it cannot hold a raw control character. The function must not
// keep its argument.
//
// If the function returns an error or appends nothing, AppendFrame returns dst
// unchanged with that error or [ErrNoData].
func AppendFrame(dst []byte, f Fields, data func([]byte) ([]byte, error)) ([]byte, error) {
	b := append(appendName(dst, f.Name), "data: "...)
	start := len(b)

	b, err := data(b)
	if err != nil {
		return dst, err
	}

	if len(b) <= start {
		return dst, ErrNoData
	}

	b = appendRetry(append(b, '\n'), f.Retry)

	if f.IDPrefix != (ID{}) {
		b = append(b, "id: "...)
		b = append(b, f.IDPrefix.text...)
		b = strconv.AppendUint(b, f.Sequence, 10)
		b = append(b, '\n')
	}

	return append(b, '\n'), nil
}

// AppendComment appends text to dst as a comment and returns the extended
// buffer. A comment is one line and no blank line, so it may stand between two
// blocks without being taken for one. A text of several lines becomes several
// comments.
//
// A comment is the heartbeat of a silent stream: it reaches the client's socket
// but no listener.
func AppendComment(dst []byte, text string) []byte {
	return appendLines(dst, ": ", text)
}

// AppendUnfinished appends a line of data without the blank line that would make an event of it.
// Only the end of the stream may follow. There, a reader that conforms to the standard discards the
// block ("the event is not dispatched"), while a reader that reads line by line sees it.
// The text must hold neither CR nor LF.
func AppendUnfinished(dst []byte, text string) []byte {
	return appendField(dst, "data: ", text)
}

func appendName(dst []byte, name Name) []byte {
	if name == (Name{}) {
		return dst
	}

	return appendField(dst, "event: ", name.text)
}

func appendRetry(dst []byte, retry time.Duration) []byte {
	ms := retry.Milliseconds()
	if ms <= 0 {
		return dst
	}

	dst = append(dst, "retry: "...)
	dst = strconv.AppendInt(dst, ms, 10)

	return append(dst, '\n')
}

// appendLines appends a field for each line of text. A final line ending counts
// as followed by an empty line, because a reader drops the last one it adds.
func appendLines(dst []byte, field, text string) []byte {
	for {
		end := strings.IndexAny(text, "\r\n")
		if end < 0 {
			return appendField(dst, field, text)
		}

		dst = appendField(dst, field, text[:end])
		if strings.HasPrefix(text[end:], "\r\n") {
			end++
		}

		text = text[end+1:]
	}
}

// appendField relies on value holding neither CR nor LF. The field ends in a
// space, which a reader drops, so that a value may begin with one.
func appendField(dst []byte, field, value string) []byte {
	dst = append(dst, field...)
	dst = append(dst, value...)

	return append(dst, '\n')
}
