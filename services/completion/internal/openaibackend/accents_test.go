package openaibackend

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/tools/txtar"

	"github.com/pawstream/pawstream/internal/beside"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/openaibackend/accent"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// A recording is a stream as a server sends it, with invented text, and the expected result.
type recording struct {
	name, want string
	body       []byte
	header     http.Header
}

// recorded returns the streams of a file, in their order.
func recorded(t testing.TB, path string) (list []recording) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		stream, want := archive.Files[i], archive.Files[i+1]
		name := strings.TrimPrefix(stream.Name, "stream: ")
		if want.Name != "want: "+name {
			t.Fatalf("%s: %q is followed by %q", path, stream.Name, want.Name)
		}
		r := recording{name: name, want: strings.TrimSpace(string(want.Data)), body: stream.Data, header: http.Header{}}
		if strings.HasPrefix(name, "trimmed") {
			r.body = bytes.TrimRight(r.body, "\n")
		}
		if strings.HasSuffix(path, "encoded-body.txtar") {
			coding := strings.TrimSuffix(name[:strings.LastIndexByte(name, ' ')], " frames")
			r.header.Set("Content-Encoding", strings.TrimPrefix(coding, "raw "))
			if name == "raw deflate" {
				r.header.Set("Content-Encoding", "deflate")
				coding = "raw"
			}
			r.body = coded(t, coding, r.body)
		}
		list = append(list, r)
	}
	return list
}

// coded returns data in content codings, each flushed in the middle as a stream is.
func coded(t testing.TB, codings string, data []byte) []byte {
	t.Helper()
	for coding := range strings.SplitSeq(codings, ", ") {
		var out bytes.Buffer
		var to interface {
			io.WriteCloser
			Flush() error
		}
		switch coding {
		case "gzip", "x-gzip":
			to = gzip.NewWriter(&out)
		case "deflate":
			to = zlib.NewWriter(&out)
		case "raw":
			to, _ = flate.NewWriter(&out, flate.BestSpeed)
		case "zstd":
			to, _ = zstd.NewWriter(&out)
		default:
			return data
		}
		for _, half := range [][]byte{data[:len(data)/2], data[len(data)/2:]} {
			if _, err := to.Write(half); err != nil {
				t.Fatal(err)
			}
			if err := to.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if err := to.Close(); err != nil {
			t.Fatal(err)
		}
		data = out.Bytes()
	}
	return data
}

// A told is a backend's result for a stream, and its form in a file.
type told struct {
	text     string
	finishes int
	err      error
	calls    []chat.ToolCall
}

var madeID = regexp.MustCompile(`^call_[A-Z2-7]{26}$`)

// tell asks a backend for an answer, and returns the result.
func tell(t testing.TB, body io.Reader, header http.Header, deaf ...accent.Accent) told {
	t.Helper()
	var unknown []string
	cfg := Config{BaseURL: "http://upstream.test/v1", Unknown: func(reason string) { unknown = append(unknown, reason) }, deaf: map[accent.Accent]bool{}}
	for _, a := range deaf {
		cfg.deaf[a] = true
	}
	cfg.Transport = plays(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(body), Request: r}, nil
	})
	var s sum
	for events, err := range New(cfg).Complete(t.Context(), &route.Call{Request: question1(), Shown: make([]route.Shown, 1)}) {
		s.err = err
		for i := range events {
			s.add(t, &events[i])
		}
	}
	out := told{finishes: len(s.finishes), err: s.err, calls: s.calls}
	out.text = s.String()
	for _, reason := range unknown {
		out.text += "\nunknown: " + reason
	}
	return out
}

// A sum adds events up.
type sum struct {
	opened, null                bool
	content, refusal, reasoning string
	more                        beside.Members
	calls                       []chat.ToolCall
	beside                      []beside.Members
	finishes                    []chat.FinishReason
	usage                       *chat.Usage
	err                         error
}

func (s *sum) add(t testing.TB, e *chat.Event) {
	t.Helper()
	switch e.Kind {
	case chat.KindDelta:
		d := &e.Delta
		if d.Role != "" {
			if s.opened {
				t.Error("opened twice")
			}
			s.opened, s.null = true, d.NoContent
		}
		s.content += d.Content
		s.refusal += d.Refusal
		s.reasoning += d.Reasoning
		s.more.Add(d.More)
		for _, call := range d.ToolCalls {
			if call.Index > len(s.calls) || (call.Index == len(s.calls)) != (call.Name != "") || (call.Name == "") != (call.ID == "") {
				t.Fatalf("call %d of %d is %q %q", call.Index, len(s.calls), call.ID, call.Name)
			}
			if call.Index == len(s.calls) {
				s.calls = append(s.calls, chat.ToolCall{ID: call.ID, Name: call.Name})
				s.beside = append(s.beside, beside.Members{})
			}
			s.calls[call.Index].Arguments += call.Arguments
			s.beside[call.Index].Add(call.More)
		}
	case chat.KindFinish:
		s.finishes = append(s.finishes, e.Reason)
	case chat.KindUsage:
		s.usage = e.Usage
	default:
		t.Errorf("event of kind %d", e.Kind)
	}
}

// String returns the sum in the form of the files: one line per item.
func (s *sum) String() string {
	var out []string
	line := func(format string, args ...any) {
		out = append(out, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
	if s.opened && s.null && s.content == "" {
		line("content: null")
	} else if s.opened && (s.content != "" || !s.null) {
		line("content: %s", quote(s.content))
	}
	if s.refusal != "" {
		line("refusal: %s", quote(s.refusal))
	}
	if s.reasoning != "" {
		line("reasoning: %s", quote(s.reasoning))
	}
	if more := s.more.String(); more != "" {
		line("more: %s", more)
	}
	for i := range s.calls {
		c := &s.calls[i]
		line("call: %s %s %s %s", madeID.ReplaceAllString(c.ID, "*"), c.Name, c.Arguments, s.beside[i].String())
	}
	for _, reason := range s.finishes {
		line("finish: %s", reason)
	}
	if s.usage != nil && s.usage.Estimated {
		line("usage: estimated")
	} else if s.usage != nil {
		line("usage: %d + %d", s.usage.PromptTokens, s.usage.CompletionTokens)
	}
	if s.err != nil {
		var shown *chat.Error
		if !errors.As(s.err, &shown) {
			line("error: %v", s.err)
			return strings.Join(out, "\n")
		}
		message := shown.Message
		if s.content+s.refusal+s.reasoning != "" || len(s.calls) > 0 {
			// The route's message once something has been shown.
			message = strings.Replace(message, "The model's server failed", "The model's server broke off in the middle of the answer", 1)
		}
		line("error: %s %s", shown.Code, message)
	}
	return strings.Join(out, "\n")
}

func quote(s string) string {
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	_ = to.Encode(s)
	return strings.TrimSpace(b.String())
}

// TestAccents checks that each accent of the table is read correctly. Without the accent, one of its streams has
// another result, which proves that the row matters.
func TestAccents(t *testing.T) {
	for a, row := range accent.Table {
		t.Run(row.Name, func(t *testing.T) {
			if row.From == "" || row.Made == "" {
				t.Errorf("row %+v", row)
			}
			needed := false
			for _, r := range recorded(t, filepath.Join("testdata", "accents", row.Name+".txtar")) {
				got := tell(t, bytes.NewReader(r.body), r.header)
				if got.text != r.want {
					t.Errorf("%s:\n%s\nwant\n%s", r.name, got.text, r.want)
				}
				if byBytes := tell(t, iotest.OneByteReader(bytes.NewReader(r.body)), r.header); byBytes.text != r.want {
					t.Errorf("%s, by bytes:\n%s\nwant\n%s", r.name, byBytes.text, r.want)
				}
				needed = needed || tell(t, bytes.NewReader(r.body), r.header, accent.Accent(a)).text != r.want
			}
			if !needed {
				t.Error("every stream comes to the same without it")
			}
		})
	}
}

// TestEveryFileIsInTheTable checks that every stream is used by a test.
func TestEveryFileIsInTheTable(t *testing.T) {
	files, err := filepath.Glob("testdata/accents/*")
	if err != nil || len(files) != len(accent.Table) {
		t.Errorf("%d files for %d accents: %v", len(files), len(accent.Table), err)
	}
}

// TestServers reads streams of well-known servers.
func TestServers(t *testing.T) {
	files, err := filepath.Glob("testdata/servers/*.txtar")
	if err != nil || len(files) < 14 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		for _, r := range recorded(t, file) {
			t.Run(filepath.Base(file)+" "+r.name, func(t *testing.T) {
				for how, body := range map[string]io.Reader{"": bytes.NewReader(r.body), "by bytes": iotest.OneByteReader(bytes.NewReader(r.body))} {
					if got := tell(t, body, r.header); got.text != r.want {
						t.Errorf("%s\n%s\nwant\n%s", how, got.text, r.want)
					}
				}
			})
		}
	}
}

// TestRecordingsCutAtEveryByte breaks the connection, and ends it cleanly, after each byte of every recording. An
// incomplete stream must never count as an answer, and everything before the cut must be correct.
func TestRecordingsCutAtEveryByte(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) < len(accent.Table) {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			for _, r := range recorded(t, file) {
				for at := range len(r.body) {
					for _, clean := range []bool{true, false} {
						if !clean && at%5 != 0 {
							continue // the reader sees the same text, but another error
						}
						got := tell(t, cut(r.body, at, clean), r.header)
						switch {
						case got.err == nil && got.text != r.want:
							t.Fatalf("%s, cut at %d of %d, clean %t: whole, and\n%s\nwant\n%s", r.name, at, len(r.body), clean, got.text, r.want)
						case got.err != nil && got.finishes > 0:
							t.Fatalf("%s, cut at %d of %d, clean %t: a finish, and %v", r.name, at, len(r.body), clean, got.err)
						}
					}
				}
			}
		})
	}
}
