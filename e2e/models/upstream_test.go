package models

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/modelserver"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// TestTakeoverGoesOnAtTheServer kills the process that reads a model server's answer. Another one lets the server
// continue from what was shown.
func TestTakeoverGoesOnAtTheServer(t *testing.T) {
	t.Parallel()
	var story strings.Builder
	for i := range 150 {
		fmt.Fprintf(&story, "Word %d of Luna's täle. ", i)
	}
	n := &modelserver.Narrator{T: t, Story: story.String(), Beat: 10 * time.Millisecond}
	server := httptest.NewServer(n)
	defer server.Close()
	models := "--models=" + rig.ModelsFile(t, "models:\n  - name: story\n    targets:\n      - engine: openai\n        base_url: "+server.URL+
		"\n        model: m\n        continuation: vllm\n")
	nats := "--nats-url=" + rig.NATS(t).ClientURL()
	doomed := rig.Start(t, "completion", "--listen=127.0.0.1:0", models, nats)
	survivor := rig.Start(t, "completion", "--listen=127.0.0.1:0", models, nats)
	first := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+doomed.Addr("grpc"))
	second := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+survivor.Addr("grpc"))

	f := &api.Follower{T: t}
	f.Read(f.AskModel("http://"+first.Addr("http"), "story"), api.KillAfter)
	d := f.GoOn("http://" + second.Addr("http"))
	doomed.Kill()
	if !f.Read(d, 0) {
		t.Fatalf("ended after %d events", len(f.Got))
	}
	f.Check(api.Answer{Text: n.Story})
	if got := n.Continued.Load(); got != 1 {
		t.Errorf("the server went on %d times", got)
	}
}

// TestPawstreamBehindPawstream uses one Pawstream as another one's model server, by each API, and kills it in the
// middle of an answer.
func TestPawstreamBehindPawstream(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"chat", "responses"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			behind(t, by)
		})
	}
}

func behind(t *testing.T, by string) {
	t.Helper()
	inner := rig.Start(t, "standalone", "--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0", "--data-dir="+t.TempDir(), "--advisor-pace=100")
	innerURL := "http://" + inner.Addr("http")
	path := rig.ModelsFile(t, "models:\n  - name: second-hand\n    targets:\n      - {engine: openai, api: "+by+", base_url: "+innerURL+"/v1, model: pet-advisor-1}\n")
	outer := rig.Start(t, "standalone", "--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0", "--data-dir="+t.TempDir(), "--models="+path)
	url := "http://" + outer.Addr("http")

	f := &api.Follower{T: t}
	if !f.Read(f.AskModel(url, "second-hand"), 0) {
		t.Fatalf("ended after %d events", len(f.Got))
	}
	var want api.Completion
	api.Post(t, innerURL, api.Body(api.Object{"max_tokens": nil})).Into(t, &want)
	f.Check(want.Answer(t))

	f = &api.Follower{T: t}
	d := f.AskModel(url, "second-hand")
	f.Read(d, api.KillAfter)
	inner.Kill()
	if f.Read(d, 0) {
		t.Error("an answer that broke off passes for a whole one")
	}
	var last api.Chunk
	if err := json.Unmarshal([]byte(f.Got[len(f.Got)-1].Data), &last); err != nil || last.Error == nil || last.Error.Code == nil || *last.Error.Code != "upstream_error" {
		t.Errorf("%v, the stream ends with %s", err, f.Got[len(f.Got)-1].Data)
	}

	// A changed file is reloaded, and an invalid one ignored.
	if err := os.WriteFile(path, []byte("models: nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	rig.ReplaceFile(t, path, "models:\n  - name: third-hand\n    targets:\n      - {engine: advisor, model: pet-advisor-1}\n")
	rig.Eventually(t, 20*time.Second, func() error {
		x := api.Do(t, api.Request(t, http.MethodGet, url+"/v1/models/third-hand", ""))
		if x.Status != http.StatusOK {
			return rig.ErrNotYet
		}
		return nil
	})
	api.Post(t, url, api.Body(api.Object{"model": "third-hand"})).Into(t, &want)
	if x := api.Post(t, url, api.Body(api.Object{"model": "second-hand"})); x.Status != http.StatusNotFound {
		t.Errorf("a model that is gone: status %d", x.Status)
	}
}

// TestKeyFilesAreReadAgain changes the key files of a flag and of the models file, including one that the models file
// names only after a reload.
func TestKeyFilesAreReadAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	sent := make(map[string]string) // Authorization of the last request, by model
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Model string }
		_ = json.NewDecoder(r.Body).Decode(&asked)
		mu.Lock()
		sent[asked.Model] = r.Header.Get("Authorization")
		mu.Unlock()
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, sayWord+sayStop+sayDone)
	}))
	defer server.Close()
	const form = "models:\n  - name: filed\n    targets: [{engine: openai, base_url: %s, model: filed%s}]\n"
	path := rig.ModelsFile(t, fmt.Sprintf(form, server.URL, ""))
	dir := filepath.Dir(path)
	write := func(name, text string) { rig.ReplaceFile(t, filepath.Join(dir, name), text) }
	write("flag.key", "one")
	url := rig.Own(t, stack.Options{Completion: []string{
		"--models=" + path, "--upstream-url=" + server.URL, "--upstream-model=flagged", "--upstream-key-file=" + filepath.Join(dir, "flag.key"),
	}}).URL()
	becomes := func(model, want string) {
		t.Helper()
		rig.Eventually(t, 20*time.Second, func() error {
			api.Post(t, url, api.Body(api.Object{"model": model})).Into(t, new(api.Completion))
			mu.Lock()
			defer mu.Unlock()
			if sent[model] != want {
				return fmt.Errorf("%w: Authorization is %q, want %q", rig.ErrNotYet, sent[model], want)
			}
			return nil
		})
	}
	becomes("flagged", "Bearer one")
	becomes("filed", "")
	write("flag.key", "two")
	write("late.key", "first")
	write("models.yaml", fmt.Sprintf(form, server.URL, ", key_file: late.key"))
	becomes("filed", "Bearer first")
	becomes("flagged", "Bearer two")
	write("late.key", "second")
	becomes("filed", "Bearer second")
}

// TestBadModelsFile checks, starts with and reloads models files with every kind of fault. The error names file, line
// and field, and the old file stays in force.
func TestBadModelsFile(t *testing.T) {
	t.Parallel()
	const (
		kept   = "models:\n  - name: kept\n    targets: [{engine: advisor, model: pet-advisor-1}]\n"
		server = "models:\n  - name: a\n    targets:\n      - engine: openai\n        model: m\n        base_url: "
	)
	path := rig.ModelsFile(t, kept)
	s := rig.Own(t, stack.Options{Completion: []string{"--models=" + path}})
	isKept := func(t *testing.T, file string) {
		t.Helper()
		if x := api.Post(t, s.URL(), api.Body(api.Object{"model": "kept", "max_tokens": 3})); x.Status != http.StatusOK {
			t.Errorf("%s: status %d, body %s", file, x.Status, x.Body)
		}
		if x := api.Do(t, api.Request(t, http.MethodGet, s.URL()+"/v1/models/a", "")); x.Status != http.StatusNotFound {
			t.Errorf("%s: status %d for a model of a file in error", file, x.Status)
		}
	}
	var want string
	for name, test := range map[string]struct {
		text, want string // want: without the file's name
	}{
		"unknown field":      {server + "http://h/v1\n        colour: red\n", `:7: unknown field "colour"`},
		"missing key file":   {server + "http://h/v1\n        key_file: nowhere\n", ":7: models[0].targets[0].key_file cannot be read: no such file"},
		"two of one name":    {server + "http://h/v1\n  - name: a\n    targets: [{use: a}]\n", `:7: models[1].name "a" is the name of models[0] too`},
		"URL without scheme": {server + "localhost:8000/v1\n", ":6: models[0].targets[0].base_url must begin with http:// or https://"},
		"cycle":              {"models:\n  - name: a\n    targets: [{use: b}]\n  - name: b\n    targets:\n      - use: a\n", ":6: models[1].targets[0].use makes a cycle: a -> b -> a"},
	} {
		want = path + test.want
		rig.ReplaceFile(t, path, test.text)
		_, stderr, exit := rig.Run(t, "completion", "check-config", path)
		if exit != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s, check-config: exit code %d, %q", name, exit, stderr)
		}
		rig.Eventually(t, 20*time.Second, func() error {
			if log := strings.ReplaceAll(s.Completion.WholeLog(), `\"`, `"`); !strings.Contains(log, want) {
				return fmt.Errorf("%w: %s in\n%s", rig.ErrNotYet, want, log)
			}
			return nil
		})
		isKept(t, name)
	}
	_, stderr, exit := rig.Run(t, "completion", "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--log=memory", "--models="+path)
	if exit != 1 || !strings.Contains(stderr, want) {
		t.Errorf("start: exit code %d, %q", exit, stderr)
	}
	rig.ReplaceFile(t, path, strings.Replace(kept, "kept", "mended", 1))
	rig.Eventually(t, 20*time.Second, func() error {
		if x := api.Do(t, api.Request(t, http.MethodGet, s.URL()+"/v1/models/mended", "")); x.Status != http.StatusOK {
			return fmt.Errorf("%w: status %d", rig.ErrNotYet, x.Status)
		}
		return nil
	})
}

func TestCheckConfig(t *testing.T) {
	t.Parallel()
	rig.Programs(t) // keeps the build out of the time limit
	good := rig.ModelsFile(t, "models:\n  - name: a\n    targets:\n      - {engine: openai, base_url: http://h/v1, model: m}\n      - {engine: advisor, model: pet-advisor-1}\n")
	bad := rig.ModelsFile(t, "models:\n  - name: a\n    targets:\n      - {engine: openai, base_url: localhost, model: m}\n")
	for _, program := range []string{"completion", "standalone"} {
		stdout, stderr, exit := rig.Run(t, program, "check-config", good)
		if want := "\"a\": openai m http://h/v1, then advisor pet-advisor-1\n"; exit != 0 || stdout != want {
			t.Errorf("%s: exit code %d, %q, %q", program, exit, stdout, stderr)
		}
		_, stderr, exit = rig.Run(t, program, "check-config", bad)
		if want := bad + ":4: models[0].targets[0].base_url must begin with"; exit != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, %q", program, exit, stderr)
		}
	}
	_, stderr, exit := rig.Run(t, "completion", "--upstream-url=http://h/v1")
	if exit != 1 || !strings.Contains(stderr, "--upstream-model") {
		t.Errorf("exit code %d, %q", exit, stderr)
	}
}
