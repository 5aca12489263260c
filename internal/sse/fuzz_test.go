package sse_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/internal/sse"
)

// FuzzDecoder checks that no stream makes the Decoder panic, and that it reads the same as
// the oracle, no matter how the stream is divided into reads.
func FuzzDecoder(f *testing.F) {
	for _, r := range append(lineRules(), fieldRules()...) {
		if len(r.stream) < 1000 { // the mutator does badly with long ones
			f.Add(r.stream, uint(len(r.stream)/2))
		}
	}

	f.Fuzz(func(t *testing.T, stream string, cut uint) {
		at := int(cut % uint(len(stream)+1))
		want := oracle(stream)

		for _, r := range []io.Reader{
			strings.NewReader(stream),
			iotest.OneByteReader(strings.NewReader(stream)),
			io.MultiReader(strings.NewReader(stream[:at]), strings.NewReader(stream[at:])),
		} {
			got := decode(t, r)
			for i, e := range got.Events {
				got.Events[i] = comparableToOracle(e)
			}

			if diff := cmp.Diff(want, got, equateIDs()); diff != "" {
				t.Fatalf("%q cut at %d (-want +got)\n%s", stream, at, diff)
			}
		}
	})
}

func comparableToOracle(e sse.Event) sse.Event {
	e.Retry = 0
	e.Name = sse.Must(sse.NewName(strings.ReplaceAll(e.Name.String(), "\x00", "")))

	return e
}

// FuzzRoundTrip checks that an event is read as it was written, no matter what precedes
// and follows it. Data has one line, as AppendFrame requires; comments may have several.
func FuzzRoundTrip(f *testing.F) {
	f.Add("c.", uint64(0), "", int64(0), "{}")
	f.Add("c.", uint64(7), "done", int64(2000), "a\nb\rc\r\nd\n")
	f.Add("", uint64(0), " name ", int64(-1), " \ufeff\x00: \r\n\r\n")
	f.Add("a:b", uint64(1), "é", int64(1), "\xff\xe2\x80")

	f.Fuzz(func(t *testing.T, prefix string, sequence uint64, name string, ms int64, text string) {
		data := strings.NewReplacer("\r", "", "\n", "").Replace(text)

		fields, event, err := fuzzed(prefix, sequence, name, ms, data)
		if err != nil {
			t.Skip(err)
		}

		block, err := sse.AppendFrame(nil, fields, func(b []byte) ([]byte, error) { return append(b, data...), nil })
		if (err != nil) != (data == "") {
			t.Fatalf("data %q: %v", data, err)
		}

		if err != nil {
			return
		}

		stream := sse.AppendComment(nil, text)
		stream = append(stream, block...)
		stream = append(sse.AppendComment(stream, name), block...)

		event.Data = oracleUTF8(data)
		got := decode(t, strings.NewReader(string(stream)))

		if diff := cmp.Diff([]sse.Event{event, event}, got.Events, equateIDs()); diff != "" {
			t.Fatalf("%q (-want +got)\n%s", stream, diff)
		}
	})
}

// fuzzed returns the fields to write and the event to read, as far as they can be built.
func fuzzed(prefix string, sequence uint64, name string, ms int64, data string) (h sse.Fields, e sse.Event, err error) {
	if h.IDPrefix, err = sse.NewID(prefix); err != nil {
		return h, e, err
	}

	if h.Name, err = sse.NewName(name); err != nil {
		return h, e, err
	}

	h.Sequence = sequence
	h.Retry = max(0, time.Duration(ms%1e9)*time.Millisecond)
	e = sse.Event{Name: h.Name, Retry: h.Retry, Data: data}

	if prefix != "" {
		e.ID, err = sse.NewID(fmt.Sprint(prefix, sequence))
	}

	return h, e, err
}
