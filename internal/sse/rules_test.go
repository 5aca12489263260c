package sse_test

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pawstream/pawstream/internal/sse"
)

// rule is a stream and what WHATWG HTML, 9.2.6 makes of it. The names follow
// those that the web-platform-tests give to the same questions.
type rule struct {
	name     string
	stream   string
	events   []sse.Event
	comments []string
}

func data(values ...string) (events []sse.Event) {
	for _, v := range values {
		events = append(events, sse.Event{Data: v})
	}

	return events
}

func withID(id string, values ...string) []sse.Event {
	events := data(values...)
	for i := range events {
		events[i].ID = sse.Must(sse.NewID(id))
	}

	return events
}

func named(name, value string) sse.Event {
	return sse.Event{Name: sse.Must(sse.NewName(name)), Data: value}
}

func lineRules() []rule {
	long := strings.Repeat("x", 5000) // longer than a read

	return []rule{
		{name: "nothing"},
		{name: "bom", stream: "\ufeffdata:1\n\n\ufeffdata:2\n\ndata:3\n\n", events: data("1", "3")},
		{name: "bom-2", stream: "\ufeff\ufeffdata:1\n\ndata:2\n\n", events: data("2")},
		{name: "bom before blank line", stream: "\ufeff\ndata:1\n\n", events: data("1")},
		{name: "bom broken", stream: "\xef\xbbdata:1\n\ndata:2\n\n", events: data("2")},
		{name: "bom alone", stream: "\ufeff"},
		{name: "newlines", stream: "data:a\r\ndata\ndata:b\r\n\rdata:c\r\r\ndata:d\n\r", events: data("a\n\nb", "c", "d")},
		{name: "newlines LFCR is two", stream: "data:a\n\rdata:b\r\r", events: data("a", "b")},
		{name: "blank lines", stream: "\n\r\n\rdata:a\n\n\n\n\n\ndata:b\n\n\n", events: data("a", "b")},
		{
			name:     "comments",
			stream:   "data:1\r:\x00\n:\r\ndata:2\n:" + long + "\rdata:3\n: data:no\r: :\ndata:4\n\n",
			events:   data("1\n2\n3\n4"),
			comments: []string{"\x00", "", long, "data:no", ":"},
		},
		{name: "comments between events", stream: ": a\ndata:1\n\n:b\n\n:  c\n", events: data("1"), comments: []string{"a", "b", " c"}},
		{name: "comment unfinished", stream: ": a\n: b", comments: []string{"a"}},
		{name: "long line", stream: "data:" + long + "\ndata:" + long + "\n\n", events: data(long + "\n" + long)},
		{name: "data-before-final-empty-line", stream: "data:1\n\nid:2\ndata:2\n", events: data("1")},
		{name: "line unfinished", stream: "data:1\n\ndata:2", events: data("1")},
		{name: "utf-8", stream: "data:ok…\U0001f408\n\n", events: data("ok…\U0001f408")},
		{name: "utf-8 invalid byte", stream: "data:a\xffb\xc0\x80\n\n", events: data("a\ufffdb\ufffd\ufffd")},
		{name: "utf-8 broken off", stream: "data:\xe2\x80\ndata:\xf0\x9f\x90x\xf4\x90\n\n", events: data("\ufffd\n\ufffdx\ufffd\ufffd")},
		{name: "utf-8 surrogate", stream: "data:\xed\xa0\x80\n\n", events: data("\ufffd\ufffd\ufffd")},
		{name: "utf-8 replacement character itself", stream: "data:\ufffd\xff\n\n", events: data("\ufffd\ufffd")},
		{name: "utf-8 in id, event and comment", stream: ":\xff\nid:\xff\nevent:\xff\ndata:x\n\n", events: []sse.Event{{
			ID: sse.Must(sse.NewID("\ufffd")), Name: sse.Must(sse.NewName("\ufffd")), Data: "x",
		}}, comments: []string{"\ufffd"}},
	}
}

func fieldRules() []rule {
	return []rule{
		{name: "field-data", stream: "data:\n\ndata\ndata\n\ndata:x\n\n", events: data("", "\n", "x")},
		{name: "field-parsing", stream: "data:\x00\ndata:  2\rData:no\ndata\x00:no\ndata:1\r\x00data:no\nda-ta:no\rdata_no\n" +
			"data:3\rdata:\r\n data:no\ndata:4:5\n\n", events: data("\x00\n 2\n1\n3\n\n4:5")},
		{name: "field-unknown", stream: "data:a\n data\ndata\nfoo:b\nfoo\ndata:c\n\n", events: data("a\n\nc")},
		{name: "leading-space", stream: "data:\ta\rdata: \ndata: b\ndata:  c \n\n", events: data("\ta\n\nb\n c ")},
		{name: "null-character", stream: "data:\x00\n\n\n\n", events: data("\x00")},
		{name: "field-event", stream: "event:a\ndata:1\n\ndata:2\n\n", events: []sse.Event{named("a", "1"), {Data: "2"}}},
		{name: "field-event last one counts", stream: "event:a\nevent:b\ndata:1\n\n", events: []sse.Event{named("b", "1")}},
		{name: "field-event-empty", stream: "event:a\nevent: \ndata:1\n\nevent\ndata:2\n\n", events: data("1", "2")},
		{name: "field-event without data", stream: "event:a\n\ndata:1\n\n", events: data("1")},
		{name: "field-id", stream: "id:1\ndata:a\n\ndata:b\n\n", events: withID("1", "a", "b")},
		{name: "field-id-2", stream: "id: 1\ndata:a\n\nid:2 \ndata:b\n\ndata:c\n\n", events: append(
			withID("1", "a"), withID("2 ", "b", "c")...)},
		{name: "field-id-3 empty clears", stream: "id:1\ndata:a\n\nid\ndata:b\n\ndata:c\n\n", events: append(
			withID("1", "a"), data("b", "c")...)},
		{name: "field-id after data", stream: "data:a\nid:1\n\n", events: withID("1", "a")},
		{name: "field-id without data", stream: "id:1\n\ndata:a\n\n", events: withID("1", "a")},
		{name: "field-id of an unfinished block", stream: "id:1\ndata:a\n\nid:2\ndata:b", events: withID("1", "a")},
		{name: "field-id-null", stream: "id:1\nid:2\x003\ndata:a\n\nid:\x00\ndata:b\n\n", events: withID("1", "a", "b")},
		{name: "field-retry", stream: "retry:03000\ndata:x\n\ndata:y\n\n", events: []sse.Event{
			{Retry: 3 * time.Second, Data: "x"}, {Data: "y"},
		}},
		{name: "field-retry-bogus", stream: "retry:3000\nretry:1000x\nretry: -1\nretry:+1\nretry:1 \nretry:1.5\nretry:٣\ndata:x\n\n", events: []sse.Event{
			{Retry: 3 * time.Second, Data: "x"},
		}},
		{name: "field-retry-empty", stream: "retry:3000\nretry\nretry:\nretry: \ndata:x\n\n", events: []sse.Event{
			{Retry: 3 * time.Second, Data: "x"},
		}},
		{name: "field-retry without data", stream: "retry:3000\n\ndata:x\n\n", events: data("x")},
	}
}

func TestDecoderRules(t *testing.T) {
	for _, tt := range append(lineRules(), fieldRules()...) {
		t.Run(tt.name, func(t *testing.T) {
			want := result{tt.events, tt.comments}
			for i, r := range chunkings(tt.stream) {
				if diff := cmp.Diff(want, decode(t, r), equateIDs()); diff != "" {
					t.Fatalf("chunking %d (-want +got)\n%s", i, diff)
				}
			}
		})
	}
}

// A NUL is legal in a type, and NewName refuses it, hence the case of its own.
func TestDecoderNullInName(t *testing.T) {
	e, err := sse.NewDecoder(strings.NewReader("event:a\x00b\ndata:x\n\n")).Next()
	if err != nil || e.Name.String() != "a\x00b" {
		t.Errorf("got %v, %v", e, err)
	}
}

type result struct {
	Events   []sse.Event
	Comments []string
}

func decode(t *testing.T, r io.Reader) (got result) {
	t.Helper()

	d := sse.NewDecoder(r)
	d.OnComment = func(text string) { got.Comments = append(got.Comments, text) }

	for e, err := range d.Events() {
		if err != nil {
			t.Fatal(err)
		}

		got.Events = append(got.Events, e)
	}

	return got
}

func equateIDs() cmp.Option {
	return cmp.Options{cmpopts.EquateComparable(sse.ID{}, sse.Name{}), cmpopts.EquateEmpty()}
}

// chunkings returns readers that deliver stream at once, byte by byte, and cut
// in two at each offset, at most some hundreds of them.
func chunkings(stream string) []io.Reader {
	readers := []io.Reader{
		strings.NewReader(stream),
		iotest.OneByteReader(strings.NewReader(stream)),
		iotest.DataErrReader(strings.NewReader(stream)),
	}

	step := 1 + len(stream)/500
	for i := 0; i <= len(stream); i += step {
		readers = append(readers, io.MultiReader(strings.NewReader(stream[:i]), strings.NewReader(stream[i:])))
	}

	return readers
}
