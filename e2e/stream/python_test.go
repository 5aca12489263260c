package stream

import (
	"net/http"
	"os/exec"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/internal/skip"
)

// TestPython uses only Python's standard library.
func TestPython(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		skip.Missing(t, "Python 3", err)
	}
	got, proxy := runScript(t, "python", []string{python, "-B", "client.py"}, nil)
	want := api.Whole(t, rig.Steady(t).URL()).Object()
	got.has(t, "stream", want)
	got.has(t, "cut", want)
	api.AtLeastTwo(t, proxy.Cuts())
	got.has(t, "unknown model", api.Object{
		"status": http.StatusNotFound, "message": noModel, "type": "invalid_request_error",
		"param": "model", "code": "model_not_found",
	})
	got.has(t, "cancelled", api.Object{"message": cancelled})
	got.has(t, "left", api.Object{"status": "cancelled"})
}
