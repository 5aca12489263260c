package sse_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/sse"
)

// before is what every buffer holds already: it must come out untouched.
const before = "data: before\n\n"

func TestAppendEvent(t *testing.T) {
	id, name := sse.Must(sse.NewID("c.1")), sse.Must(sse.NewName("done"))
	tests := []struct {
		name  string
		event sse.Event
		want  string
	}{
		{"data only", sse.Event{Data: "x"}, "data: x\n\n"},
		{"id last", sse.Event{ID: id, Data: "x"}, "data: x\nid: c.1\n\n"},
		{
			"all fields in order",
			sse.Event{ID: id, Name: name, Retry: 2 * time.Second, Data: "x"},
			"event: done\ndata: x\nretry: 2000\nid: c.1\n\n",
		},
		{"retry cut to milliseconds", sse.Event{Retry: 1999 * time.Microsecond, Data: "x"}, "data: x\nretry: 1\n\n"},
		{"retry below a millisecond", sse.Event{Retry: time.Microsecond, Data: "x"}, "data: x\n\n"},
		{"retry negative", sse.Event{Retry: -time.Second, Data: "x"}, "data: x\n\n"},
		{"data with a leading space", sse.Event{Data: " x"}, "data:  x\n\n"},
		{"data with LF", sse.Event{Data: "x\ny"}, "data: x\ndata: y\n\n"},
		{"data with CR", sse.Event{Data: "x\ry"}, "data: x\ndata: y\n\n"},
		{"data with CRLF", sse.Event{Data: "x\r\ny"}, "data: x\ndata: y\n\n"},
		{"data with LFCR", sse.Event{Data: "x\n\ry"}, "data: x\ndata: \ndata: y\n\n"},
		{"data ending in LF", sse.Event{Data: "x\n"}, "data: x\ndata: \n\n"},
		{"data ending in CR", sse.Event{Data: "x\r"}, "data: x\ndata: \n\n"},
		{"data of one line ending", sse.Event{Data: "\r\n"}, "data: \ndata: \n\n"},
		{"data that looks like fields", sse.Event{Data: "x\n\nid: 2"}, "data: x\ndata: \ndata: id: 2\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sse.AppendEvent([]byte(before), tt.event)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(before+tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAppendEventWithoutData(t *testing.T) {
	for name, event := range map[string]sse.Event{
		"nothing": {},
		"id":      {ID: sse.Must(sse.NewID("1"))},
		"name":    {Name: sse.Must(sse.NewName("ping"))},
		"retry":   {Retry: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := sse.AppendEvent([]byte(before), event)
			if !errors.Is(err, sse.ErrNoData) || string(got) != before {
				t.Errorf("got %q, %v; want dst unchanged and ErrNoData", got, err)
			}
		})
	}
}

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
