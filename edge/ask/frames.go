package ask

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/pawstream/pawstream/internal/sse"
)

// frames copies what it reads to out, unchanged and frame by frame. If a connection ends within a frame, the
// next one brings the whole frame again.
type frames struct {
	out   io.Writer
	err   error // of out
	in    *bufio.Reader
	line  []byte // the unread rest of the last line
	frame []byte // not written yet
}

// from sets the source, and returns the reader that copies it.
func (f *frames) from(r io.Reader) io.Reader {
	f.in = bufio.NewReader(r)
	return f
}

// Read implements io.Reader.
func (f *frames) Read(b []byte) (int, error) {
	if len(f.line) == 0 {
		line, err := f.in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && len(line) == 0 {
			return 0, err
		}
		f.line = line
		f.frame = append(f.frame, line...)
		if whole(f.frame) || len(f.frame) > sse.DefaultMaxEventBytes {
			if _, f.err = f.out.Write(f.frame); f.err != nil {
				return 0, f.err
			}
			f.frame = f.frame[:0]
		}
	}
	n := copy(b, f.line)
	f.line = f.line[n:]
	return n, nil
}

// whole reports whether a frame ends with its blank line.
func whole(frame []byte) bool {
	rest, ok := bytes.CutSuffix(frame, []byte("\n"))
	rest = bytes.TrimSuffix(rest, []byte("\r"))
	return ok && (len(rest) == 0 || rest[len(rest)-1] == '\n')
}
