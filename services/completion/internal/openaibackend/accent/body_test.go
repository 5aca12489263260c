package accent

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// TestABodyMayBeClosedWhileItIsRead closes a decoded body from another goroutine, as a timeout does.
func TestABodyMayBeClosedWhileItIsRead(t *testing.T) {
	for coding, encoder := range map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"zstd": func(w io.Writer) io.WriteCloser {
			e, err := zstd.NewWriter(w)
			if err != nil {
				t.Fatal(err)
			}
			return e
		},
	} {
		t.Run(coding, func(t *testing.T) {
			var coded bytes.Buffer
			to := encoder(&coded)
			for range 1 << 10 {
				if _, err := io.WriteString(to, "data: Luna\n\n"); err != nil {
					t.Fatal(err)
				}
			}
			if err := to.Close(); err != nil {
				t.Fatal(err)
			}
			from, into := io.Pipe()
			plain, err := (&Reader{}).Decode(from, coding)
			if err != nil {
				t.Fatal(err)
			}
			closed := make(chan error, 1)
			go func() {
				_, err := into.Write(coded.Bytes()[:coded.Len()/2])
				closed <- err
				closed <- plain.Close()
			}()
			if _, err := io.Copy(io.Discard, plain); err == nil {
				t.Error("half a body is a whole one")
			}
			for range cap(closed) + 1 {
				if err := <-closed; err != nil {
					t.Error(err)
				}
			}
		})
	}
}
