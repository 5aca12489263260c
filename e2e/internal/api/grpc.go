package api

import (
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// Dial connects to a gRPC service.
func Dial(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Params returns the params of the question, with a limit of tokens; 0: none.
func Params(limit int32) *completionv1.CompletionParams {
	params := &completionv1.CompletionParams{
		Model: Model,
		Messages: []*completionv1.ChatMessage{
			{Role: completionv1.Role_ROLE_USER, Content: &completionv1.ChatMessage_Text{Text: Question}},
		},
		StreamOptions: &completionv1.StreamOptions{IncludeUsage: true},
	}
	if limit > 0 {
		params.MaxTokens = &limit
	}
	return params
}

// ReasonOf returns the stable reason of a status.
func ReasonOf(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == "petstore.completion" {
			return info.GetReason()
		}
	}
	return ""
}
