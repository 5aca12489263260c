package wire

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

// constants returns the non-empty values of the domain's constants by their types.
func constants(t *testing.T) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	for _, name := range []string{"request", "event", "completion", "error"} {
		file, err := parser.ParseFile(token.NewFileSet(), "../chat/"+name+".go", nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, typed := spec.Type.(*ast.Ident)
			value, isLiteral := spec.Values[0].(*ast.BasicLit)
			if !typed || !isLiteral || value.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(value.Value)
			if err != nil {
				t.Fatal(err)
			}
			if text != "" {
				all[kind.Name] = append(all[kind.Name], text)
			}
			return true
		})
	}
	return all
}

// TestTheDomainHasTheContractsNames checks that every constant of the domain is a value of the contract. The
// domain may lack values that it treats alike.
func TestTheDomainHasTheContractsNames(t *testing.T) {
	found := constants(t)
	for kind, names := range map[string][]string{
		"Role": protoname.All[completionv1.Role](), "OnDisconnect": protoname.All[completionv1.OnDisconnect](),
		"ToolChoiceMode": protoname.All[completionv1.ToolChoiceMode](), "Modality": protoname.All[completionv1.Modality](),
		"Verbosity": protoname.All[completionv1.Verbosity](), "FinishReason": protoname.All[completionv1.FinishReason](),
		"Status": protoname.All[completionv1.CompletionStatus](), "Stage": protoname.All[completionv1.Progress_Stage](),
	} {
		if len(found[kind]) == 0 {
			t.Errorf("%s has no constants", kind)
		}
		for _, text := range found[kind] {
			if !slices.Contains(names, text) {
				t.Errorf("%s: the contract has no %q, but %q", kind, text, names)
			}
		}
	}
}

// TestEveryReasonIsACode compares the domain's codes with the contract's reasons.
func TestEveryReasonIsACode(t *testing.T) {
	got := constants(t)["Code"]
	slices.Sort(got)
	var want []string
	for number, name := range completionv1.Reason_name {
		switch completionv1.Reason(number) {
		case completionv1.Reason_REASON_UNSPECIFIED:
		case completionv1.Reason_REASON_PEER_NOT_TRUSTED: // only the gRPC server reports it
		default:
			want = append(want, strings.TrimPrefix(name, "REASON_"))
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("codes (-contract +domain)\n%s", diff)
	}
}

func TestWhatIsNotKnownIsNothing(t *testing.T) {
	if got := OnDisconnectFromProto(99); got != "" {
		t.Errorf("a policy to come is %q", got)
	}
	if got := OnDisconnectToProto("never"); got != completionv1.OnDisconnect_ON_DISCONNECT_UNSPECIFIED {
		t.Errorf("a policy that there is not is %v", got)
	}
}
