package ask

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/internal/header"
	"github.com/pawstream/pawstream/internal/openaiapi"
	"github.com/pawstream/pawstream/internal/sse"
)

// An api is one of the edge's APIs for creating and following answers.
type api interface {
	// path returns the URL path of the created objects.
	path() string
	// request returns the members of a body that asks for a stream. The last message is the question.
	request(model string, said []message, maxTokens int) map[string]any
	// follow makes a GET resume after a cursor that read returned.
	follow(req *http.Request, cursor string)
	// read interprets an event of a stream whose last cursor is cursor.
	read(event *sse.Event, cursor string) (step, error)
}

// A step is the content of one event of a stream.
type step struct {
	id     string // of the completion, if the event has it
	cursor string // if it is empty or the previous one, the event is not part of the answer, but only of this connection
	text   string
	failed *problem
	last   bool
}

// A problem is an edge's description of a failure.
type problem struct{ Message, Code string }

// The APIs.
type (
	chatAPI     struct{}
	responseAPI struct{}
)

// apiOf returns the API that an id belongs to.
func apiOf(id string) api {
	if strings.HasPrefix(id, openaiapi.ResponseID) {
		return responseAPI{}
	}
	return chatAPI{}
}

func (chatAPI) path() string { return openaiapi.ChatCompletions }

func (chatAPI) request(model string, said []message, maxTokens int) map[string]any {
	members := map[string]any{"model": model, "stream": true, "messages": said}
	if maxTokens != 0 {
		members["max_tokens"] = maxTokens
	}
	return members
}

func (chatAPI) follow(req *http.Request, cursor string) { req.Header.Set(header.LastEventID, cursor) }

// read implements [api]. Each event of the answer has an id; for events without one, the decoder repeats the
// last id.
func (chatAPI) read(event *sse.Event, _ string) (step, error) {
	if event.Data == openaiapi.Done {
		return step{last: true}, nil
	}
	var chunk struct {
		ID      string
		Choices []struct {
			Delta struct{ Content, Refusal string }
		}
		Error *problem
	}
	if err := unmarshal(event.Data, &chunk); err != nil {
		return step{}, err
	}
	s := step{id: chunk.ID, cursor: event.ID.String(), failed: chunk.Error}
	if len(chunk.Choices) > 0 {
		s.text = chunk.Choices[0].Delta.Content + chunk.Choices[0].Delta.Refusal
	}
	return s, nil
}

func (responseAPI) path() string { return openaiapi.Responses }

func (responseAPI) request(model string, said []message, maxTokens int) map[string]any {
	members := map[string]any{"model": model, "stream": true, "input": said}
	if len(said) == 1 {
		members["input"] = said[0].Content
	}
	if maxTokens != 0 {
		members["max_output_tokens"] = maxTokens
	}
	return members
}

func (responseAPI) follow(req *http.Request, cursor string) {
	req.URL.RawQuery += "&starting_after=" + url.QueryEscape(cursor)
}

// read implements [api]. The answer's events have dense numbers; a heartbeat and a failure of the connection
// repeat the previous number.
func (responseAPI) read(event *sse.Event, cursor string) (step, error) {
	var e struct {
		Type           string
		SequenceNumber uint64 `json:"sequence_number"`
		Delta          string
		Error          *problem
		Response       struct {
			ID    string
			Error *problem
		}
	}
	if err := unmarshal(event.Data, &e); err != nil {
		return step{}, err
	}
	s := step{id: e.Response.ID, cursor: strconv.FormatUint(e.SequenceNumber, 10)}
	switch e.Type {
	case "keepalive":
		s.cursor = cursor
	case "error":
		s.cursor, s.failed = cursor, cmp.Or(e.Error, &problem{})
	case openaiapi.TextDelta, openaiapi.RefusalDelta:
		s.text = e.Delta
	case openaiapi.Failed:
		s.failed = cmp.Or(e.Response.Error, &problem{})
	case openaiapi.Completed, openaiapi.Incomplete:
		s.last = true
	}
	return s, nil
}

func unmarshal(data string, v any) error {
	if err := json.Unmarshal([]byte(data), v); err != nil {
		return fmt.Errorf("the edge sent invalid JSON: %w", err)
	}
	return nil
}

// err returns the failure as an error.
func (p *problem) err() error {
	return errors.New(cmp.Or(p.Message, "the edge does not say why it failed"))
}
