package sse_test

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/internal/sse"
)

func TestDecoderEndOfStream(t *testing.T) {
	errCut := errors.New("connection reset")
	tests := []struct {
		name string
		end  error
	}{
		{"clean", io.EOF},
		{"unexpected EOF", io.ErrUnexpectedEOF},
		{"other", errCut},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := sse.NewDecoder(io.MultiReader(strings.NewReader("data: 1\n\ndata: 2\n"), iotest.ErrReader(tt.end)))

			e, err := d.Next()
			if err != nil || e.Data != "1" {
				t.Fatalf("first: %v, %v", e, err)
			}

			for range 2 { // the error stays
				if e, err := d.Next(); err != tt.end || e != (sse.Event{}) { //nolint:errorlint // passed through as it is
					t.Fatalf("then: %v, %v; want %v", e, err, tt.end)
				}
			}
		})
	}
}

func TestDecoderUsesBytesThatComeWithAnError(t *testing.T) {
	d := sse.NewDecoder(iotest.DataErrReader(strings.NewReader("data: 1\n\ndata: 2\n\n")))

	var got []string
	for e, err := range d.Events() {
		if err != nil {
			t.Fatal(err)
		}

		got = append(got, e.Data)
	}

	if diff := cmp.Diff([]string{"1", "2"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A peer may send nothing more until the event was answered: the Decoder must
// not wait for the LF that could follow a CR.
func TestDecoderDoesNotReadPastAnEvent(t *testing.T) {
	errTooFar := errors.New("read past the blank line")
	for _, block := range []string{"data: x\n\n", "data: x\r\r", "data: x\r\n\r\n", "data: x\r\n\r"} {
		d := sse.NewDecoder(io.MultiReader(strings.NewReader(block), iotest.ErrReader(errTooFar)))
		if e, err := d.Next(); err != nil || e.Data != "x" {
			t.Errorf("%q: got %v, %v", block, e, err)
		}
	}
}

func TestDecoderNoProgress(t *testing.T) {
	d := sse.NewDecoder(stuck{})
	if _, err := d.Next(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("got %v, want io.ErrNoProgress", err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestDecoderMaxEventBytes(t *testing.T) {
	const limit = 16

	line := func(n int) string { return strings.Repeat("x", n) + "\n" }
	tests := []struct {
		name   string
		stream string
		want   error
	}{
		{"line at the limit", "data:" + line(11) + "\n", io.EOF},
		{"line above", "data:" + line(12) + "\n", sse.ErrTooLong},
		{"line above that never ends", strings.Repeat("x", 17), sse.ErrTooLong},
		{"line of an unknown field above", line(17), sse.ErrTooLong},
		{"comment above", ":" + line(16), sse.ErrTooLong},
		{"event at the limit", "data:345\ndata:345\n\n", io.EOF},
		{"event above", "data:345\ndata:3456\n\n", sse.ErrTooLong},
		{"event of empty lines above", "data\ndata\ndata\ndata\ndata\n\n", sse.ErrTooLong},
		{"comments do not count", "data:345\n:23456789\n:23456789\ndata:345\n\n", io.EOF},
		{"the next event starts anew", "data:345678\n\ndata:345678\n\n", io.EOF},
		{"a block without data ends too", "id:345678\n\ndata:345678\n\n", io.EOF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range chunkings(tt.stream) {
				d := sse.NewDecoder(r)
				d.MaxEventBytes = limit

				var err error
				for err == nil {
					_, err = d.Next()
				}

				if !errors.Is(err, tt.want) {
					t.Fatalf("ended with %v, want %v", err, tt.want)
				}

				if _, again := d.Next(); !errors.Is(again, tt.want) {
					t.Fatalf("then %v, want %v", again, tt.want)
				}
			}
		})
	}
}

func TestDecoderDefaultMaxEventBytes(t *testing.T) {
	d := sse.NewDecoder(&repeat{block: []byte("data: never a blank line\n")})
	if _, err := d.Next(); !errors.Is(err, sse.ErrTooLong) {
		t.Errorf("got %v, want ErrTooLong", err)
	}
}

// A reader that refuses malformed text has to see it.
func TestDecoderKeepMalformed(t *testing.T) {
	for _, keep := range []bool{false, true} {
		d := sse.NewDecoder(strings.NewReader("data: a\xe2\x82b\ndata: \xff\nevent: \xff\n\n"))
		d.KeepMalformed = keep

		want := "a\ufffdb\n\ufffd"
		if keep {
			want = "a\xe2\x82b\n\xff"
		}

		e, err := d.Next()
		if err != nil || e.Data != want || e.Name.String() != "\ufffd" {
			t.Errorf("keep %t: %q, %q, %v; want %q", keep, e.Data, e.Name, err, want)
		}
	}
}

func TestDecoderRetry(t *testing.T) {
	const longest = time.Duration(math.MaxInt64) / time.Millisecond * time.Millisecond

	tests := []struct {
		name   string
		stream string
		want   time.Duration
		ok     bool
	}{
		{"none", "data: x\n\n", 0, false},
		{"zero", "retry: 0\n", 0, true},
		{"without an event", "retry: 1000\n\n", time.Second, true},
		{"in an unfinished block", "retry: 1000\ndata: x", time.Second, true},
		{"the last one counts", "retry: 1\n\nretry: 2\nretry: 3\n\n", 3 * time.Millisecond, true},
		{"longer than a duration", "retry: 99999999999999999999999999\n", longest, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := sse.NewDecoder(strings.NewReader(tt.stream))
			for range d.Events() {
				continue
			}

			if got, ok := d.Retry(); got != tt.want || ok != tt.ok {
				t.Errorf("got %v, %v; want %v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestDecoderEventsResumesAfterBreak(t *testing.T) {
	d := sse.NewDecoder(strings.NewReader("data: 1\n\ndata: 2\n\n"))
	for range d.Events() {
		break
	}

	if e, err := d.Next(); err != nil || e.Data != "2" {
		t.Errorf("got %v, %v", e, err)
	}
}

func TestDecoderEventsYieldsTheErrorLast(t *testing.T) {
	r := io.MultiReader(strings.NewReader("data: 1\n\n"), iotest.ErrReader(io.ErrUnexpectedEOF))

	var got []error
	for _, err := range sse.NewDecoder(r).Events() {
		got = append(got, err)
	}

	if len(got) != 2 || got[0] != nil || !errors.Is(got[1], io.ErrUnexpectedEOF) {
		t.Errorf("yielded %v", got)
	}
}
