package chat_test

import (
	"strings"
	"testing"

	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

func BenchmarkChunk(b *testing.B) {
	for _, bench := range []struct {
		name    string
		options *completionv1.StreamOptions
		delta   *completionv1.Delta
	}{
		{"token", nil, &completionv1.Delta{Content: " retriever"}},
		{"paragraph", nil, &completionv1.Delta{Content: strings.Repeat("A \"good\" dog, über alles.\n", 40)}},
		{"padded", &completionv1.StreamOptions{IncludeObfuscation: true}, &completionv1.Delta{Content: " retriever"}},
		{"logprobs", nil, &completionv1.Delta{Content: " dog", Logprobs: &completionv1.Logprobs{Content: []*completionv1.TokenLogprob{
			{Token: " dog", Logprob: -0.0123456789, Bytes: []byte(" dog"), TopLogprobs: []*completionv1.TopLogprob{{Token: " cat", Logprob: -4.5}}},
		}}}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c := chat.NewChunkEncoder(metadata(bench.options))
			event := deltaEvent(bench.delta)
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = c.Append(dst[:0], event)
			}
			b.SetBytes(int64(len(dst)))
		})
	}
}

func BenchmarkDecodeRequest(b *testing.B) {
	const size = 10 << 20
	message := `{"role":"user","content":"Which dog suits a small flat?"},`
	for _, bench := range []struct{ name, body string }{
		{"usual", `{"model":"pet-advisor-1","stream":true,"messages":[` + strings.Repeat(message, 3) + `{"role":"user","content":"Hi"}]}`},
		{"one long text", `{"messages":[{"role":"user","content":"` + strings.Repeat("Ein größerer Hund. ", size/20) + `"}]}`},
		{"one long text, escaped", `{"messages":[{"role":"user","content":"` + strings.Repeat(`A\ngr\u00f6\u00dfer dog. `, size/24) + `"}]}`},
		{"messages", `{"messages":[` + strings.Repeat(message, size/len(message)) + `{}]}`},
		{"short messages", `{"messages":[` + strings.Repeat(`{"role":"user","content":"a"},`, 1<<18-1) + `{}]}`},
		{"schema", `{"tools":[{"type":"function","function":{"parameters":{"enum":[` + strings.Repeat(`"1234567890123456789012345678901234567",`, 1<<18-4) + `0]}}}]}`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			body := []byte(bench.body)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := chat.DecodeRequest(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkText(b *testing.B) {
	c, text := chat.NewChunkEncoder(metadata(nil)), []byte(" retriever")
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = c.AppendText(dst[:0], 0, text, 12345)
	}
	b.SetBytes(int64(len(dst)))
}

func TestEncodingTextAllocatesNothing(t *testing.T) {
	for name, options := range map[string]*completionv1.StreamOptions{"plain": nil, "padded": {IncludeObfuscation: true}, "usage": {IncludeUsage: true}} {
		c := chat.NewChunkEncoder(metadata(options))
		text, event := []byte(" retriever"), deltaEvent(&completionv1.Delta{Content: " retriever"})
		dst := make([]byte, 0, 1024)
		if allocs := testing.AllocsPerRun(100, func() { dst = c.AppendText(dst[:0], 0, text, 12345) }); allocs != 0 {
			t.Errorf("%s: AppendText: %v allocations, want 0", name, allocs)
		}
		if allocs := testing.AllocsPerRun(100, func() { dst, _ = c.Append(dst[:0], event) }); allocs != 0 {
			t.Errorf("%s: Append: %v allocations, want 0", name, allocs)
		}
	}
}
