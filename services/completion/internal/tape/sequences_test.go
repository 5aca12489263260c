package tape_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/wire"
)

var update = flag.Bool("update", false, "write the sequences anew")

// sequences is the file through which this fuzz target shares its completions with the edge's tests. The two share no code.
const sequences = "../../../../edge/internal/dialect/responses/testdata/log.jsonl"

// TestSequences compares the file of sequences with what the log's fuzz target makes of some bytes: the events of choice 0, up to
// the end of the completion.
func TestSequences(t *testing.T) {
	var got bytes.Buffer
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 7))
		data := make([]byte, 5*(1+r.IntN(30)))
		for i := range data {
			data[i] = byte(r.Uint32())
			switch i % 5 {
			case 0:
				data[i] = 0 // the choice
			case 2:
				data[i] = 9 + data[i]%7 // short texts
			}
		}
		list := []json.RawMessage{}
		for _, e := range append(untilFinish(script(data)), chat.Finish(0, chat.FinishStop), chat.Event{Kind: chat.KindDone}) {
			text, err := protojson.Marshal(wire.EventToProto(&e))
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, text)
		}
		line, err := json.Marshal(list) // without the spaces, which vary
		if err != nil {
			t.Fatal(err)
		}
		got.Write(append(line, '\n'))
	}
	if *update {
		if err := os.WriteFile(sequences, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(sequences)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got.Bytes()) {
		t.Errorf("%s is not what the log is tried with; -update writes it", sequences)
	}
}

// untilFinish returns the events before the one that ends their choice.
func untilFinish(events []chat.Event) []chat.Event {
	for i := range events {
		if events[i].Kind != chat.KindDelta {
			return events[:i]
		}
	}
	return events
}
