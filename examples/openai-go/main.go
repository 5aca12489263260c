// Command openai-go asks with OpenAI's client.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

func main() {
	client := openai.NewClient(
		option.WithBaseURL(cmp.Or(os.Getenv("PAWSTREAM_URL"), "http://127.0.0.1:8080")+"/v1"),
		option.WithAPIKey(cmp.Or(os.Getenv("PAWSTREAM_API_KEY"), "none")),
	)
	stream := client.Chat.Completions.NewStreaming(context.Background(), openai.ChatCompletionNewParams{
		Model:    "pet-advisor-1",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Which calm cats do you have?")},
	})
	for stream.Next() {
		if choices := stream.Current().Choices; len(choices) > 0 {
			fmt.Print(choices[0].Delta.Content)
		}
	}
	fmt.Println()
	if err := stream.Err(); err != nil {
		log.Fatal(err)
	}
}
