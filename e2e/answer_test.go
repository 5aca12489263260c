package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/sse"
)

// An answer is what every client has to find, however it reads it.
type answer struct {
	Text         string `json:"text"`
	FinishReason string `json:"finish_reason"`
	Usage        usage  `json:"usage"`
}

type usage struct {
	Prompt     int64 `json:"prompt_tokens"`
	Completion int64 `json:"completion_tokens"`
	Total      int64 `json:"total_tokens"`
}

// A completion is what the tests read of a chat completion object.
type completion struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Choices []struct {
		Message struct {
			Content string `json:"content"`
		} `json:"message"`
		FinishReason string `json:"finish_reason"`
	} `json:"choices"`
	Usage usage `json:"usage"`
}

func (c *completion) answer(t *testing.T) answer {
	t.Helper()
	if len(c.Choices) != 1 {
		t.Fatalf("%d choices", len(c.Choices))
	}
	return answer{Text: c.Choices[0].Message.Content, FinishReason: c.Choices[0].FinishReason, Usage: c.Usage}
}

// whole returns what the service says to the question when it is not asked to stream.
// Equal questions have equal answers.
func whole(t *testing.T, url string) answer {
	t.Helper()
	var c completion
	post(t, url, body(object{"max_tokens": someTokens})).into(t, &c)
	a := c.answer(t)
	if a.Text == "" || a.FinishReason != "length" || a.Usage.Completion != someTokens {
		t.Fatalf("an answer that is no good to compare with: %+v", a)
	}
	return a
}

// A chunk is what the tests read of a chat completion chunk, or of an error in its place.
type chunk struct {
	Choices []struct {
		Delta struct {
			Content string `json:"content"`
		} `json:"delta"`
		FinishReason *string `json:"finish_reason"`
	} `json:"choices"`
	Usage *usage   `json:"usage"`
	Error *problem `json:"error"`
}

// failure returns the error that an event tells of, if it does.
func failure(e sse.Event) *problem {
	var c chunk
	_ = json.Unmarshal([]byte(e.Data), &c) // [DONE] is no JSON
	return c.Error
}

// A problem is the inside of an error body.
type problem struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

// joined returns the answer that a stream's events add up to. They have to be those of
// one completion, without a gap, and end as a stream should.
func joined(t *testing.T, all []sse.Event) answer {
	t.Helper()
	if len(all) == 0 || all[len(all)-1].Data != "[DONE]" {
		t.Fatalf("%d events without an end", len(all))
	}
	checkIDs(t, all)
	var a answer
	var text strings.Builder
	for _, e := range all[:len(all)-1] {
		var c chunk
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

// checkIDs checks that the events' ids are <completion id>.0, .1, .2 and so on.
func checkIDs(t *testing.T, all []sse.Event) {
	t.Helper()
	id, _, _ := strings.Cut(all[0].ID.String(), ".")
	var want, got []string
	for i, e := range all {
		want = append(want, eventID(id, i))
		got = append(got, e.ID.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ids (-want +got)\n%s", diff)
	}
}
