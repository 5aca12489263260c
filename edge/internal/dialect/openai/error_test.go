package openai_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
)

func TestErrorBody(t *testing.T) {
	for _, test := range []struct {
		name string
		err  failure.Error
		want string
	}{
		{
			"all four keys, whatever their values",
			failure.Error{},
			`{"error":{"message":"","type":"","param":null,"code":null}}`,
		},
		{
			"everything",
			failure.Error{Message: "'n' <b>", Status: http.StatusBadRequest, Param: "n", Code: "invalid_type"},
			`{"error":{"message":"'n' <b>","type":"invalid_request_error","param":"n","code":"invalid_type"}}`,
		},
		{
			"no line ending and no way out of the string",
			failure.Error{Message: "a\r\nb\"\\\x00\xff", Status: http.StatusInternalServerError},
			`{"error":{"message":"a\r\nb\"\\\u0000` + "\ufffd" + `","type":"server_error","param":null,"code":null}}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := string(openai.AppendError([]byte("data: "), &test.err))
			if diff := cmp.Diff("data: "+test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
