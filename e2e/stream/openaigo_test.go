package stream

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	openai "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/packages/ssestream"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// TestOpenAIGo uses OpenAI's own Go client.
func TestOpenAIGo(t *testing.T) {
	t.Parallel()
	url := rig.Steady(t).URL()
	client := openaiGo(url)
	t.Run("stream", func(t *testing.T) {
		a, err := sumOpenAIGo(client.Chat.Completions.NewStreaming(t.Context(), openaiParams(api.SomeTokens)))
		if diff := cmp.Diff(api.Whole(t, url), a.Answer); err != nil || diff != "" {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
	})
	t.Run("whole", func(t *testing.T) {
		params := openaiParams(api.SomeTokens)
		params.StreamOptions = openai.ChatCompletionStreamOptionsParam{}
		c, err := client.Chat.Completions.New(t.Context(), params)
		if err != nil || c.Choices[0].Message.Content != api.Whole(t, url).Text {
			t.Errorf("%v, %+v", err, c)
		}
	})
	t.Run("models", func(t *testing.T) {
		page, err := client.Models.List(t.Context())
		if err != nil || len(page.Data) == 0 || page.Data[0].ID != api.Model {
			t.Errorf("%v, %+v", err, page)
		}
	})
	t.Run("unknown model", func(t *testing.T) {
		params := openaiParams(api.SomeTokens)
		params.Model = "gpt-4o"
		stream := client.Chat.Completions.NewStreaming(t.Context(), params)
		var told *openai.Error
		if stream.Next() || !errors.As(stream.Err(), &told) {
			t.Fatalf("%T: %v", stream.Err(), stream.Err())
		}
		if told.StatusCode != http.StatusNotFound || told.Code != "model_not_found" || told.Param != "model" || told.Message == "" {
			t.Errorf("status %d, %s", told.StatusCode, told.RawJSON())
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		stream := client.Chat.Completions.NewStreaming(t.Context(), openaiParams(0))
		if !stream.Next() {
			t.Fatal(stream.Err())
		}
		api.Cancel(t, url, stream.Current().ID)
		if _, err := sumOpenAIGo(stream); err == nil || !strings.Contains(err.Error(), "The completion was cancelled.") {
			t.Errorf("the stream ended with %v", err)
		}
	})
	t.Run("left", func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		stream := client.Chat.Completions.NewStreaming(ctx, openaiParams(0), option.WithJSONSet("on_disconnect", "cancel"))
		if !stream.Next() {
			t.Fatal(stream.Err())
		}
		leave()
		api.IsCancelledSoon(t, url, stream.Current().ID)
		_ = stream.Close()
	})
	t.Run("cut", func(t *testing.T) { testOpenAIGoResumes(t, url) })
}

func openaiGo(url string) openai.Client {
	return openai.NewClient(option.WithBaseURL(url+"/v1"), option.WithAPIKey("any"), option.WithMaxRetries(0))
}

// openaiParams asks the question, with a limit unless it is 0.
func openaiParams(limit int64) openai.ChatCompletionNewParams {
	params := openai.ChatCompletionNewParams{
		Model:         api.Model,
		Messages:      []openai.ChatCompletionMessageParamUnion{openai.UserMessage(api.Question)},
		StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: param.NewOpt(true)},
	}
	if limit > 0 {
		params.MaxTokens = param.NewOpt(limit)
	}
	return params
}

// A sum adds up a stream. Each chunk is one event, so their number is the position in the completion.
type sum struct {
	api.Answer

	id     string
	chunks int
}

func sumOpenAIGo(stream *ssestream.Stream[openai.ChatCompletionChunk]) (sum, error) {
	var s sum
	for stream.Next() {
		c := stream.Current()
		s.id = c.ID
		s.chunks++
		for _, choice := range c.Choices {
			s.Text += choice.Delta.Content
			s.FinishReason += choice.FinishReason
		}
		if u := c.Usage; u.TotalTokens > 0 {
			s.Usage = api.Usage{Prompt: u.PromptTokens, Completion: u.CompletionTokens, Total: u.TotalTokens}
		}
	}
	return s, stream.Err()
}

// testOpenAIGoResumes continues after a cut. The client does not show event ids, but they can be counted.
func testOpenAIGoResumes(t *testing.T, url string) {
	brokenURL, proxy := broken(t, url, cut.Each(cut.Plan{After: 5_000}))
	client := openaiGo(brokenURL)
	var all sum
	var options []option.RequestOption
	for {
		s, err := sumOpenAIGo(client.Chat.Completions.NewStreaming(t.Context(), openaiParams(api.SomeTokens), options...))
		all.chunks += s.chunks
		all.Text += s.Text
		all.FinishReason += s.FinishReason
		all.Usage = s.Usage
		if err == nil {
			break
		}
		if s.chunks == 0 {
			t.Fatal(err)
		}
		options = []option.RequestOption{option.WithHeader("Last-Event-ID", api.EventID(s.id, all.chunks-1))}
	}
	if diff := cmp.Diff(api.Whole(t, url), all.Answer); diff != "" || proxy.Cuts() < 2 {
		t.Errorf("%d cuts (-want +got)\n%s", proxy.Cuts(), diff)
	}
}
