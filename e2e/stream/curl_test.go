package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/internal/sse"
)

// Exit codes of curl.
const (
	curlPartialFile = 18
	curlRecvError   = 56
)

// curl runs curl on the create call, or on path below it, and returns its output and exit code.
func curl(t *testing.T, url, path string, more ...string) (string, int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := curlCommand(t.Context(), t, url, path, more...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if stderr.Len() > 0 {
		t.Logf("curl says: %s", &stderr)
	}
	return stdout.String(), cmd.ProcessState.ExitCode()
}

func curlCommand(ctx context.Context, t *testing.T, url, path string, more ...string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath("curl")
	if err != nil {
		skip.Missing(t, "curl", err)
	}
	args := append([]string{"-sS", "-N", "--max-time", "60", "--noproxy", "*", url + "/v1/chat/completions" + path}, more...)
	return exec.CommandContext(ctx, program, args...)
}

func jsonBody(body string) []string {
	return []string{"-H", "Content-Type: application/json", "-d", body}
}

func TestCurl(t *testing.T) {
	t.Parallel()
	url := rig.Steady(t).URL()
	t.Run("stream", func(t *testing.T) {
		out, exit := curl(t, url, "", jsonBody(api.Streamed(nil))...)
		if diff := cmp.Diff(api.Whole(t, url), api.Joined(t, api.Events(t, strings.NewReader(out)))); exit != 0 || diff != "" {
			t.Errorf("exit code %d (-want +got)\n%s", exit, diff)
		}
	})
	t.Run("unknown model", func(t *testing.T) {
		out, exit := curl(t, url, "", append(jsonBody(api.Streamed(api.Object{"model": "x"})), "-w", "%{http_code}")...)
		told, ok := strings.CutSuffix(out, "404")
		var got struct{ Error api.Problem }
		if err := json.Unmarshal([]byte(told), &got); err != nil || !ok || exit != 0 || *got.Error.Code != "model_not_found" {
			t.Errorf("exit code %d, %s", exit, out)
		}
	})
	t.Run("fails on request", func(t *testing.T) { // as in scripts
		if out, exit := curl(t, url, "", append(jsonBody("{}"), "-f")...); exit != 22 || out != "" {
			t.Errorf("exit code %d, %s", exit, out)
		}
	})
	t.Run("cancelled", func(t *testing.T) { testCurlCancelled(t, url) })
	t.Run("left", func(t *testing.T) { testCurlLeft(t, url) })
	for name, plan := range map[string]cut.Plan{"cut by a FIN": {After: 6_000}, "cut by a RST": {After: 6_000, Reset: true}} {
		t.Run(name, func(t *testing.T) { testCurlResumes(t, url, plan) })
	}
}

// startCurl starts curl, and returns after the first event.
func startCurl(ctx context.Context, t *testing.T, url, body string) (*exec.Cmd, *sse.Decoder, sse.Event) {
	t.Helper()
	cmd := curlCommand(ctx, t, url, "", jsonBody(body)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	decoder := sse.NewDecoder(stdout)
	first, err := decoder.Next()
	if err != nil {
		t.Fatal(err)
	}
	return cmd, decoder, first
}

func testCurlCancelled(t *testing.T, url string) {
	cmd, decoder, first := startCurl(t.Context(), t, url, api.Streamed(api.Object{"max_tokens": nil}))
	api.Cancel(t, url, api.CompletionOf(first))
	var last sse.Event
	for e, err := range decoder.Events() {
		if err != nil {
			t.Fatal(err)
		}
		last = e
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if want := `"message":"The completion was cancelled."`; !strings.Contains(last.Data, want) {
		t.Errorf("the last event is %s", last.Data)
	}
}

func testCurlLeft(t *testing.T, url string) {
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	cmd, _, first := startCurl(ctx, t, url, api.Streamed(api.Object{"max_tokens": nil, "on_disconnect": "cancel"}))
	leave()
	api.IsCancelledSoon(t, url, api.CompletionOf(first))
	if err := cmd.Wait(); err == nil {
		t.Error("curl was not interrupted")
	}
}

func testCurlResumes(t *testing.T, url string, plan cut.Plan) {
	brokenURL, proxy := broken(t, url, cut.Each(plan))
	want := curlPartialFile
	if plan.Reset {
		want = curlRecvError
	}
	var all []sse.Event
	var more []string
	for {
		out, exit := curl(t, brokenURL, "", append(jsonBody(api.Streamed(nil)), more...)...)
		for e, err := range sse.NewDecoder(strings.NewReader(out)).Events() {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, e)
		}
		if exit == 0 {
			break
		}
		if exit != want {
			t.Errorf("exit code %d, want %d", exit, want)
		}
		more = []string{"-H", "Last-Event-ID: " + all[len(all)-1].ID.String()}
	}
	if diff := cmp.Diff(api.Whole(t, url), api.Joined(t, all)); diff != "" || proxy.Cuts() < 2 {
		t.Errorf("%d cuts (-want +got)\n%s", proxy.Cuts(), diff)
	}
}

// TestCurlOnePage runs what people type to try the API.
func TestCurlOnePage(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	out, exit := curl(t, url, "", append(jsonBody(api.Body(nil)), "-i")...)
	if exit != 0 || !strings.HasPrefix(out, "HTTP/1.1 200 OK\r\n") || !strings.Contains(out, http.CanonicalHeaderKey("X-Completion-Id")) {
		t.Errorf("exit code %d, %s", exit, out)
	}
}
