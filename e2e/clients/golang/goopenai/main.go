// Command goopenai tries sashabaranov/go-openai, of the version that the go.mod names: -modfile
// chooses.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
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
		// The type of a tool's function differs between the versions.
		if err := json.Unmarshal([]byte(gallery.Tools), &request.Tools); err != nil {
			return got, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if asked.Whole {
		resp, err := client.CreateChatCompletion(ctx, request)
		if err == nil {
			got.Text = resp.Choices[0].Message.Content
		}
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

func main() {
	gallery.Run(ask, "usage", "loop", "object") // the older ones cannot ask for the first and the last
}
