package stream

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/internal/skip"
)

// grpcurlBuilt remembers the build of grpcurl.
var grpcurlBuilt struct {
	sync.Once

	err error
}

// grpcurl returns the program's path. It is built once, from a separate module.
func grpcurl(t *testing.T) (string, error) {
	t.Helper()
	path := rig.Programs(t).Path("grpcurl")
	grpcurlBuilt.Do(func() {
		build := exec.CommandContext(context.Background(), "go", "-C", "grpcurl", "build", "-o", path, "github.com/fullstorydev/grpcurl/cmd/grpcurl")
		if out, err := build.CombinedOutput(); err != nil {
			grpcurlBuilt.err = errors.Join(err, errors.New(string(out)))
		}
	})
	return path, grpcurlBuilt.err
}

// TestGrpcurl calls the service with a program that knows its contract only from reflection.
func TestGrpcurl(t *testing.T) {
	skip.Long(t, "it compiles grpcurl")
	t.Parallel()
	path, err := grpcurl(t)
	if err != nil {
		t.Fatal(err)
	}
	address := rig.Fast(t).Completion.Addr("grpc")
	for _, test := range []struct {
		name string
		args []string
		want []string
		exit int // the gRPC code plus 64
	}{
		{
			"list",
			[]string{address, "list"},
			[]string{"grpc.health.v1.Health", "petstore.completion.v1.CompletionService", "petstore.completion.v1.ModelService"},
			0,
		},
		{
			"describe",
			[]string{address, "describe", "petstore.completion.v1.CompletionService.StreamCompletion"},
			[]string{"returns ( stream .petstore.completion.v1.CompletionEvent )"},
			0,
		},
		{
			"health",
			[]string{"-d", `{"service":"petstore.completion.v1.CompletionService"}`, address, "grpc.health.v1.Health/Check"},
			[]string{`"SERVING"`},
			0,
		},
		{"unary", []string{address, "petstore.completion.v1.ModelService/ListModels"}, []string{`"` + api.Model + `"`}, 0},
		{
			"stream",
			[]string{
				"-d", `{"params":{"model":"pet-advisor-1","messages":[{"role":"ROLE_USER","text":"Which cats do you have?"}],"maxTokens":5}}`,
				address, "petstore.completion.v1.CompletionService/StreamCompletion",
			},
			[]string{"ROLE_ASSISTANT", "FINISH_REASON_LENGTH", `"done": {}`},
			0,
		},
		{
			"error",
			[]string{"-d", `{"params":{"model":"x"}}`, address, "petstore.completion.v1.CompletionService/StreamCompletion"},
			[]string{"Code: InvalidArgument", `"reason": "EMPTY_ARRAY"`, `"param": "messages"`},
			64 + 3,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), path, append([]string{"-plaintext"}, test.args...)...)
			out, err := cmd.CombinedOutput()
			if exit := cmd.ProcessState.ExitCode(); exit != test.exit {
				t.Fatalf("exit code %d, %v\n%s", exit, err, out)
			}
			for _, want := range test.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("no %s in\n%s", want, out)
				}
			}
		})
	}
}
