// Command goopenai tries sashabaranov/go-openai, in the version of the go.mod file that -modfile chooses.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"time"

	"github.com/pawstream/pawstream/e2e/clients/golang/gallery"
	"github.com/sashabaranov/go-openai"
)

func ask(asked gallery.Asked) (got gallery.Answer, err error) {
	config := openai.DefaultConfig("any")
	config.BaseURL, config.HTTPClient = asked.Base, asked.HTTP
	client := openai.NewClientWithConfig(config)
	request := openai.ChatCompletionRequest{
		Model: asked.Model, Messages: []openai.ChatCompletionMessage{{Role: openai.ChatMessageRoleUser, Content: "Which pet?"}},
	}
	if asked.Tools {
		// The type of a tool's function differs between versions.
		if err := json.Unmarshal([]byte(gallery.Tools), &request.Tools); err != nil {
			return got, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if asked.Loop {
		return loop(ctx, client, request)
	}
	if asked.Whole {
		resp, err := client.CreateChatCompletion(ctx, request)
		if err == nil {
			got.Text = resp.Choices[0].Message.Content
		}
		return got, err
	}
	// Versions before 1.24 lack the field.
	if err := json.Unmarshal([]byte(`{"stream_options":{"include_usage":true}}`), &request); err != nil {
		return got, err
	}
	stream, err := client.CreateChatCompletionStream(ctx, request)
	if err != nil {
		return got, err
	}
	defer stream.Close()
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		for _, choice := range chunk.Choices {
			add(&got, choice)
		}
		if counted := usage(chunk); counted > 0 {
			got.Usage = counted
		}
		if asked.Leave && got.Text != "" {
			return got, gallery.ErrLeft
		}
	}
}

func add(got *gallery.Answer, choice openai.ChatCompletionStreamChoice) {
	got.Text += choice.Delta.Content
	if reason := string(choice.FinishReason); reason != "" {
		got.Finish = reason
	}
	for _, call := range choice.Delta.ToolCalls {
		for call.Index != nil && len(got.Calls) <= *call.Index {
			got.Calls = append(got.Calls, gallery.Call{})
		}
		last := &got.Calls[*call.Index]
		last.Name += call.Function.Name
		last.Arguments += call.Function.Arguments
	}
}

// usage returns a chunk's tokens: not every version has a field for them.
func usage(chunk openai.ChatCompletionStreamResponse) int64 {
	var has struct {
		Usage struct {
			Total int64 `json:"total_tokens"`
		}
	}
	if text, err := json.Marshal(chunk); err == nil {
		_ = json.Unmarshal(text, &has)
	}
	return has.Usage.Total
}

// loop answers the calls, and returns the text after that.
func loop(ctx context.Context, client *openai.Client, request openai.ChatCompletionRequest) (got gallery.Answer, err error) {
	for {
		resp, err := client.CreateChatCompletion(ctx, request)
		if err != nil {
			return got, err
		}
		said := resp.Choices[0].Message
		if len(said.ToolCalls) == 0 {
			return gallery.Answer{Text: said.Content}, nil
		}
		request.Messages = append(request.Messages, said)
		for _, call := range said.ToolCalls {
			request.Messages = append(request.Messages, openai.ChatCompletionMessage{
				Role: openai.ChatMessageRoleTool, ToolCallID: call.ID, Content: gallery.FindPet(call.Function.Arguments),
			})
		}
	}
}

func main() {
	cannot := []string{"object"} // only newer versions can request one
	if _, has := reflect.TypeFor[openai.ChatCompletionRequest]().FieldByName("StreamOptions"); !has {
		cannot = append(cannot, "usage")
	}
	gallery.Run(ask, cannot...)
}
