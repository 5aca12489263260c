package chat_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// FuzzDecodeRequest checks that no body makes the decoder panic. What it accepts is JSON to encoding/json too,
// and reaches the service unchanged; a refusal is fit to show.
func FuzzDecodeRequest(f *testing.F) {
	for _, group := range [][]refusal{notJSON(), wrongType(), unknownOrUnsupported(), wrongValue()} {
		for _, test := range group {
			f.Add([]byte(test.body))
		}
	}
	f.Add([]byte(`{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"stream":true}`))
	f.Add([]byte(`{"tools":[{"type":"function","function":{"name":"f","parameters":{"a":[1,{"b":null}]}}}],"logit_bias":{"1":2}}`))

	f.Add([]byte(`{"model":"a\ud83d","n":1,"n":2,"messages":[{"role":"user","\u0072ole":"tool","x":{"a":1,"a":[]}}]}`))
	for _, body := range requestsOfUIs(f) {
		f.Add(body)
	}

	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		got, refused := chat.DecodeRequest(body)
		if !bytes.Equal(before, body) {
			t.Fatal("the body was changed")
		}
		if refused != nil {
			fitToShow(t, body, refused)
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			t.Fatalf("accepted %q", body)
		}
		sent, err := proto.Marshal(got.Params)
		if err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		arrived := &completionv1.CompletionParams{}
		if err := proto.Unmarshal(sent, arrived); err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		if diff := cmp.Diff(got.Params, arrived, protocmp.Transform()); diff != "" {
			t.Fatalf("%q (-sent +arrived)\n%s", body, diff)
		}
		sameInOtherWhiteSpace(t, body, got)
	})
}

// requestsOfUIs returns the first requests of well-known UIs, according to their public sources, with texts of
// our own.
func requestsOfUIs(tb testing.TB) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob("testdata/uis/*.json")
	if err != nil || len(files) == 0 {
		tb.Fatalf("%d requests of UIs, %v", len(files), err)
	}
	bodies := make(map[string][]byte, len(files))
	for _, file := range files {
		if bodies[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			tb.Fatal(err)
		}
	}
	return bodies
}

// TestRequestsOfUIs checks that the decoder accepts the requests of UIs if it ignores unknown members.
func TestRequestsOfUIs(t *testing.T) {
	d := chat.New()
	d.Unknown = dialect.IgnoreUnknown
	for name, body := range requestsOfUIs(t) {
		if _, refused := d.Decode(body, nil); refused != nil {
			t.Errorf("%s: %+v", name, refused)
		}
	}
}

func sameInOtherWhiteSpace(t *testing.T, body []byte, want *dialect.Request) {
	t.Helper()
	var spaced bytes.Buffer
	if err := json.Indent(&spaced, body, "\t", "\r"); err != nil {
		t.Fatal(err)
	}
	got, err := chat.DecodeRequest(spaced.Bytes())
	if err != nil {
		t.Fatalf("%q: %v", spaced.Bytes(), err)
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Fatalf("%q (-want +got)\n%s", spaced.Bytes(), diff)
	}
}

// fitToShow checks that an error is complete, and repeats only plain names from the body.
func fitToShow(t *testing.T, body []byte, e *failure.Error) {
	t.Helper()
	if e.Status != http.StatusBadRequest && e.Status != http.StatusRequestEntityTooLarge || e.Code == "" || e.Message == "" {
		t.Fatalf("%q: %+v", body, e)
	}
	if strings.ContainsFunc(e.Message+e.Param, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`<>&"\`, r) }) {
		t.Fatalf("%q: %+v", body, e)
	}
	if text := openai.AppendError(nil, e); !json.Valid(text) {
		t.Fatalf("%q: %s", body, text)
	}
}

// FuzzChunk compares a chunk with encoding/json's output for an equivalent struct. The values are equal, and so
// are the bytes, except where encoding/json escapes more than necessary or keeps U+0085, at which some readers
// end a line.
func FuzzChunk(f *testing.F) {
	f.Add(byte(0), int32(0), " dog", "", "", "", "", "", "", 0.0, []byte(nil))
	f.Add(byte(1), int32(0), "", "", "", "", "", "", "", 0.0, []byte(nil))
	f.Add(byte(2), int32(1), "", "", "", "call_1", "f", `{"a":`, "", 0.0, []byte(nil))
	f.Add(byte(3), int32(0), "", "", "", "", "", "}", "", 0.0, []byte(nil))
	f.Add(byte(4), int32(-1), "a", "b", "c", "", "", "", "é", -0.25, []byte{0xc3, 0xa9})
	f.Add(byte(0xff), int32(7), "<&>\u2028\u2029\x7f", "\xff\xed\xa0\x80", "\r\n\t\b\f\x00\"\\/", "i", "", "\u0085", "t", -1e-9, []byte{})
	f.Add(byte(0x88), int32(7), "a", "\xff", "\r\n\u2028", "luna", "Lu\"na", "", "/portraits/dog.svg", 0.0, []byte(nil))
	f.Add(byte(0x1c), int32(0), "", "x", "", "", "", "", "t", 1e21, []byte{0})
	f.Add(byte(0x40), int32(0), "\u0085", "\x00\x7f", `\"/`, "", "", "", "", 0.0, []byte(nil))

	f.Fuzz(func(t *testing.T, flags byte, index int32, content, refusal, reasoning, callID, name, arguments, token string, logprob float64, raw []byte) {
		flag := func(i int) bool { return flags>>i&1 == 1 }
		d := &completionv1.Delta{Index: index, Content: content, Refusal: refusal, Reasoning: reasoning}
		if flag(0) {
			d.Role = completionv1.Role_ROLE_ASSISTANT
		}
		if flag(1) {
			d.ToolCalls = []*completionv1.ToolCallDelta{{Index: index, Id: callID, FunctionName: name, Arguments: arguments}, {Arguments: arguments}}
		}
		if flag(2) {
			tokens := []*completionv1.TokenLogprob{{Token: token, Logprob: logprob, Bytes: raw}, {
				Token: content, TopLogprobs: []*completionv1.TopLogprob{{Token: token, Logprob: -logprob, Bytes: raw}, {Logprob: logprob}},
			}}
			d.Logprobs = &completionv1.Logprobs{Content: tokens}
			if flag(3) {
				d.Logprobs = &completionv1.Logprobs{Refusal: tokens}
			}
		}
		if flag(7) {
			d.Pets = []*completionv1.Pet{{
				Id: callID, Name: name, Species: token, Breed: content, Sex: refusal, AgeMonths: index, FeeUsd: -index,
				Coat: []string{reasoning, arguments}, Portrait: token, Reasons: []string{token, reasoning},
			}, {}}
			d.RelatedQuestions = []string{content, token}
		}
		meta := metadata(&completionv1.StreamOptions{IncludeUsage: flag(4), IncludeObfuscation: flag(5), IncludeEvents: flag(3)})
		if flag(6) {
			meta.Id, meta.Model, meta.SystemFingerprint, meta.ServiceTier, meta.Created = content, name, token, refusal, int64(index)
		}
		sameAsOracle(t, meta, d)
	})
}

func sameAsOracle(t *testing.T, meta *completionv1.CompletionMetadata, d *completionv1.Delta) {
	t.Helper()
	got, err := chat.NewChunkEncoder(meta).Append(nil, deltaEvent(d))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(got, "\r\n") || !utf8.Valid(got) {
		t.Fatalf("%q does not fit into a line", got)
	}
	var values struct{ Obfuscation string }
	if err := json.Unmarshal(got, &values); err != nil {
		t.Fatalf("%q: %v", got, err)
	}
	if meta.GetStreamOptions().GetIncludeObfuscation() == (values.Obfuscation == "") {
		t.Fatalf("%q: padding %q", got, values.Obfuscation)
	}
	want, err := oracle(meta, d, values.Obfuscation)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decoded(t, want), decoded(t, got)); diff != "" {
		t.Fatalf("%q (-want +got)\n%s", got, diff)
	}
	want = bytes.ReplaceAll(want, []byte("\u0085"), []byte(`\u0085`))
	escapesMore := bytes.Contains(want, []byte(`\u202`)) || bytes.Contains(want, []byte(`\ufffd`))
	if !escapesMore && !bytes.Equal(want, got) {
		t.Fatalf("want %q\ngot  %q", want, got)
	}
}

func decoded(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return v
}

// FuzzText checks that the fast path for text gives the same bytes as the general one.
func FuzzText(f *testing.F) {
	f.Add(int32(0), " retriever", uint64(1), false, false)
	f.Add(int32(3), "a\"\\\n\x00é\u2028<", uint64(1<<40), true, true)
	f.Fuzz(func(t *testing.T, index int32, text string, sequence uint64, usage, padded bool) {
		if text == "" || !utf8.ValidString(text) {
			return
		}
		c := chat.NewChunkEncoder(metadata(&completionv1.StreamOptions{IncludeUsage: usage, IncludeObfuscation: padded}))
		event := deltaEvent(&completionv1.Delta{Index: index, Content: text})
		event.Sequence = sequence
		want, err := c.Append(nil, event)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.AppendText(nil, index, []byte(text), sequence); !bytes.Equal(got, want) {
			t.Errorf("AppendText: %s\nAppend:     %s", got, want)
		}
	})
}
