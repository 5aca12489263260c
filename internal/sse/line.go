package sse

import (
	"bytes"
	"io"
)

const (
	readBytes     = 4 << 10
	maxEmptyReads = 100 // as in bufio
)

// A lineReader cuts a stream into lines that end in CR, LF or CRLF. It is not a
// bufio.Scanner because a line must be usable as soon as its CR is there: the
// peer may send nothing more until that line was answered.
type lineReader struct {
	r       io.Reader
	buf     []byte
	unread  []byte // the part of buf that is still to be looked at
	partial []byte // the start of a line that spans reads
	err     error  // to be returned once unread is used up
	afterCR bool   // an LF that comes next belongs to the last line's end
	started bool   // the first line, and with it the byte order mark, is past
}

// next returns the next line without its ending. The line is valid until the
// next call. A line that is not ended when the stream is, is discarded; one of
// more than limit bytes fails with [ErrTooLong]. Errors are final.
func (l *lineReader) next(limit int) ([]byte, error) {
	l.partial = l.partial[:0]

	for {
		piece, ended := l.take()
		if len(l.partial)+len(piece) > limit {
			l.fail(ErrTooLong)

			return nil, l.err
		}

		if ended && len(l.partial) == 0 {
			return l.dropBOM(piece), nil
		}

		l.partial = append(l.partial, piece...)
		if ended {
			return l.dropBOM(l.partial), nil
		}

		if err := l.fill(); err != nil {
			return nil, err
		}
	}
}

// fail makes err the answer to every further call.
func (l *lineReader) fail(err error) {
	l.unread, l.err = nil, err
}

// take returns what is left of the line in unread, and whether its end is there.
func (l *lineReader) take() (piece []byte, ended bool) {
	if l.afterCR && len(l.unread) > 0 {
		l.unread = bytes.TrimPrefix(l.unread, []byte("\n"))
		l.afterCR = false
	}

	end := lineEnd(l.unread)
	if end < 0 {
		piece, l.unread = l.unread, nil

		return piece, false
	}

	piece, l.afterCR = l.unread[:end], l.unread[end] == '\r'
	l.unread = l.unread[end+1:]

	return piece, true
}

// fill reads until there is something unread. Bytes that come together with an
// error are used before the error is returned.
func (l *lineReader) fill() error {
	if l.buf == nil {
		l.buf = make([]byte, readBytes)
	}

	for range maxEmptyReads {
		if l.err != nil {
			return l.err
		}

		n, err := l.r.Read(l.buf)
		l.unread, l.err = l.buf[:n], err

		if n > 0 {
			return nil
		}
	}

	if l.err == nil {
		l.err = io.ErrNoProgress
	}

	return l.err
}

// dropBOM drops one byte order mark from the first line, as "UTF-8 decode" does
// at the start of a stream. Elsewhere it is a character like any other.
func (l *lineReader) dropBOM(line []byte) []byte {
	if l.started {
		return line
	}

	l.started = true

	return bytes.TrimPrefix(line, []byte("\ufeff"))
}

// lineEnd returns the index of the first CR or LF, or -1.
func lineEnd(b []byte) int {
	lf := bytes.IndexByte(b, '\n')
	if lf >= 0 {
		b = b[:lf]
	}

	if cr := bytes.IndexByte(b, '\r'); cr >= 0 {
		return cr
	}

	return lf
}
