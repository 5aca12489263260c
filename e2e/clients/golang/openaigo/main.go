// Command openaigo tries OpenAI's Go client with chat completions or, if its first argument is "responses", with the
// Responses API.
package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"

	"github.com/pawstream/pawstream/e2e/clients/golang/gallery"
)

func client(asked gallery.Asked) openai.Client {
	return openai.NewClient(
		option.WithBaseURL(asked.Base), option.WithAPIKey("any"), option.WithMaxRetries(0), option.WithHTTPClient(asked.HTTP),
	)
}

// parsed decodes JSON. It panics on errors, because it is for constants.
func parsed[T any](text string) (v T) {
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		panic(err)
	}
	return v
}

func chat(asked gallery.Asked) (got gallery.Answer, err error) {
	ctx, completions := context.Background(), client(asked).Chat.Completions
	params := openai.ChatCompletionNewParams{Model: asked.Model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Which pet?")}}
	if asked.Tools {
		params.Tools = parsed[[]openai.ChatCompletionToolUnionParam](gallery.Tools)
	}
	if asked.Object {
		params.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{
			Name: "pet", Strict: openai.Bool(true), Schema: parsed[map[string]any](gallery.PetSchema),
		}}
	}
	if asked.Whole || asked.Object || asked.Loop {
		c, err := completions.New(ctx, params)
		if err == nil && asked.Loop {
			params.Messages = append(params.Messages, c.Choices[0].Message.ToParam())
			for _, call := range c.Choices[0].Message.ToolCalls {
				params.Messages = append(params.Messages, openai.ToolMessage(gallery.FindPet(call.Function.Arguments), call.ID))
			}
			c, err = completions.New(ctx, params)
		}
		if err != nil {
			return got, err
		}
		return gallery.Answer{Text: c.Choices[0].Message.Content, Object: c.Choices[0].Message.Content}, nil
	}
	params.StreamOptions.IncludeUsage = openai.Bool(true)
	stream := completions.NewStreaming(ctx, params)
	defer stream.Close()
	var sum openai.ChatCompletionAccumulator
	for stream.Next() {
		sum.AddChunk(stream.Current())
		if asked.Leave && len(sum.Choices) > 0 && sum.Choices[0].Message.Content != "" {
			return got, gallery.ErrLeft
		}
	}
	if len(sum.Choices) > 0 {
		got = gallery.Answer{Text: sum.Choices[0].Message.Content, Finish: sum.Choices[0].FinishReason, Usage: sum.Usage.TotalTokens}
		for _, call := range sum.Choices[0].Message.ToolCalls {
			got.Calls = append(got.Calls, gallery.Call{Name: call.Function.Name, Arguments: call.Function.Arguments})
		}
	}
	return got, stream.Err()
}

func main() {
	if os.Args[1] == "responses" {
		gallery.Run(respond)
	} else {
		gallery.Run(chat)
	}
}
