package e2e

import (
	"net/http"
	"os/exec"
	"testing"
)

// TestPython uses nothing but Python's standard library.
func TestPython(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		missing(t, "Python 3", err)
	}
	got, proxy := runScript(t, "python", []string{python, "-B", "client.py"}, nil)
	want := whole(t, steady(t).URL()).object()
	got.has(t, "stream", want)
	got.has(t, "cut", want)
	atLeastTwo(t, proxy.Cuts())
	got.has(t, "unknown model", object{
		"status": http.StatusNotFound, "message": noModel, "type": "invalid_request_error",
		"param": "model", "code": "model_not_found",
	})
	got.has(t, "cancelled", object{"message": cancelled})
	got.has(t, "left", object{"status": "cancelled"})
}
