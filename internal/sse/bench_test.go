package sse_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/pawstream/pawstream/internal/sse"
)

const chunk = `{"id":"chatcmpl-abcdefghijklmnopqrstuvwxyz","object":"chat.completion.chunk","created":1764000000,` +
	`"model":"pet-advisor-1","choices":[{"index":0,"delta":{"content":" whiskers"},"logprobs":null,"finish_reason":null}]}`

// The benchmarks of the two ways to write reuse one buffer, as a stream does.

func appendFrame(buf []byte, prefix sse.ID, sequence uint64) ([]byte, error) {
	fields := sse.Fields{IDPrefix: prefix, Sequence: sequence}

	return sse.AppendFrame(buf, fields, func(dst []byte) ([]byte, error) {
		return append(dst, chunk...), nil
	})
}

func TestEncodingAllocatesNothing(t *testing.T) {
	id := sse.Must(sse.NewID("chatcmpl-abcdefghijklmnopqrstuvwxyz.12345"))
	buf := make([]byte, 0, 1024)

	for name, write := range map[string]func() ([]byte, error){
		"AppendFrame":   func() ([]byte, error) { return appendFrame(buf, id, 12345) },
		"AppendComment": func() ([]byte, error) { return sse.AppendComment(buf, "hb"), nil },
	} {
		allocs := testing.AllocsPerRun(100, func() {
			if _, err := write(); err != nil {
				t.Fatal(err)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations, want 0", name, allocs)
		}
	}
}

func BenchmarkAppendFrame(b *testing.B) {
	prefix := sse.Must(sse.NewID("chatcmpl-abcdefghijklmnopqrstuvwxyz."))
	buf := make([]byte, 0, 1024)

	b.ReportAllocs()

	for sequence := uint64(0); b.Loop(); sequence++ {
		out, err := appendFrame(buf, prefix, sequence)
		if err != nil {
			b.Fatal(err)
		}

		b.SetBytes(int64(len(out)))
	}
}

func BenchmarkAppendComment(b *testing.B) {
	buf := make([]byte, 0, 64)

	b.ReportAllocs()

	for b.Loop() {
		sse.AppendComment(buf, "hb")
	}
}

// BenchmarkDecoder reads one event per iteration, as a load tool does.
func BenchmarkDecoder(b *testing.B) {
	prefix := sse.Must(sse.NewID("chatcmpl-abcdefghijklmnopqrstuvwxyz."))

	block, err := appendFrame(nil, prefix, 12345)
	if err != nil {
		b.Fatal(err)
	}

	d := sse.NewDecoder(&repeat{block: block})

	b.SetBytes(int64(len(block)))
	b.ReportAllocs()

	for b.Loop() {
		if _, err := d.Next(); err != nil {
			b.Fatal(err)
		}
	}
}

// repeat is an endless stream of the same block.
type repeat struct {
	block []byte
	rest  bytes.Reader
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.rest.Len() == 0 {
		r.rest.Reset(r.block)
	}

	return r.rest.Read(p)
}

var _ io.Reader = (*repeat)(nil)
