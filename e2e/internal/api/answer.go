package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/internal/sse"
)

// An Answer is the content of a completion, which every client must find.
type Answer struct {
	Text         string `json:"text"`
	FinishReason string `json:"finish_reason"`
	Usage        Usage  `json:"usage"`
}

// Usage is the number of tokens of a completion.
type Usage struct {
	Prompt     int64 `json:"prompt_tokens"`
	Completion int64 `json:"completion_tokens"`
	Total      int64 `json:"total_tokens"`
}

// A Completion has the members of a chat completion object that the tests read.
type Completion struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Choices []struct {
		Message struct {
			Content string `json:"content"`
		} `json:"message"`
		FinishReason string `json:"finish_reason"`
	} `json:"choices"`
	Usage Usage `json:"usage"`
}

// Answer returns the content of the completion, which must have one choice.
func (c *Completion) Answer(t *testing.T) Answer {
	t.Helper()
	if len(c.Choices) != 1 {
		t.Fatalf("%d choices", len(c.Choices))
	}
	return Answer{Text: c.Choices[0].Message.Content, FinishReason: c.Choices[0].FinishReason, Usage: c.Usage}
}

// Whole returns the service's answer to the question without a stream, cut off at [SomeTokens]. Equal questions
// have equal answers.
func Whole(t *testing.T, url string) Answer {
	t.Helper()
	var c Completion
	Post(t, url, Body(Object{"max_tokens": SomeTokens})).Into(t, &c)
	a := c.Answer(t)
	if a.Text == "" || a.FinishReason != "length" || a.Usage.Completion != SomeTokens {
		t.Fatalf("an answer that is no good to compare with: %+v", a)
	}
	return a
}

// A Chunk has the members of a chat completion chunk, or of an error in its place, that the tests read.
type Chunk struct {
	Choices []struct {
		Delta struct {
			Content string `json:"content"`
		} `json:"delta"`
		FinishReason *string `json:"finish_reason"`
	} `json:"choices"`
	Usage *Usage   `json:"usage"`
	Error *Problem `json:"error"`
}

// Failure returns the error in an event, or nil.
func Failure(e sse.Event) *Problem {
	var c Chunk
	_ = json.Unmarshal([]byte(e.Data), &c) // [DONE] is not JSON
	return c.Error
}

// A Problem is the inside of an error body.
type Problem struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

// Joined returns the answer in a stream's events. They must belong to one completion, without a gap, and end
// with [DONE].
func Joined(t *testing.T, all []sse.Event) Answer {
	t.Helper()
	if len(all) == 0 || all[len(all)-1].Data != "[DONE]" {
		t.Fatalf("%d events without an end", len(all))
	}
	CheckIDs(t, all)
	var a Answer
	var text strings.Builder
	for _, e := range all[:len(all)-1] {
		var c Chunk
		if err := json.Unmarshal([]byte(e.Data), &c); err != nil {
			t.Fatalf("%v in %s", err, e.Data)
		}
		if c.Usage != nil {
			a.Usage = *c.Usage
		}
		for _, choice := range c.Choices {
			text.WriteString(choice.Delta.Content)
			if choice.FinishReason != nil {
				a.FinishReason = *choice.FinishReason
			}
		}
	}
	a.Text = text.String()
	return a
}

// CheckIDs checks that the events' ids are <completion id>.0, .1, .2 and so on.
func CheckIDs(t *testing.T, all []sse.Event) {
	t.Helper()
	id, _, _ := strings.Cut(all[0].ID.String(), ".")
	var want, got []string
	for i, e := range all {
		want = append(want, EventID(id, i))
		got = append(got, e.ID.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ids (-want +got)\n%s", diff)
	}
}

// CmpEvents compares events, whose ids and names have unexported fields.
var CmpEvents = cmp.Comparer(func(a, b sse.Event) bool { return a == b })

// FullAnswer returns the service's answer to the question without a limit of tokens.
func FullAnswer(t *testing.T, url string) Answer {
	t.Helper()
	var c Completion
	Post(t, url, Body(nil)).Into(t, &c)
	return c.Answer(t)
}

// AtLeastTwo checks that at least two connections were cut.
func AtLeastTwo(t *testing.T, cuts int) {
	t.Helper()
	if cuts < 2 {
		t.Errorf("only %d connections were cut", cuts)
	}
}

// Object returns the answer as a JSON object.
func (a Answer) Object() Object {
	return Object{"text": a.Text, "finish_reason": a.FinishReason, "usage": a.Usage}
}
