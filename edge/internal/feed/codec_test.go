package feed

import (
	"bytes"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

func marshal(t testing.TB, e *completionv1.CompletionEvent) []byte {
	t.Helper()
	wire, err := proto.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

func TestScanKnowsTextAndNothingElse(t *testing.T) {
	delta := func(d *completionv1.Delta) *completionv1.CompletionEvent {
		return &completionv1.CompletionEvent{Sequence: 300, Event: &completionv1.CompletionEvent_Delta{Delta: d}}
	}
	plain := marshal(t, text(300, "Hi"))
	for _, tt := range []struct {
		name string
		wire []byte
		want bool
	}{
		{"text", plain, true},
		{"text of the first event", marshal(t, text(0, "Hi")), true},
		{"text of another choice", marshal(t, delta(&completionv1.Delta{Index: 7, Content: "é"})), true},
		{"nothing", nil, false},
		{"empty text", marshal(t, delta(&completionv1.Delta{})), false},
		{"with metadata", marshal(t, first(text(0, "Hi"))), false},
		{"with a role", marshal(t, delta(&completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT, Content: "Hi"})), false},
		{"with a refusal", marshal(t, delta(&completionv1.Delta{Content: "Hi", Refusal: "No"})), false},
		{"refusal alone", marshal(t, delta(&completionv1.Delta{Refusal: "No"})), false},
		{"end", marshal(t, done(3)), false},
		{"cut off", plain[:len(plain)-1], false},
		{"a field twice", append(bytes.Clone(plain), plain...), false},
		{"a field that is not known", protowire.AppendVarint(protowire.AppendTag(bytes.Clone(plain), 99, protowire.VarintType), 1), false},
		{"not UTF-8", bytes.Replace(plain, []byte("Hi"), []byte("\xff\xfe"), 1), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, ok := scan(tt.wire); ok != tt.want {
				t.Errorf("scan says %v, want %v", ok, tt.want)
			}
		})
	}
}

// FuzzScan: what scan reads must be what protobuf reads.
func FuzzScan(f *testing.F) {
	f.Add(marshal(f, text(300, "Hi")))
	f.Add(marshal(f, first(text(0, "Hi"))))
	f.Add(marshal(f, done(2)))
	f.Fuzz(func(t *testing.T, wire []byte) {
		p, ok := scan(wire)
		if !ok {
			return
		}
		var got completionv1.CompletionEvent
		if err := proto.Unmarshal(wire, &got); err != nil {
			t.Fatalf("scan takes what protobuf refuses: %v", err)
		}
		want := text(p.Sequence, string(p.Content))
		want.GetDelta().Index = p.Choice
		if !proto.Equal(want, &got) {
			t.Errorf("scan reads %v, protobuf %v", want, &got)
		}
	})
}

// TestReadingTextAllocatesNothing checks the budget of a text from the wire to its receiver.
func TestReadingTextAllocatesNothing(t *testing.T) {
	data := mem.BufferSlice{mem.SliceBuffer(marshal(t, text(300, " retriever")))}
	codec, f, got := newCodec(), &Feed{}, 0
	read := func() {
		if err := codec.Unmarshal(data, &f.message); err != nil {
			t.Fatal(err)
		}
		f.last = 299
		err := f.hand(func(m *Message, _ error) bool {
			got += len(m.Text.Content)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	read()
	if allocs := testing.AllocsPerRun(100, read); allocs != 0 || got == 0 {
		t.Errorf("%v allocations for an event, want 0; %d bytes", allocs, got)
	}
}
