// Command grpc asks over gRPC.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

func main() {
	address := cmp.Or(os.Getenv("PAWSTREAM_COMPLETION_ADDR"), "127.0.0.1:50051")
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	stream, err := completionv1.NewCompletionServiceClient(conn).StreamCompletion(context.Background(),
		&completionv1.StreamCompletionRequest{Params: &completionv1.CompletionParams{
			Model: "pet-advisor-1",
			Messages: []*completionv1.ChatMessage{{
				Role:    completionv1.Role_ROLE_USER,
				Content: &completionv1.ChatMessage_Text{Text: "Which calm cats do you have?"},
			}},
		}})
	if err != nil {
		log.Fatal(err)
	}
	for {
		event, err := stream.Recv() // an error, io.EOF too, is no end of the answer: done is
		if err != nil {
			log.Fatal(err)
		}
		switch e := event.GetEvent().(type) {
		case *completionv1.CompletionEvent_Delta:
			fmt.Print(e.Delta.GetContent())
		case *completionv1.CompletionEvent_Error:
			log.Fatal(e.Error.GetMessage())
		case *completionv1.CompletionEvent_Done:
			fmt.Println()
			return
		}
	}
}
