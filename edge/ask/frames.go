package ask

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/pawstream/pawstream/internal/sse"
)

// frames copies what is read to out, as it is on the wire and frame by frame: the part of
// one that is lost with a connection comes again, whole, on the next.
type frames struct {
	out   io.Writer
	err   error // of out
	in    *bufio.Reader
	line  []byte // what is still to be read of the last line
	frame []byte // what is still to be written
}

// from sets what is copied, and returns where it is to be read.
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

// whole reports whether a frame has its blank line.
func whole(frame []byte) bool {
	rest, ok := bytes.CutSuffix(frame, []byte("\n"))
	rest = bytes.TrimSuffix(rest, []byte("\r"))
	return ok && (len(rest) == 0 || rest[len(rest)-1] == '\n')
}
