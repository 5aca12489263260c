// Command responses-go asks by the Responses API with OpenAI's client, and goes on after a lost
// connection.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
)

func main() {
	ctx := context.Background()
	client := openai.NewClient(
		option.WithBaseURL(cmp.Or(os.Getenv("PAWSTREAM_URL"), "http://127.0.0.1:8080")+"/v1"),
		option.WithAPIKey(cmp.Or(os.Getenv("PAWSTREAM_API_KEY"), "none")),
	)
	stream := client.Responses.NewStreaming(ctx, responses.ResponseNewParams{
		Model: "pet-advisor-1",
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Which calm cats do you have?")},
	})
	var id string
	var number int64
	for {
		for stream.Next() {
			event := stream.Current()
			number = event.SequenceNumber
			switch event.Type {
			case "response.created":
				id = event.Response.ID
			case "response.output_text.delta":
				fmt.Print(event.Delta)
			case "response.completed", "response.incomplete":
				fmt.Println()
				return
			case "response.failed":
				log.Fatal(event.Response.Error.Message)
			}
		}
		if id == "" {
			log.Fatal(stream.Err())
		}
		stream = client.Responses.GetStreaming(ctx, id, responses.ResponseGetParams{StartingAfter: openai.Int(number)})
	}
}
