package openai

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// TestNames holds that every value of the contract has a name, that it is the
// contract's own in lower case, and that the decoder's loops over 1 to the last value
// reach all of them.
func TestNames(t *testing.T) {
	for _, test := range []struct {
		values protoreflect.EnumDescriptor
		name   func(n protoreflect.EnumNumber) string
		prefix string
	}{
		{completionv1.Role(0).Descriptor(), nameOf(roleName), "ROLE_"},
		{completionv1.FinishReason(0).Descriptor(), nameOf(finishReasonName), "FINISH_REASON_"},
		{completionv1.ToolChoiceMode(0).Descriptor(), nameOf(toolChoiceModeName), "TOOL_CHOICE_MODE_"},
		{completionv1.Modality(0).Descriptor(), nameOf(modalityName), "MODALITY_"},
		{completionv1.ReasoningEffort(0).Descriptor(), nameOf(reasoningEffortName), "REASONING_EFFORT_"},
		{completionv1.Verbosity(0).Descriptor(), nameOf(verbosityName), "VERBOSITY_"},
		{completionv1.OnDisconnect(0).Descriptor(), nameOf(onDisconnectName), "ON_DISCONNECT_"},
		{completionv1.CompletionStatus(0).Descriptor(), nameOf(completionStatusName), "COMPLETION_STATUS_"},
		{completionv1.Progress_Stage(0).Descriptor(), nameOf(stageName), "STAGE_"},
	} {
		t.Run(string(test.values.Name()), func(t *testing.T) {
			values := test.values.Values()
			for i := range values.Len() {
				v := values.Get(i)
				want := strings.ToLower(strings.TrimPrefix(string(v.Name()), test.prefix))
				if i == 0 {
					want = ""
				}
				if got := test.name(v.Number()); got != want || int(v.Number()) != i {
					t.Errorf("%s, number %d: %q, want %q", v.Name(), v.Number(), got, want)
				}
			}
			if got := test.name(99); got != "" {
				t.Errorf("unknown value: %q", got)
			}
		})
	}
}

func nameOf[T ~int32](name func(T) string) func(protoreflect.EnumNumber) string {
	return func(n protoreflect.EnumNumber) string { return name(T(n)) }
}
