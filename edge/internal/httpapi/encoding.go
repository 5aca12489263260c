package httpapi

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/header"
)

const (
	// codings are the supported content codings.
	codings = "gzip, deflate, zstd"
	// maxWindow is the largest window of zstd: the one that every decoder has to support (RFC 8878, section
	// 3.1.1.1.2).
	maxWindow = 8 << 20
)

// errCoding says that a body is not in the coding that it claims.
var errCoding = errors.New("httpapi: the body is not in its Content-Encoding")

// codingOf returns a body's content coding, "" for none.
func codingOf(h http.Header) (string, *failure.Error) {
	found := ""
	for coding := range strings.SplitSeq(strings.Join(h.Values(header.ContentEncoding), ","), ",") {
		switch coding = strings.ToLower(strings.TrimSpace(coding)); {
		case coding == "" || coding == "identity":
			continue
		case found != "": // only attackers compress twice
			return "", failure.UnsupportedCoding(codings)
		case coding == "x-gzip": // its older name (RFC 9110, section 8.4.1.3)
			coding = "gzip"
		}
		found = coding
	}
	switch found {
	case "", "gzip", "deflate", "zstd":
		return found, nil
	}
	return "", failure.UnsupportedCoding(codings)
}

// A decoded body is a compressed one after decompression.
type decoded struct {
	io.Reader
	from  *bufio.Reader
	close func()
}

// decode returns a decompressed body; the caller has to close it. It reserves room for the decoder's own
// memory.
func decode(coding string, body io.Reader, share *budget.Share) (*decoded, error) {
	d := &decoded{from: bufio.NewReader(body), close: func() {}}
	head, err := d.from.Peek(2)
	if len(head) == 0 {
		d.Reader = d.from // an empty body, or the error that prevented it
		return d, nil
	}
	if err != nil {
		return nil, ofBody(err)
	}
	switch coding {
	case "gzip":
		d.Reader, err = gzip.NewReader(d.from)
	case "deflate":
		// It is that of zlib. Some send it bare, and no bare one begins like that of zlib (RFC 1950, section 2.2).
		if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
			d.Reader, err = zlib.NewReader(d.from)
		} else {
			d.Reader = flate.NewReader(d.from)
		}
	case "zstd":
		if err := share.Grow(maxWindow); err != nil {
			return nil, err
		}
		var z *zstd.Decoder
		if z, err = zstd.NewReader(d.from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow)); err == nil {
			d.Reader, d.close = z, z.Close
		}
	}
	if err != nil {
		return nil, ofBody(err)
	}
	return d, nil
}

// Read implements [io.Reader]. Nothing may follow what was compressed.
func (d *decoded) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if !errors.Is(err, io.EOF) {
		return n, ofBody(err)
	}
	if _, more := d.from.ReadByte(); !errors.Is(more, io.EOF) {
		return n, ofBody(errors.Join(more, errCoding))
	}
	return n, io.EOF
}

// ofBody returns the error of a body that could not be decoded: the read error, if there was one, otherwise
// that it is in another coding.
func ofBody(err error) error {
	var tooLarge *http.MaxBytesError
	if err == nil || errors.As(err, &tooLarge) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", errCoding, err)
}
