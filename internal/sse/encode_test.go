package sse_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/internal/sse"
)

// before is the initial content of every buffer. It must stay unchanged.
const before = "data: before\n\n"

func TestAppendFrame(t *testing.T) {
	prefix, name := sse.Must(sse.NewID("c.")), sse.Must(sse.NewName("progress"))
	tests := []struct {
		name   string
		fields sse.Fields
		want   string
	}{
		{"none", sse.Fields{}, "data: {}\n\n"},
		{"sequence zero", sse.Fields{IDPrefix: prefix}, "data: {}\nid: c.0\n\n"},
		{"sequence", sse.Fields{IDPrefix: prefix, Sequence: 42}, "data: {}\nid: c.42\n\n"},
		{"largest sequence", sse.Fields{IDPrefix: prefix, Sequence: math.MaxUint64}, "data: {}\nid: c.18446744073709551615\n\n"},
		{"sequence without prefix", sse.Fields{Sequence: 42}, "data: {}\n\n"},
		{"name without id", sse.Fields{Name: name}, "event: progress\ndata: {}\n\n"},
		{"retry cut to milliseconds", sse.Fields{Retry: 1999 * time.Microsecond}, "data: {}\nretry: 1\n\n"},
		{"retry below a millisecond", sse.Fields{Retry: time.Microsecond}, "data: {}\n\n"},
		{"retry negative", sse.Fields{Retry: -time.Second}, "data: {}\n\n"},
		{
			"all fields in order",
			sse.Fields{IDPrefix: prefix, Sequence: 1, Name: name, Retry: time.Second},
			"event: progress\ndata: {}\nretry: 1000\nid: c.1\n\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sse.AppendFrame([]byte(before), tt.fields, func(dst []byte) ([]byte, error) {
				return append(dst, "{}"...), nil
			})
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(before+tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAppendFrameIsWholeOrAbsent(t *testing.T) {
	errBroken := errors.New("broken")
	tests := []struct {
		name string
		data func([]byte) ([]byte, error)
		want error
	}{
		{"error", func(b []byte) ([]byte, error) { return append(b, "{"...), errBroken }, errBroken},
		{"nothing appended", func(b []byte) ([]byte, error) { return b, nil }, sse.ErrNoData},
		{"nil returned", func([]byte) ([]byte, error) { return nil, nil }, sse.ErrNoData},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fields := sse.Fields{IDPrefix: sse.Must(sse.NewID("c.")), Retry: time.Second}

			got, err := sse.AppendFrame([]byte(before), fields, tt.data)
			if !errors.Is(err, tt.want) || string(got) != before {
				t.Errorf("got %q, %v; want dst unchanged and %v", got, err, tt.want)
			}
		})
	}
}

func TestAppendComment(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"heartbeat", "hb", ": hb\n"},
		{"empty", "", ": \n"},
		{"line endings", "a\nb\rc\r\nd", ": a\n: b\n: c\n: d\n"},
		{"blank line", "a\n\ndata: x", ": a\n: \n: data: x\n"},
		{"final line ending", "a\n", ": a\n: \n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := sse.AppendComment([]byte(before), tt.text)
			if diff := cmp.Diff(before+tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestAppendUnfinished checks that no reader of events sees the line.
func TestAppendUnfinished(t *testing.T) {
	out := sse.AppendUnfinished([]byte(before), "[ERROR]")
	if diff := cmp.Diff(before+"data: [ERROR]\n", string(out)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	d := sse.NewDecoder(bytes.NewReader(out))
	if e, err := d.Next(); err != nil || e.Data != "before" {
		t.Errorf("%v, %v", e, err)
	}
	if e, err := d.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("the line is seen: %v, %v", e, err)
	}
}
