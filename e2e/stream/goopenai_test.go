package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	openai "github.com/sashabaranov/go-openai"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// TestGoOpenAI uses the Go client that most programs used before OpenAI had its own. It looks for lines instead of
// decoding events by the standard.
func TestGoOpenAI(t *testing.T) {
	t.Parallel()
	url := rig.Steady(t).URL()
	client := goOpenAI(url, nil)
	t.Run("stream", func(t *testing.T) {
		a, err := sumGoOpenAI(client.CreateChatCompletionStream(t.Context(), goOpenAIRequest(api.SomeTokens)))
		if diff := cmp.Diff(api.Whole(t, url), a.Answer); err != nil || diff != "" {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
	})
	t.Run("unknown model", func(t *testing.T) {
		req := goOpenAIRequest(api.SomeTokens)
		req.Model = "gpt-4o"
		_, err := client.CreateChatCompletionStream(t.Context(), req)
		var told *openai.APIError
		if !errors.As(err, &told) {
			t.Fatalf("%T: %v", err, err)
		}
		if told.HTTPStatusCode != http.StatusNotFound || told.Code != "model_not_found" || *told.Param != "model" || told.Message == "" {
			t.Errorf("%+v", told)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		stream, err := client.CreateChatCompletionStream(t.Context(), goOpenAIRequest(0))
		if err != nil {
			t.Fatal(err)
		}
		api.Cancel(t, url, stream.Header().Get("X-Completion-Id"))
		// It fails, as it must, but without the message: the client takes every line without data, including ids, as
		// part of the error's JSON.
		if s, err := sumGoOpenAI(stream, nil); err == nil {
			t.Errorf("it passes for success: %+v", s)
		}
	})
	t.Run("cut", func(t *testing.T) {
		brokenURL, _ := broken(t, url, cut.Each(cut.Plan{After: 5_000}))
		if s, err := sumGoOpenAI(goOpenAI(brokenURL, nil).CreateChatCompletionStream(t.Context(), goOpenAIRequest(api.SomeTokens))); err == nil {
			t.Errorf("it passes for success: %+v", s)
		}
	})
	t.Run("left", func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		stream, err := goOpenAI(url, api.Object{"on_disconnect": "cancel"}).CreateChatCompletionStream(ctx, goOpenAIRequest(0))
		if err != nil {
			t.Fatal(err)
		}
		leave()
		api.IsCancelledSoon(t, url, stream.Header().Get("X-Completion-Id"))
		_ = stream.Close()
	})
}

// goOpenAI returns a client that adds these members to its requests: it cannot send unknown ones itself.
func goOpenAI(url string, members api.Object) *openai.Client {
	config := openai.DefaultConfig("any")
	config.BaseURL = url + "/v1"
	config.HTTPClient = &http.Client{Transport: adding(members)}
	return openai.NewClientWithConfig(config)
}

type adding api.Object

// RoundTrip implements [http.RoundTripper].
func (a adding) RoundTrip(r *http.Request) (*http.Response, error) {
	var o api.Object
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		return nil, err
	}
	maps.Copy(o, a)
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return http.DefaultTransport.RoundTrip(r)
}

func goOpenAIRequest(limit int) openai.ChatCompletionRequest {
	return openai.ChatCompletionRequest{
		Model:               api.Model,
		MaxCompletionTokens: limit,
		Messages:            []openai.ChatCompletionMessage{{Role: openai.ChatMessageRoleUser, Content: api.Question}},
		StreamOptions:       &openai.StreamOptions{IncludeUsage: true},
	}
}

func sumGoOpenAI(stream *openai.ChatCompletionStream, err error) (sum, error) {
	if err != nil {
		return sum{}, err
	}
	defer func() { _ = stream.Close() }()
	var s sum
	var text strings.Builder
	for {
		c, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			s.Text = text.String()
			return s, nil
		}
		if err != nil {
			return sum{}, err
		}
		for _, choice := range c.Choices {
			text.WriteString(choice.Delta.Content)
			s.FinishReason += string(choice.FinishReason)
		}
		if u := c.Usage; u != nil {
			s.Usage = api.Usage{Prompt: int64(u.PromptTokens), Completion: int64(u.CompletionTokens), Total: int64(u.TotalTokens)}
		}
	}
}
