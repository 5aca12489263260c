package service

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// letters counts each letter as a token.
type letters struct{ err error }

func (l letters) Prompt(_ context.Context, messages []chat.Message, _ int) (int, error) {
	n := 0
	for i := range messages {
		n += len(messages[i].Text())
	}
	return n, l.err
}

// talk returns messages, each named by the first letter of its role.
func talk(said string) []chat.Message {
	roles := map[byte]chat.Role{'s': chat.RoleSystem, 'd': chat.RoleDeveloper, 'u': chat.RoleUser, 'a': chat.RoleAssistant, 't': chat.RoleTool}
	var messages []chat.Message
	for text := range strings.FieldsSeq(said) {
		messages = append(messages, chat.Message{Role: roles[text[0]], Parts: []chat.Part{{Kind: chat.PartText, Text: text}}})
	}
	return messages
}

func TestTheOldestTurnsAreLeftOut(t *testing.T) {
	for _, test := range []struct {
		name, said string
		window     int
		limit      int
		want       string
	}{
		{"all fits", "s1 u1 a1 u2", 8, 0, "s1 u1 a1 u2"},
		{"the first turn", "s1 u1 a1 u2", 7, 0, "s1 u2"},
		{"the answer needs room", "s1 u1 a1 u2", 8, 1, "s1 u2"},
		{"no more than has to", "u1 a1 u2 a2 u3", 6, 0, "u2 a2 u3"},
		{"a call goes with its result", "u1 a1 t1 a2 u2", 9, 0, "u2"},
		{"what stands above", "s1 d1 u1 a1 u2", 7, 0, "s1 d1 u2"},
		{"instructions of the last question", "d1 u1 a1 d2 u2", 6, 0, "d1 d2 u2"},
		{"instructions of each question", "u1 a1 d2 u2 a2 d3 u3", 10, 0, "d2 u2 a2 d3 u3"},
		{"what an assistant has begun", "a1 u1", 2, 0, "u1"},
		{"the last turn does not fit", "s1 u1 a1 ulong-question", 5, 0, "s1 ulong-question"},
		{"a window smaller than the answer", "u1 a1 u2", 5, 9, "u2"},
		{"a model of which that is not known", "s1 u1 a1 u2", 0, 0, "s1 u1 a1 u2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			req := &chat.Request{Messages: talk(test.said), Truncate: true}
			if test.limit > 0 {
				req.MaxCompletionTokens = &test.limit
			}
			for truncate, want := range map[bool]string{true: test.want, false: test.said} {
				req.Truncate = truncate
				whole, err := fit(t.Context(), letters{}, &chat.Model{ContextWindow: test.window}, req)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for i := range whole.Messages {
					got = append(got, whole.Messages[i].Text())
				}
				if strings.Join(got, " ") != want {
					t.Errorf("truncate %v: %v, want %s", truncate, got, want)
				}
			}
		})
	}
}

func TestInstructionsAreNeverLeftOut(t *testing.T) {
	instructions := "sabove"
	req := &chat.Request{Messages: talk("u1 a1 u2"), Instructions: &instructions, Truncate: true}
	got, err := fit(t.Context(), letters{}, &chat.Model{ContextWindow: 8}, req)
	if err != nil || len(got.Messages) != 2 || got.Messages[0].Text() != instructions || len(req.Messages) != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := fit(t.Context(), letters{errors.New("canceled")}, &chat.Model{ContextWindow: 8}, req); err == nil {
		t.Error("a count that fails is no answer")
	}
}

// calling returns a conversation with a call, a question in between, and the call's result.
func calling() []chat.Message {
	messages := talk("u1 a1 t1 u2 a2 u3 t2 a3 u4")
	messages[4].ToolCalls = []chat.ToolCall{{ID: "c", Name: "find", Arguments: "12345"}}
	messages[6].ToolCallID = "c"
	return messages
}

func TestACallGoesWithItsResult(t *testing.T) {
	for window, want := range map[int]int{
		100: 9, // all
		21:  6, // from u2 on, because the call counts
		20:  1, // otherwise u3 would be the first, and the result would have no call
		10:  1,
	} {
		got, err := fit(t.Context(), letters{}, &chat.Model{ContextWindow: window}, &chat.Request{Messages: calling(), Truncate: true})
		if err != nil || len(got.Messages) != want {
			t.Errorf("of a window of %d: %d messages, %v, want %d", window, len(got.Messages), err, want)
		}
	}
}

func TestToolsTakeRoom(t *testing.T) {
	tools := []chat.Tool{{Name: "find", Parameters: map[string]any{"type": "object"}}}
	for window, want := range map[int]string{27: "u1 a1 u2", 26: "u2"} { // {"type":"object"} are 17, the name 4, the messages 6
		req := &chat.Request{Messages: talk("u1 a1 u2"), Tools: tools, Truncate: true}
		got, err := fit(t.Context(), letters{}, &chat.Model{ContextWindow: window}, req)
		if err != nil || len(got.Messages) != len(strings.Fields(want)) {
			t.Errorf("of a window of %d: %d messages, %v, want %s", window, len(got.Messages), err, want)
		}
	}
}

// TestMuchIsEstimated checks that only a megabyte of a far too long conversation is counted.
func TestMuchIsEstimated(t *testing.T) {
	messages := talk(strings.TrimSpace(strings.Repeat("u1 a1 ", 100)))
	for i := range messages {
		messages[i].Parts[0].Text = strings.Repeat("x", 100_000)
	}
	calls, counted := 0, 0
	got, err := fit(t.Context(), counting{calls: &calls, counted: &counted}, &chat.Model{ContextWindow: 10_000_000}, &chat.Request{Messages: messages, Truncate: true})
	if err != nil || len(got.Messages) != 100 {
		t.Errorf("%d messages, %v, want as many as fit", len(got.Messages), err)
	}
	if whole := 20_000_000; counted-whole > exactly+200_000 {
		t.Errorf("%d tokens are counted besides the whole", counted-whole)
	}
}

// counting records the number of its calls, and the number of counted tokens.
type counting struct {
	letters
	calls, counted *int
}

func (c counting) Prompt(ctx context.Context, messages []chat.Message, limit int) (int, error) {
	n, err := c.letters.Prompt(ctx, messages, limit)
	*c.calls++
	*c.counted += n
	return n, err
}

// TestFittingCostsLittle checks that a conversation that certainly fits is not counted, and any other at most
// twice.
func TestFittingCostsLittle(t *testing.T) {
	said := strings.TrimSpace(strings.Repeat("u1 a1 ", 1000))
	for _, test := range []struct{ window, calls, counted int }{{1 << 20, 0, 0}, {4000, 1, 4000}, {3999, 2000, 8000}} {
		calls, counted := 0, 0
		counter := counting{calls: &calls, counted: &counted}
		if _, err := fit(t.Context(), counter, &chat.Model{ContextWindow: test.window}, &chat.Request{Messages: talk(said), Truncate: true}); err != nil {
			t.Fatal(err)
		}
		if calls > test.calls || counted > test.counted {
			t.Errorf("of a window of %d: counted %d times, %d tokens; want at most %d, %d", test.window, calls, counted, test.calls, test.counted)
		}
	}
}
