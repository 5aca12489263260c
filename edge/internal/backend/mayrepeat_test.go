package backend

import (
	"testing"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

func TestMayRepeat(t *testing.T) {
	t.Parallel()
	create := completionv1.CompletionService_CreateCompletion_FullMethodName
	for _, tt := range []struct {
		name, method string
		args         any
		want         bool
	}{
		{"a read", completionv1.CompletionService_GetCompletion_FullMethodName, &completionv1.GetCompletionRequest{}, true},
		{"a cancel", completionv1.CompletionService_CancelCompletion_FullMethodName, &completionv1.CancelCompletionRequest{}, true},
		{"new metadata", completionv1.CompletionService_UpdateCompletion_FullMethodName, &completionv1.UpdateCompletionRequest{}, true},
		{"models", completionv1.ModelService_ListModels_FullMethodName, &completionv1.ListModelsRequest{}, true},
		{"a deletion", completionv1.CompletionService_DeleteCompletion_FullMethodName, &completionv1.DeleteCompletionRequest{}, false},
		{"a count", completionv1.CompletionService_CountPromptTokens_FullMethodName, &completionv1.CountPromptTokensRequest{}, false},
		{"a create", create, &completionv1.CreateCompletionRequest{}, false},
		{"a create by a key", create, &completionv1.CreateCompletionRequest{IdempotencyKey: "k"}, true},
		{"a method of another service", "/other.Service/Get", nil, false},
		{"no method", "", nil, false},
	} {
		if got := mayRepeat(tt.method, tt.args); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}
