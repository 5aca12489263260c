package door

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/telemetry/telemetrytest"
)

// The secrets of TestKeysAreNeverTold: in the key file, in a header, and of callers with and without access.
const (
	canaryKey    = "sk-canary-of-the-key-file"
	canaryHeader = "canary-of-the-header"
	canaryCaller = "canary-caller" // its key is "canary-caller-key"
	canaryBad    = "canary-of-nobody"
)

// tattlers are the ways in which a model server can reveal the key that it was sent, by the name of the model.
var tattlers = map[string]func(w http.ResponseWriter, secret string){
	"status-400":   tattle(http.StatusBadRequest),
	"status-401":   tattle(http.StatusUnauthorized),
	"status-404":   tattle(http.StatusNotFound),
	"status-429":   tattle(http.StatusTooManyRequests),
	"status-500":   tattle(http.StatusInternalServerError),
	"error-object": say(`data: {"error":{"message":%[1]q,"code":400,"param":%[1]q,"type":%[1]q}}`),
	"error-event":  say("event: error\ndata: {\"message\":%[1]q,\"code\":%[1]q}"),
	"finish":       say(`data: {"choices":[{"index":0,"delta":{},"finish_reason":%q}]}`),
	"malformed":    say(`data: {"choices":[{%q`),
	"wrong-type":   say(`data: {"choices":%q}`),
	"field":        say(`data: {"choices":[{"index":0,"delta":{"content":{%q:1}}}]}`),
	"no-http":      hijacked("%s\r\n\r\n"),
	"no-status":    hijacked("HTTP/1.1 %s\r\n\r\n"),
	"no-header":    hijacked("HTTP/1.1 200 OK\r\n%s\r\n\r\n"),
	"redirect": func(w http.ResponseWriter, secret string) {
		w.Header().Set("Location", "http://127.0.0.1:1/?key="+secret)
		w.WriteHeader(http.StatusTemporaryRedirect)
	},
}

func tattle(status int) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, secret string) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", secret)
		w.Header().Set("X-Request-Id", secret)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(api.Object{"error": api.Object{
			"message": "Incorrect API key provided: " + secret, "type": secret, "param": secret, "code": secret,
		}})
	}
}

func say(format string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, secret string) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = fmt.Fprintf(w, format+"\n\ndata: [DONE]\n\n", secret)
	}
}

func hijacked(format string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, secret string) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = fmt.Fprintf(conn, format, secret)
			_ = conn.Close()
		}
	}
}

// TestKeysAreNeverTold lets model servers repeat their keys, and puts keys into files and requests where they do not
// belong. None may appear in answers, logs, metrics or traces.
func TestKeysAreNeverTold(t *testing.T) {
	t.Parallel()
	collector := telemetrytest.Collect(t)
	var knew atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Model string }
		_ = json.NewDecoder(r.Body).Decode(&asked)
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Header.Get("Authorization") == "Bearer "+canaryKey && r.Header.Get("X-Api-Key") == "Token "+canaryHeader {
			knew.Add(1)
		}
		name, of, _ := strings.Cut(asked.Model, " ")
		secret := map[string]string{"key": canaryKey, "header": canaryHeader}[of]
		tattlers[name](w, secret)
	}))
	server.Start()
	defer server.Close()

	var models strings.Builder
	models.WriteString("models:\n")
	names := []string{}
	for name := range tattlers {
		for _, of := range []string{"key", "header"} {
			names = append(names, name+"-"+of)
			fmt.Fprintf(&models, "  - name: %[1]s-%[2]s\n    targets: [{engine: openai, base_url: %[3]s/v1, model: %[1]s %[2]s, key_file: key, headers: {X-Api-Key: Token %[4]s}}]\n",
				name, of, server.URL, canaryHeader)
		}
	}
	path := rig.ModelsFile(t, models.String())
	rig.ReplaceFile(t, filepath.Join(filepath.Dir(path), "key"), canaryKey+"\n")
	s, err := rig.Programs(t).Stack(t.Context(), stack.Options{
		Env:        []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.Endpoint},
		Completion: []string{"--models=" + path, "--log-level=debug", "--first-event-timeout=1500ms"},
		Edge:       []string{"--log-level=debug", "--auth=keys", "--auth-keys=" + rig.Keys(t, canaryCaller)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var out evidence

	type asking struct {
		model  string
		stream bool
	}
	answers := make(chan string)
	busy := 0
	for _, name := range names {
		for _, stream := range []bool{true, false} {
			busy++
			a := asking{name, stream}
			go func() {
				x := api.Post(t, s.URL(), api.Body(api.Object{"model": a.model, "stream": a.stream}), rig.Bearer(canaryCaller))
				told := fmt.Sprint(a, x.Status, x.Header, string(x.Body))
				if id := x.Header.Get("X-Completion-Id"); id != "" {
					again := api.Get(t, s.URL(), id, rig.Bearer(canaryCaller))
					told += string(again.Body)
				}
				answers <- told
			}()
		}
	}
	for range busy {
		out.add(<-answers)
	}
	for _, req := range []*http.Request{
		api.Request(t, http.MethodPost, s.URL()+"/v1/chat/completions", api.Body(nil), "Authorization: Bearer "+canaryBad),
		api.Request(t, http.MethodGet, s.URL()+"/v1/models?api_key="+canaryBad, "", rig.Bearer(canaryCaller)),
		api.Request(t, http.MethodGet, s.URL()+"/v1/no/such/route?key="+canaryBad, "", "X-Api-Key: "+canaryBad),
	} {
		x := api.Do(t, req)
		out.add(fmt.Sprint(x.Status, x.Header, string(x.Body)))
	}
	// A file with a key in the wrong place is ignored, and a warning says why.
	dir := filepath.Dir(path)
	for _, bad := range []struct{ file, text, says string }{
		{path, "models:\n  - name: a\n    targets: [{engine: openai, base_url: \"http://" + canaryKey + "@h/v1\", model: m}]\n", "base_url may have no user"},
		{path, "models:\n  - name: a\n    targets: [{engine: openai, base_url: \"ht tp://h/" + canaryKey + "\", model: m}]\n", "base_url must begin with"},
		{path, "models:\n  - name: a\n    targets: [{engine: openai, base_url: \"http://h/v1\", model: m, key_file: " + canaryKey + "}]\n", "key_file cannot be read"},
		{path, "models:\n  - name: a\n    targets: [{engine: openai, base_url: \"http://h/v1\", model: m, key: " + canaryKey + "}]\n", `unknown field \"key\"`},
		{path, models.String(), "read a changed file"},
		{filepath.Join(dir, "key"), canaryKey + "\n" + canaryKey + "\n", "key_file must hold a key in one line"},
	} {
		rig.ReplaceFile(t, bad.file, bad.text)
		rig.Eventually(t, 20*time.Second, func() error {
			if !strings.Contains(s.Completion.WholeLog(), bad.says) {
				return fmt.Errorf("%w: a line with %s in\n%s", rig.ErrNotYet, bad.says, s.Completion.Log())
			}
			return nil
		})
		if bad.file == path && bad.text != models.String() {
			_, stderr, exit := rig.Run(t, "completion", "check-config", path)
			if out.add(stderr); exit == 0 {
				t.Errorf("check-config takes %s", bad.says)
			}
		}
	}
	for _, p := range []*stack.Process{s.Edge, s.Completion} {
		out.add(string(api.Do(t, api.Request(t, http.MethodGet, "http://"+p.Addr("admin")+"/metrics", "")).Body))
	}
	if err := s.Stop(); err != nil { // exports the last spans
		t.Error(err)
	}
	out.add(s.Edge.WholeLog())
	out.add(s.Completion.WholeLog())
	out.add(collector.Raw())

	if n := knew.Load(); int(n) < busy {
		t.Errorf("the server was asked with the keys %d times, want at least %d", n, busy)
	}
	for _, want := range []string{"msg=request", "msg=usage", "# TYPE gen_ai", "chat status-400-key", "upstream_error"} {
		if !out.has(want) {
			t.Errorf("nothing was looked through that holds %q", want)
		}
	}
	for _, secret := range []string{canaryKey, canaryHeader, canaryCaller + "-key", canaryBad} {
		out.without(t, secret)
	}
}

// evidence is the whole output of processes.
type evidence struct{ text strings.Builder }

func (e *evidence) add(text string) { e.text.WriteString(text + "\n") }

func (e *evidence) has(text string) bool { return strings.Contains(e.text.String(), text) }

// without reports each line that contains a secret.
func (e *evidence) without(t *testing.T, secret string) {
	t.Helper()
	told := make(map[string]bool)
	for line := range strings.Lines(e.text.String()) {
		if i := strings.Index(line, secret); i >= 0 && !told[line] {
			told[line] = true
			t.Errorf("%s is told: …%s…", secret, line[max(0, i-300):min(len(line), i+100)])
		}
	}
}
