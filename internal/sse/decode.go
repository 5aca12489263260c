package sse

import (
	"bytes"
	"io"
	"iter"
	"math"
	"time"
)

// DefaultMaxEventBytes is the bound of a [Decoder] that sets none.
const DefaultMaxEventBytes = 4 << 20

// A Decoder reads the events of one stream, by the rules of WHATWG HTML, 9.2.6
// "Interpreting an event stream". A reconnection is a new stream and takes a
// new Decoder.
//
// The exported fields may be set before the first event is read. A Decoder must
// not be used by two goroutines at once.
type Decoder struct {
	// MaxEventBytes bounds each line, and all the lines of an event together:
	// line endings and comments do not count towards an event. Zero or less is
	// DefaultMaxEventBytes. Memory use is bounded by a small multiple of it.
	MaxEventBytes int

	// OnComment, if not nil, is called for each comment with its text, without
	// the colon and one space after it. The call is made by Next, before the
	// event that the comment precedes is returned.
	OnComment func(text string)

	// KeepMalformed leaves data that is not UTF-8 unchanged, for a reader that refuses it.
	// By the standard, each malformed sequence is replaced.
	KeepMalformed bool

	lines lineReader
	size  int // bytes of the lines of the event in progress

	// The buffers of the standard. Each data field adds its value and LF, so
	// data is empty only as long as there was no data field.
	data []byte
	name Name
	id   ID

	blockRetry time.Duration // of the event in progress
	retry      time.Duration
	hasRetry   bool
}

// NewDecoder returns a Decoder that reads from r. It reads ahead, but never
// asks r for more while it holds an event that is complete.
func NewDecoder(r io.Reader) *Decoder {
	return &Decoder{lines: lineReader{r: r}}
}

// Events returns the remaining events, in order. An error other than the
// end of the stream is yielded last. After leaving the loop early, the caller may
// continue with another call of Events or Next.
func (d *Decoder) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			e, err := d.Next()
			if err == io.EOF { //nolint:errorlint // a wrapped EOF is a broken connection, not the end of the stream
				return
			}

			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Next returns the next event. It returns an event as soon as its blank line has been read, and discards it if
// the stream ends before that.
//
// The error is io.EOF when the reader ended with io.EOF, [ErrTooLong] when the
// peer exceeded the bound, otherwise the reader's error, unchanged. Once Next has failed, it
// always returns the same error. io.EOF alone does not mean that the stream is
// complete: only the data can tell.
func (d *Decoder) Next() (Event, error) {
	for {
		line, err := d.lines.next(d.limit())
		if err != nil {
			return Event{}, err
		}

		if len(line) > 0 {
			d.interpret(line)

			continue
		}

		if e, ok := d.dispatch(); ok {
			return e, nil
		}
	}
}

// Retry returns the last reconnection time that the stream asked for, and
// whether it asked at all: zero is a valid time. It applies from its line
// onwards, whether or not an event followed.
func (d *Decoder) Retry() (time.Duration, bool) { return d.retry, d.hasRetry }

func (d *Decoder) limit() int {
	if d.MaxEventBytes > 0 {
		return d.MaxEventBytes
	}

	return DefaultMaxEventBytes
}

// interpret handles a line that is not empty.
func (d *Decoder) interpret(line []byte) {
	field, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))

	if line[0] == ':' {
		if d.OnComment != nil {
			d.OnComment(decodeUTF8(value))
		}

		return
	}

	d.size += len(line)
	if d.size > d.limit() {
		d.lines.fail(ErrTooLong)

		return
	}

	d.setField(field, value)
}

// setField is "process the field". Field names are compared byte for byte, and
// those that are not in the standard are ignored.
func (d *Decoder) setField(field, value []byte) {
	switch string(field) {
	case "data":
		if d.KeepMalformed {
			d.data = append(d.data, value...)
		} else {
			d.data = appendUTF8(d.data, value)
		}

		d.data = append(d.data, '\n')
	case "event":
		d.name = Name{decodeUTF8(value)}
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			d.id = ID{decodeUTF8(value)}
		}
	case "retry":
		if retry, ok := parseRetry(value); ok {
			d.retry, d.hasRetry = retry, true
			d.blockRetry = retry
		}
	}
}

// dispatch is "dispatch the event": the id counts even if there is no data
// and hence no event. It is the only buffer that outlives the block.
func (d *Decoder) dispatch() (Event, bool) {
	e := Event{ID: d.id, Name: d.name, Retry: d.blockRetry}

	n := len(d.data)
	if n > 0 {
		e.Data = string(d.data[:n-1])
	}

	d.data, d.name, d.blockRetry, d.size = d.data[:0], Name{}, 0, 0

	return e, n > 0
}

// parseRetry accepts ASCII digits only, and at least one. A number that no
// Duration can hold becomes the longest one of whole milliseconds.
func parseRetry(value []byte) (time.Duration, bool) {
	const longest = math.MaxInt64 / int64(time.Millisecond)

	var ms int64

	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}

		ms = min(10*ms+int64(c-'0'), longest)
	}

	return time.Duration(ms) * time.Millisecond, len(value) > 0
}
