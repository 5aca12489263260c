package tape_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/tape"
)

// script reads events from bytes: five for each, the second of which chooses the kind.
func script(data []byte) []chat.Event {
	var events []chat.Event
	for size := 0; len(data) >= 5 && size < 128<<10; {
		choice, kind, letter := int(data[0]&127), data[1], data[2]
		text := strings.Repeat(string(rune('a'+letter%26)), int(binary.LittleEndian.Uint16(data[3:]))>>(letter%16))
		data = data[5:]
		size += len(text)
		e := chat.Event{Kind: chat.KindDelta, Choice: choice}
		switch kind % 11 {
		case 0, 1:
			e.Delta.Content = text
		case 2:
			e.Delta.Reasoning = text
		case 3:
			e.Delta.Refusal = text
		case 4:
			e.Delta = chat.Delta{Role: chat.RoleAssistant, Content: text}
		case 5:
			e.Delta = chat.Delta{Content: text, Reasoning: text}
		case 6:
			e.Delta.ToolCalls = []chat.ToolCallDelta{{Index: int(kind), Arguments: text}}
		case 7:
			e.Delta.Logprobs = &chat.Logprobs{Content: []chat.TokenLogprob{{Token: text}}}
		case 8:
			e = chat.Finish(choice, chat.FinishStop)
		case 9:
			e.Delta = chat.Delta{Content: text, Pets: []chat.Pet{{ID: text}}}
		case 11:
			e.Delta = chat.Delta{Content: text, RelatedQuestions: []string{text}}
		case 10:
			e.Delta = chat.Delta{Content: text, EncryptedReasoning: "g" + text}
		}
		events = append(events, e)
	}
	return append(events, chat.Event{Kind: chat.KindDone})
}

func FuzzWhatGoesInComesOutFromAnyCursor(f *testing.F) {
	f.Add([]byte{}, uint16(0))
	f.Add([]byte("\x00\x00\x00\xfe\x01\x00\x08\x00\x00\x00\x3f\x02\x00\xff\xff\x40\x03\x10\x00\x02"), uint16(1))
	f.Add([]byte(strings.Repeat("\x00\x00\x01\x10\x00\x01\x06\x02\x20\x00", 40)), uint16(49))
	f.Add([]byte(strings.Repeat("\x40\x01\x00\xfd\x01\x00\x08\x01\x00\x00", 20)), uint16(13)) // fills blocks to the byte
	f.Fuzz(func(t *testing.T, data []byte, cursor uint16) {
		events := script(data)
		after := int64(cursor)%int64(len(events)+1) - 1
		var tp tape.Tape
		// A first reader is always at the end of what is there when more is appended.
		mustAppend(t, &tp, events[0])
		written := 1
		for entry, err := range tp.Follow(t.Context(), chat.FromStart, false) {
			if err != nil || entry.Sequence != int64(written-1) || !same(&entry.Event, &events[written-1]) {
				t.Fatalf("event %d: %v, %v, want %v", written-1, entry, err, events[written-1])
			}
			if written < len(events) {
				mustAppend(t, &tp, events[written])
				written++
			}
		}
		checkFollow(t, &tp, after, events)
	})
}
