package httpapi

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/pawstream/pawstream/internal/budget"
)

// encode compresses a text with a writer.
func encode(t *testing.T, text string, writer func(io.Writer) io.WriteCloser) string {
	t.Helper()
	var b bytes.Buffer
	w := writer(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gzipped(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
func zlibbed(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }

func deflated(w io.Writer) io.WriteCloser {
	f, err := flate.NewWriter(w, flate.BestSpeed)
	if err != nil {
		panic(err)
	}
	return f
}

func zstandard(options ...zstd.EOption) func(io.Writer) io.WriteCloser {
	return func(w io.Writer) io.WriteCloser {
		z, err := zstd.NewWriter(w, append(options, zstd.WithEncoderConcurrency(1))...)
		if err != nil {
			panic(err)
		}
		return z
	}
}

// TestCompressedBodies sends bodies in each coding to every route that reads one.
func TestCompressedBodies(t *testing.T) {
	public, _ := opened(t, Config{})
	for _, path := range withBodies {
		text, err := io.ReadAll(jsonRequest(t, "POST "+path).Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct{ name, coding, body string }{
			{"gzip", "gzip", encode(t, string(text), gzipped)},
			{"by its older name", "x-gzip", encode(t, string(text), gzipped)},
			{"in capitals", "GZIP", encode(t, string(text), gzipped)},
			{"beside identity", "identity, gzip", encode(t, string(text), gzipped)},
			{"in two members", "gzip", encode(t, string(text[:9]), gzipped) + encode(t, string(text[9:]), gzipped)},
			{"deflate", "deflate", encode(t, string(text), zlibbed)},
			{"deflate without zlib, as some send it", "deflate", encode(t, string(text), deflated)},
			{"zstd", "zstd", encode(t, string(text), zstandard())},
			{"zstd in a large window", "zstd", encode(t, string(text), zstandard(zstd.WithWindowSize(8<<20), zstd.WithSingleSegment(false)))},
		} {
			for name, length := range map[string]int64{"of known length": int64(len(tt.body)), "in chunks": -1} {
				r := jsonRequest(t, "POST "+path)
				r.Header.Set("Content-Encoding", tt.coding)
				setBody(r, tt.body)
				r.ContentLength = length
				if w := through(public, r); w.Code != http.StatusOK {
					t.Errorf("%s, %s %s: status %d, %s", path, tt.name, name, w.Code, w.Body)
				}
			}
		}
	}
}

// TestBrokenCompression sends bodies that are not in the coding that they claim.
func TestBrokenCompression(t *testing.T) {
	public, behind := opened(t, Config{})
	for _, path := range withBodies {
		text, err := io.ReadAll(jsonRequest(t, "POST "+path).Body)
		if err != nil {
			t.Fatal(err)
		}
		for coding, whole := range map[string]string{
			"gzip": encode(t, string(text), gzipped), "deflate": encode(t, string(text), zlibbed), "zstd": encode(t, string(text), zstandard()),
		} {
			for name, body := range map[string]string{
				"plain": string(text), "cut": whole[:len(whole)-2], "with more after it": whole + "x", "empty": "",
				"damaged": whole[:len(whole)/2] + "\x00\x01\x02\x03" + whole[len(whole)/2+4:],
			} {
				r := jsonRequest(t, "POST "+path)
				r.Header.Set("Content-Encoding", coding)
				setBody(r, body)
				behind.taken()
				w := through(public, r)
				if body == "" { // nothing to decode, and no JSON
					if w.Code != http.StatusBadRequest {
						t.Errorf("%s, %s, empty: status %d, %s", path, coding, w.Code, w.Body)
					}
				} else {
					refusedAs(t, path+" "+coding+" "+name, w, refused{http.StatusBadRequest, "invalid_request_error", "invalid_value", ""})
				}
				if got := behind.taken(); len(got) > 0 {
					t.Errorf("%s, %s, %s: it calls %v", path, coding, name, got)
				}
			}
		}
	}
}

// TestDecodedSize checks the limit on a body's decoded size, even for highly compressed ones.
func TestDecodedSize(t *testing.T) {
	const most = 64 << 10
	memory := budget.New(64 << 20)
	public, _ := opened(t, Config{Bodies: Bodies{Max: most, Memory: memory}})
	codings := map[string]func(io.Writer) io.WriteCloser{"gzip": gzipped, "deflate": zlibbed, "zstd": zstandard()}
	bombs := make(map[string]string) // one for all paths, because making one is slow
	for coding, writer := range codings {
		bombs[coding] = encode(t, strings.Repeat(" ", 1000*most), writer)
	}
	for _, path := range withBodies {
		text, err := io.ReadAll(jsonRequest(t, "POST "+path).Body)
		if err != nil {
			t.Fatal(err)
		}
		send := func(coding, body string) *httptest.ResponseRecorder {
			r := jsonRequest(t, "POST "+path)
			r.Header.Set("Content-Encoding", coding)
			setBody(r, body)
			return through(public, r)
		}
		for coding, writer := range codings {
			padded := func(size int) string { return encode(t, string(text)+strings.Repeat(" ", size-len(text)), writer) }
			if w := send(coding, padded(most)); w.Code != http.StatusOK {
				t.Errorf("%s, %s: status %d, %s", path, coding, w.Code, w.Body)
			}
			for _, large := range []string{padded(most + 1), bombs[coding]} {
				refusedAs(t, path+" "+coding, send(coding, large), refusal413)
			}
		}
	}
	r := jsonRequest(t, "POST /v1/chat/completions") // a larger window than decoders must support (RFC 8878, section 3.1.1.1.2)
	r.Header.Set("Content-Encoding", "zstd")
	setBody(r, encode(t, strings.Repeat(" ", 1<<10), zstandard(zstd.WithWindowSize(512<<20), zstd.WithSingleSegment(false))))
	if w := through(public, r); w.Code != http.StatusBadRequest && w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a large window: status %d, %s", w.Code, w.Body)
	}
}
