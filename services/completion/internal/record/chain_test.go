package record_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
)

func TestAChainTakesOnlyWhatFollows(t *testing.T) {
	begin := func(id string, n int) *record.Record {
		return &record.Record{Meta: &chat.Meta{ID: id, Request: &chat.Request{N: &n}}}
	}
	events := func(epoch uint64, first int64, events ...chat.Event) *record.Record {
		return &record.Record{Epoch: epoch, First: first, Events: events}
	}
	claim := func(epoch uint64, next int64) *record.Record {
		return &record.Record{Epoch: epoch, First: next, Claim: true}
	}
	text, done := chat.Text(0, "x"), chat.Event{Kind: chat.KindDone}
	meta := begin("a", 1)
	for _, test := range []struct {
		name  string
		chain []*record.Record
		good  int // how many of chain follow
	}{
		{"a whole completion", []*record.Record{meta, events(0, 0, text, text), events(0, 2, done)}, 3},
		{"a completion that was taken over", []*record.Record{meta, events(0, 0, text), claim(1, 1), claim(2, 1), events(2, 1, done)}, 5},
		{"an end from outside", []*record.Record{meta, claim(3, 0), events(3, 0, done)}, 3},
		{"a last choice", []*record.Record{begin("a", 2), events(0, 0, chat.Text(1, "x"))}, 2},
		{"no meta", []*record.Record{events(0, 0, text)}, 0},
		{"a meta of another", []*record.Record{begin("b", 1)}, 0},
		{"a meta of no choice", []*record.Record{begin("a", 0)}, 0},
		{"a meta of too many choices", []*record.Record{begin("a", 1<<20)}, 0},
		{"two metas", []*record.Record{meta, meta}, 1},
		{"a gap", []*record.Record{meta, events(0, 0, text), events(0, 2, text)}, 2},
		{"a repeat", []*record.Record{meta, events(0, 0, text), events(0, 0, text)}, 2},
		{"an overlap", []*record.Record{meta, events(0, 0, text), events(0, 0, text, text)}, 2},
		{"a zombie's events", []*record.Record{meta, claim(1, 0), events(0, 0, text)}, 2},
		{"events before their claim", []*record.Record{meta, events(1, 0, text)}, 1},
		{"a claim of the same epoch", []*record.Record{meta, claim(1, 0), claim(1, 0)}, 2},
		{"a claim with a gap", []*record.Record{meta, claim(1, 1)}, 1},
		{"a choice that there is not", []*record.Record{meta, events(0, 0, chat.Text(1, "x"))}, 1},
		{"events after the end", []*record.Record{meta, events(0, 0, done), events(0, 1, text)}, 2},
		{"a claim after the end", []*record.Record{meta, events(0, 0, done), claim(1, 1)}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			chain := record.Chain{ID: "a"}
			for i, r := range test.chain {
				err := chain.Add(r)
				if i < test.good && err != nil {
					t.Fatalf("record %d: %v", i, err)
				}
				if i >= test.good && !errors.Is(err, record.ErrCorrupt) {
					t.Fatalf("record %d: error %v, want %v", i, err, record.ErrCorrupt)
				}
			}
		})
	}
}

// TestSize checks that Size is close to the real size, and never below it.
func TestSize(t *testing.T) {
	token := chat.TokenLogprob{Token: " a", Logprob: -0.5, Bytes: []byte(" a"), Top: []chat.TopLogprob{{Token: "b", Logprob: -1}}}
	for name, e := range map[string]chat.Event{
		"text":      chat.Text(0, "Hello"),
		"long text": chat.Text(0, strings.Repeat("x", 100_000)),
		"choice":    chat.Text(100, "Hello"),
		"opening":   chat.Opening(3),
		"arguments": {Kind: chat.KindDelta, Delta: chat.Delta{ToolCalls: []chat.ToolCallDelta{{Index: 1, Arguments: `{"a"`}}}},
		"logprobs":  {Kind: chat.KindDelta, Delta: chat.Delta{Content: " a", Logprobs: &chat.Logprobs{Content: []chat.TokenLogprob{token}}}},
		"finish":    chat.Finish(0, chat.FinishStop),
	} {
		size := func(n int) int {
			data, err := record.Encode(&record.Record{Writer: "w", Events: slices.Repeat([]chat.Event{e}, n)})
			if err != nil {
				t.Fatal(err)
			}
			return len(data)
		}
		took := (size(1001) - size(1)) / 1000
		if got := record.Size(&e); got < took || got > took+8 {
			t.Errorf("%s takes %d bytes, and is said to take %d", name, took, got)
		}
	}
}
