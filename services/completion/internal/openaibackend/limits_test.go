package openaibackend

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/openaibackend/accent"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// TestBytesOfACharacterAreJoined splits the bytes of a character between two chunks, neither of which is valid UTF-8.
func TestBytesOfACharacterAreJoined(t *testing.T) {
	chunk := func(text string) string {
		return `data: {"choices":[{"index":0,"delta":{"content":"` + text + "\"}}]}\n\n"
	}
	for name, test := range map[string]struct {
		pieces []string
		want   string
	}{
		"in half":         {[]string{"a\xf0\x9f", "\x90\x88b"}, `content: "a🐈b"`},
		"byte by byte":    {[]string{"\xf0", "\x9f", "\x90", "\x88"}, `content: "🐈"`},
		"escaped between": {[]string{"\xc3", "\xa4\\n"}, `content: "ä\n"`},
	} {
		t.Run(name, func(t *testing.T) {
			var stream strings.Builder
			for _, piece := range test.pieces {
				stream.WriteString(chunk(piece))
			}
			stream.WriteString(ends)
			got := tell(t, strings.NewReader(stream.String()), nil)
			if got.text != test.want+"\nfinish: stop\nusage: estimated" {
				t.Errorf("%s\nwant %s", got.text, test.want)
			}
			for at := range stream.Len() {
				got := tell(t, cut([]byte(stream.String()), at, true), nil)
				if got.err == nil && !strings.HasPrefix(got.text, test.want) {
					t.Fatalf("cut at %d: %s", at, got.text)
				}
			}
		})
	}
	for name, pieces := range map[string][]string{
		"no end":       {"a\xf0\x9f"},
		"another one":  {"a\xf0\x9f", "b"},
		"not a begin":  {"\x90\x88"},
		"half a pair":  {`\ud83d`, "\xf0"},
		"two begins":   {`\ud83d`, `\ud83d`},
		"a raw half":   {"\xed\xa0\xbd"},
		"short escape": {`\ud8`},
	} {
		var stream strings.Builder
		for _, piece := range pieces {
			stream.WriteString(chunk(piece))
		}
		stream.WriteString(ends)
		if got := tell(t, strings.NewReader(stream.String()), nil); got.err == nil || got.finishes > 0 {
			t.Errorf("%s: %s", name, got.text)
		}
	}
}

// TestWhatACodingHolds tests bodies that are not in the claimed coding, or hold more than a stream may.
func TestWhatACodingHolds(t *testing.T) {
	comments := []byte(strings.Repeat(": nothing\n", 4*maxEvent/10))
	for name, test := range map[string]struct {
		coding string
		body   []byte
	}{
		"gzip of nothing but comments": {"gzip", coded(t, "gzip", comments)},
		"zstd of nothing but comments": {"zstd", coded(t, "zstd", comments)},
		"gzip that is none":            {"gzip", []byte(says("Hi") + ends)},
		"zstd that is none":            {"zstd", []byte(says("Hi") + ends)},
		"a coding without a decoder":   {"br", []byte(says("Hi") + ends)},
		"zlib that is none":            {"deflate", []byte("x\x9c" + strings.Repeat("\xff", 100))},
		"plain that is gzip":           {"", coded(t, "gzip", []byte(says("Hi")+ends))},
	} {
		t.Run(name, func(t *testing.T) {
			got := tell(t, bytes.NewReader(test.body), http.Header{"Content-Encoding": {test.coding}})
			var f *route.Failure
			if !errors.As(got.err, &f) || got.finishes > 0 {
				t.Fatal(got.text)
			}
			if name != "plain that is gzip" && !f.Form {
				t.Errorf("%+v is no fault of form", f)
			}
		})
	}
}

// TestFaultsOfForm checks that unreadable responses are told apart from cut ones: only the latter count against the server's health.
func TestFaultsOfForm(t *testing.T) {
	hi := says("Hi")
	for name, test := range map[string]struct {
		stream string
		form   bool
	}{
		"not JSON":              {hi + "data: hello\n\n" + ends, true},
		"half a chunk":          {hi + "data: {\"choices\":[\n\n" + ends, true},
		"wrong type":            {`data: {"choices":[{"index":0,"delta":{"content":5}}]}` + "\n\n" + ends, true},
		"a choice too many":     {`data: {"choices":[{"index":1,"delta":{"content":"x"}}]}` + "\n\n" + ends, true},
		"no finish reason":      {hi + "data: [DONE]\n\n", true},
		"goes on after its end": {hi + strings.Replace(ends, "data: [DONE]", says("Ho")+"data: [DONE]", 1), true},
		"huge":                  {hi + "data: " + strings.Repeat("x", maxEvent+1) + "\n\n", true},
		"two whole bodies":      {`{"choices":[]}{"choices":[]}`, false}, // the first may have been cut
		"a page":                {"<html>hello</html>", true},
		"a page behind a space": {"\n<!DOCTYPE html>\n", true},
		"no finish, no done":    {hi, false},
		"no done":               {hi + strings.TrimSuffix(ends, "data: [DONE]\n\n"), true},
		"no done, unknown end":  {hi + strings.Replace(strings.TrimSuffix(ends, "data: [DONE]\n\n"), "stop", "tired", 1), true},
		"cut in done":           {hi + strings.TrimSuffix(ends, "NE]\n\n"), false},
		"cut in a chunk":        {hi + `data: {"choices":[`, false},
		"nothing":               {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			got := tell(t, strings.NewReader(test.stream), nil)
			var f *route.Failure
			if !errors.As(got.err, &f) || f.Form != test.form || got.finishes > 0 {
				t.Errorf("%s: %+v", got.text, f)
			}
			if f != nil && !strings.Contains(f.Shown.Message, ": ") {
				t.Errorf("%q tells no cause", f.Shown.Message)
			}
		})
	}
}

// TestBytesOfTokens reads the bytes of a token from numbers in the forms that servers use.
func TestBytesOfTokens(t *testing.T) {
	for bytes, want := range map[string]string{
		"[72,105]": "Hi", "[72.0,105.0]": "Hi", "null": "", "[300]": "", "[-1]": "", `["x"]`: "", "[0.5]": "",
	} {
		r := accent.Reader{Choices: 1, Logprobs: true}
		chunk, err := r.Read([]byte(`{"choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":{"content":[{"token":"Hi","logprob":-0.5,"bytes":` + bytes + `}]}}]}`))
		if err != nil {
			t.Fatal(err)
		}
		l := chunk.Choices[0].Delta.Logprobs
		if l == nil || len(l.Content) != 1 || l.Content[0].Logprob != -0.5 || string(l.Content[0].Bytes) != want {
			t.Errorf("%s: %+v", bytes, l)
		}
	}
}

// BenchmarkAccents measures one chunk of text, the most frequent kind.
func BenchmarkAccents(b *testing.B) {
	data := []byte(`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-x","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":null}`)
	r := accent.Reader{Choices: 1}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Read(data); err != nil {
			b.Fatal(err)
		}
	}
}
