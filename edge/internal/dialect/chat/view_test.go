package chat

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// TestEveryUnaryAnswerHasAView checks all unary calls of the contract. An answer with a completion or a model
// has the view of that.
func TestEveryUnaryAnswerHasAView(t *testing.T) {
	without := map[protoreflect.Name]bool{"CountPromptTokens": true} // this dialect has no route for it
	found := 0
	for _, file := range []protoreflect.FileDescriptor{completionv1.File_petstore_completion_v1_completion_service_proto, completionv1.File_petstore_completion_v1_model_service_proto} {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				method := methods.Get(j)
				if method.IsStreamingServer() {
					continue
				}
				kind, err := protoregistry.GlobalTypes.FindMessageByName(method.Output().FullName())
				if err != nil {
					t.Fatal(err)
				}
				found++
				if _, ok := New().View(kind.New().Interface()); ok == without[method.Name()] {
					t.Errorf("%s: a view: %v", method.FullName(), ok)
				}
			}
		}
	}
	if found < 9 {
		t.Errorf("%d calls", found)
	}
	if view, ok := New().View(&completionv1.CompletionEvent{}); ok {
		t.Errorf("an event is no answer, and has the view %v", view)
	}
}
