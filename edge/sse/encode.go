package sse

import (
	"strconv"
	"strings"
	"time"
)

// AppendEvent appends e to dst as one block, blank line included, and returns
// the extended buffer. The fields come in the order id, event, retry, data;
// those that are absent are left out. Data is split at each CR, LF and CRLF into
// as many data lines.
//
// If e has no data it returns dst unchanged and [ErrNoData].
func AppendEvent(dst []byte, e Event) ([]byte, error) {
	if e.Data == "" {
		return dst, ErrNoData
	}

	if e.ID != (ID{}) {
		dst = appendField(dst, "id: ", e.ID.text)
	}

	dst = appendNameAndRetry(dst, e.Name, e.Retry)
	dst = appendLines(dst, "data: ", e.Data)

	return append(dst, '\n'), nil
}

// A Head is what precedes the data of a frame; see [AppendFrame]. The zero Head
// is an event with nothing but data.
type Head struct {
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
// data, as a string in it cannot hold a raw control character. Data that may
// hold a line ending belongs in [AppendEvent]. The function must not keep its
// argument.
//
// If the function returns an error or appends nothing, AppendFrame returns dst
// unchanged with that error or [ErrNoData].
func AppendFrame(dst []byte, h Head, data func([]byte) ([]byte, error)) ([]byte, error) {
	b := append(appendHead(dst, h), "data: "...)
	start := len(b)

	b, err := data(b)
	if err != nil {
		return dst, err
	}

	if len(b) <= start {
		return dst, ErrNoData
	}

	return append(b, "\n\n"...), nil
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

func appendHead(dst []byte, h Head) []byte {
	if h.IDPrefix != (ID{}) {
		dst = append(dst, "id: "...)
		dst = append(dst, h.IDPrefix.text...)
		dst = strconv.AppendUint(dst, h.Sequence, 10)
		dst = append(dst, '\n')
	}

	return appendNameAndRetry(dst, h.Name, h.Retry)
}

func appendNameAndRetry(dst []byte, name Name, retry time.Duration) []byte {
	if name != (Name{}) {
		dst = appendField(dst, "event: ", name.text)
	}

	if ms := retry.Milliseconds(); ms > 0 {
		dst = append(dst, "retry: "...)
		dst = strconv.AppendInt(dst, ms, 10)
		dst = append(dst, '\n')
	}

	return dst
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
