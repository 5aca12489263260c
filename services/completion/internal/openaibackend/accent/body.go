package accent

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory that a zstd stream may ask for, in bytes.
const maxWindow = 8 << 20

// Decode returns a decompressed body, by the value of its Content-Encoding. Closing it closes the original body.
func (r *Reader) Decode(body io.ReadCloser, coding string) (io.ReadCloser, error) {
	names := strings.Split(coding, ",")
	for i := len(names) - 1; i >= 0; i-- {
		name := strings.ToLower(strings.TrimSpace(names[i]))
		if name == "" || name == "identity" {
			continue
		}
		if noCoding(name) && r.hears(EncodedBody) {
			continue
		}
		if !r.hears(EncodedBody) {
			return nil, fmt.Errorf("body in content coding %.20q", name)
		}
		plain, err := decoder(body, name)
		if err != nil {
			return nil, err
		}
		body = &decoded{Reader: plain, under: body}
	}
	return body, nil
}

// noCoding reports whether a name is not a coding, but one that some servers set by mistake for an uncompressed body.
func noCoding(name string) bool {
	switch name {
	case "utf-8", "utf8", "none", "binary", "8bit", "chunked":
		return true
	}
	return false
}

// IsCoding reports whether an error is about a body's content coding, as opposed to the connection.
func IsCoding(err error) bool {
	var corrupt flate.CorruptInputError
	for _, coding := range []error{
		gzip.ErrHeader, gzip.ErrChecksum, zlib.ErrHeader, zlib.ErrChecksum, zstd.ErrMagicMismatch, zstd.ErrCRCMismatch,
		zstd.ErrWindowSizeExceeded, zstd.ErrReservedBlockType, zstd.ErrCompressedSizeTooBig,
	} {
		if errors.Is(err, coding) {
			return true
		}
	}
	return errors.As(err, &corrupt)
}

// IsJSON reports whether data is one JSON text, even with invalid characters.
func IsJSON(data []byte) bool { return jsontext.Value(data).IsValid(lenient) }

func decoder(body io.Reader, coding string) (io.Reader, error) {
	switch coding {
	case "gzip", "x-gzip":
		return &later{make: func() (io.Reader, error) { return gzip.NewReader(body) }}, nil
	case "deflate":
		return &later{make: func() (io.Reader, error) { return inflate(body) }}, nil
	case "zstd":
		return &later{make: func() (io.Reader, error) {
			d, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
			if err != nil {
				return nil, err
			}
			return d, nil // with a concurrency of one it has no goroutines to end
		}}, nil
	}
	return nil, fmt.Errorf("body in content coding %.20q, which is not known", coding)
}

// inflate reads "deflate", which is zlib's format (RFC 9110, 8.4.1.2). Some servers send the raw format instead.
func inflate(body io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(body)
	head, err := buffered.Peek(2)
	if err != nil {
		return nil, cutShort(err)
	}
	const method, check = 8, 31 // RFC 1950, 2.2
	if head[0]&0x0f == method && (uint(head[0])<<8|uint(head[1]))%check == 0 {
		return zlib.NewReader(buffered)
	}
	return flate.NewReader(buffered), nil
}

// cutShort turns an early end of the stream into an error.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// later creates its reader at the first read, because the creation may need the first bytes.
type later struct {
	make func() (io.Reader, error)
	r    io.Reader
	err  error
}

// Read implements io.Reader.
func (l *later) Read(p []byte) (int, error) {
	if l.r == nil && l.err == nil {
		l.r, l.err = l.make()
	}
	if l.err != nil {
		return 0, cutShort(l.err)
	}
	return l.r.Read(p)
}

// decoded is a body that is read through a decoder.
type decoded struct {
	io.Reader
	under io.Closer
}

// Close implements io.Closer. It may be called while another goroutine reads, and ends that read. So it does not touch
// the decoder, which holds only memory.
func (d *decoded) Close() error { return d.under.Close() }

// A Kind is the kind of a body.
type Kind uint8

// The kinds of bodies.
const (
	Stream Kind = iota
	JSON        // one text of it
	Page        // HTML or XML, from something that is not an API
)

// Kind determines the kind of a body from its first byte that is not white space, for which it waits. It returns a
// reader to use in place of the body.
func (r *Reader) Kind(body io.Reader) (io.Reader, Kind) {
	buffered := bufio.NewReader(body)
	for n := 1; ; n++ {
		begin, err := buffered.Peek(n)
		if err != nil { // it comes again
			break
		}
		switch begin[n-1] {
		case ' ', '\t', '\r', '\n':
			continue
		}
		switch first := begin[n-1]; {
		case first == '<': // no field name begins with it
			return buffered, Page
		case (first == '{' || first == '[') && r.hears(WholeBody):
			return buffered, JSON
		}
		break
	}
	return buffered, Stream
}

// Lines returns a stream whose last event is terminated, and whose field names are those of the standard.
func (r *Reader) Lines(stream io.Reader) io.Reader {
	if r.hears(ErrorLines) {
		stream = &errorLines{from: stream, begins: true}
	}
	if r.hears(UnclosedEnd) {
		return io.MultiReader(stream, &lastLine{r: r})
	}
	return stream
}

// lastLine terminates the last event of a stream that has ended cleanly.
type lastLine struct {
	r    *Reader
	said bool
}

// Read implements io.Reader.
func (l *lastLine) Read(p []byte) (int, error) {
	if l.said || len(p) < 2 {
		return 0, io.EOF
	}
	l.said, l.r.over = true, true
	return copy(p, "\n\n"), nil
}

// Over reports whether the stream has ended. Events read after that may have been cut.
func (r *Reader) Over() bool { return r.over }

// errorLines reads a stream in which lines that begin with "error:" have the name and the data of an event.
type errorLines struct {
	from   io.Reader
	begins bool   // a line
	held   []byte // the beginning of a line that may be such a line
	out    []byte
	err    error
}

var (
	errorField = []byte("error:")               //nolint:gochecknoglobals // a constant
	errorEvent = []byte("event: error\ndata: ") //nolint:gochecknoglobals // a constant
)

// Read implements io.Reader.
func (e *errorLines) Read(p []byte) (int, error) {
	for len(e.out) == 0 {
		if e.err != nil {
			return 0, e.err
		}
		n, err := e.from.Read(p)
		for _, b := range p[:n] {
			e.add(b)
		}
		if e.err = err; err != nil {
			e.out, e.held = append(e.out, e.held...), nil
		}
	}
	n := copy(p, e.out)
	e.out = e.out[n:]
	if len(e.out) == 0 {
		e.out = nil
	}
	return n, nil
}

func (e *errorLines) add(b byte) {
	switch {
	case b == '\n' || b == '\r':
		e.out = append(append(e.out, e.held...), b)
		e.held, e.begins = e.held[:0], true
	case !e.begins:
		e.out = append(e.out, b)
	default:
		e.held = append(e.held, b)
		switch {
		case bytes.Equal(e.held, errorField):
			e.out = append(e.out, errorEvent...)
		case bytes.HasPrefix(errorField, e.held):
			return
		default:
			e.out = append(e.out, e.held...)
		}
		e.held, e.begins = e.held[:0], false
	}
}
