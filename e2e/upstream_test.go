package e2e

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
	"sync/atomic"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/edge/sse"
)

// modelsFile writes a models file and returns the flag that names it.
func modelsFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "models.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A narrator is a model server that tells one story, and goes on with it where it is told
// that it has begun, as vLLM does.
type narrator struct {
	t         *testing.T
	story     string
	beat      time.Duration
	continued atomic.Int32
}

func (n *narrator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Messages []struct {
			Role    string `json:"role"`
			Content string `json:"content"`
		} `json:"messages"`
		Continue bool `json:"continue_final_message"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		n.t.Error(err)
	}
	rest := n.story
	if asked.Continue {
		n.continued.Add(1)
		last := asked.Messages[len(asked.Messages)-1]
		told := strings.HasPrefix(n.story, last.Content)
		if last.Role != "assistant" || !told || last.Content == "" {
			n.t.Errorf("to go on with: %+v", last)
		}
		rest = n.story[len(last.Content):]
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for _, word := range strings.SplitAfter(rest, " ") {
		text, _ := json.Marshal(word)
		_, _ = fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s},\"finish_reason\":null}]}\n\n", text)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-time.After(n.beat):
		case <-r.Context().Done():
			return
		}
	}
	_, _ = io.WriteString(w, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}

func (f *follower) askModel(url, name string) *sse.Decoder {
	f.t.Helper()
	resp := send(f.t, request(f.t, http.MethodPost, url+"/v1/chat/completions", body(object{"stream": true, "model": name, "max_tokens": nil})))
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		f.t.Fatalf("status %d, body %s", resp.StatusCode, text)
	}
	return sse.NewDecoder(resp.Body)
}

// TestTakeoverGoesOnAtTheServer kills the process that reads a model server's answer.
// Another one has the server go on from what was shown.
func TestTakeoverGoesOnAtTheServer(t *testing.T) {
	t.Parallel()
	var story strings.Builder
	for i := range 150 {
		fmt.Fprintf(&story, "Word %d of Luna's täle. ", i)
	}
	n := &narrator{t: t, story: story.String(), beat: 10 * time.Millisecond}
	server := httptest.NewServer(n)
	defer server.Close()
	models := "--models=" + modelsFile(t, "models:\n  - name: story\n    targets:\n      - engine: openai\n        base_url: "+server.URL+
		"\n        model: m\n        continuation: vllm\n")
	nats := "--nats-url=" + startNATS(t).ClientURL()
	doomed := start(t, "completion", "--listen=127.0.0.1:0", models, nats)
	survivor := start(t, "completion", "--listen=127.0.0.1:0", models, nats)
	first := start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+doomed.Addr("grpc"))
	second := start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+survivor.Addr("grpc"))

	f := &follower{t: t}
	f.read(f.askModel("http://"+first.Addr("http"), "story"), killAfter)
	d := f.goOn("http://" + second.Addr("http"))
	doomed.Kill()
	if !f.read(d, 0) {
		t.Fatalf("ended after %d events", len(f.got))
	}
	f.check(answer{Text: n.story})
	if got := n.continued.Load(); got != 1 {
		t.Errorf("the server went on %d times", got)
	}
}

// TestPawstreamBehindPawstream has one Pawstream answer by another one, and kills that one
// in the middle of an answer.
func TestPawstreamBehindPawstream(t *testing.T) {
	t.Parallel()
	inner := start(t, "standalone", "--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0", "--data-dir="+t.TempDir(), "--advisor-pace=100")
	innerURL := "http://" + inner.Addr("http")
	path := modelsFile(t, "models:\n  - name: second-hand\n    targets:\n      - {engine: openai, base_url: "+innerURL+"/v1, model: pet-advisor-1}\n")
	outer := start(t, "standalone", "--listen=127.0.0.1:0", "--grpc-listen=127.0.0.1:0", "--data-dir="+t.TempDir(), "--models="+path)
	url := "http://" + outer.Addr("http")

	f := &follower{t: t}
	if !f.read(f.askModel(url, "second-hand"), 0) {
		t.Fatalf("ended after %d events", len(f.got))
	}
	var want completion
	post(t, innerURL, body(object{"max_tokens": nil})).into(t, &want)
	f.check(want.answer(t))

	f = &follower{t: t}
	d := f.askModel(url, "second-hand")
	f.read(d, killAfter)
	inner.Kill()
	if f.read(d, 0) {
		t.Error("an answer that broke off passes for a whole one")
	}
	var last chunk
	if err := json.Unmarshal([]byte(f.got[len(f.got)-1].Data), &last); err != nil || last.Error == nil || last.Error.Code == nil || *last.Error.Code != "upstream_error" {
		t.Errorf("%v, the stream ends with %s", err, f.got[len(f.got)-1].Data)
	}

	// A file that changes is read again; one that is wrong changes nothing.
	if err := os.WriteFile(path, []byte("models: nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	replaceFile(t, path, "models:\n  - name: third-hand\n    targets:\n      - {engine: advisor, model: pet-advisor-1}\n")
	eventually(t, 20*time.Second, func() error {
		x := do(t, request(t, http.MethodGet, url+"/v1/models/third-hand", ""))
		if x.Status != http.StatusOK {
			return errNotYet
		}
		return nil
	})
	post(t, url, body(object{"model": "third-hand"})).into(t, &want)
	if x := post(t, url, body(object{"model": "second-hand"})); x.Status != http.StatusNotFound {
		t.Errorf("a model that is gone: status %d", x.Status)
	}
}

// TestKeyFilesAreReadAgain changes key files: of a flag, of the models file, and one that
// the models file names only after it was read again.
func TestKeyFilesAreReadAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	sent := make(map[string]string) // by model, the Authorization of the last request
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
	path := modelsFile(t, fmt.Sprintf(form, server.URL, ""))
	dir := filepath.Dir(path)
	write := func(name, text string) { replaceFile(t, filepath.Join(dir, name), text) }
	write("flag.key", "one")
	url := own(t, stack.Options{Completion: []string{
		"--models=" + path, "--upstream-url=" + server.URL, "--upstream-model=flagged", "--upstream-key-file=" + filepath.Join(dir, "flag.key"),
	}}).URL()
	becomes := func(model, want string) {
		t.Helper()
		eventually(t, 20*time.Second, func() error {
			post(t, url, body(object{"model": model})).into(t, new(completion))
			mu.Lock()
			defer mu.Unlock()
			if sent[model] != want {
				return fmt.Errorf("%w: Authorization is %q, want %q", errNotYet, sent[model], want)
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

// replaceFile puts another file in a file's place, in one step.
func replaceFile(t *testing.T, path, text string) {
	t.Helper()
	next := path + ".new"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
}

// TestBadModelsFile has models files with each kind of fault checked, started with and
// read again: told by file, line and field, and what is in force stays.
func TestBadModelsFile(t *testing.T) {
	t.Parallel()
	const (
		kept   = "models:\n  - name: kept\n    targets: [{engine: advisor, model: pet-advisor-1}]\n"
		server = "models:\n  - name: a\n    targets:\n      - engine: openai\n        model: m\n        base_url: "
	)
	path := modelsFile(t, kept)
	s := own(t, stack.Options{Completion: []string{"--models=" + path}})
	isKept := func(t *testing.T, file string) {
		t.Helper()
		if x := post(t, s.URL(), body(object{"model": "kept", "max_tokens": 3})); x.Status != http.StatusOK {
			t.Errorf("%s: status %d, body %s", file, x.Status, x.Body)
		}
		if x := do(t, request(t, http.MethodGet, s.URL()+"/v1/models/a", "")); x.Status != http.StatusNotFound {
			t.Errorf("%s: status %d for a model of a file in error", file, x.Status)
		}
	}
	var want string
	for name, test := range map[string]struct {
		text, want string // want: after the file's name
	}{
		"unknown field":      {server + "http://h/v1\n        colour: red\n", `:7: unknown field "colour"`},
		"missing key file":   {server + "http://h/v1\n        key_file: nowhere\n", ":7: models[0].targets[0].key_file cannot be read: no such file"},
		"two of one name":    {server + "http://h/v1\n  - name: a\n    targets: [{use: a}]\n", `:7: models[1].name "a" is the name of models[0] too`},
		"URL without scheme": {server + "localhost:8000/v1\n", ":6: models[0].targets[0].base_url must begin with http:// or https://"},
		"cycle":              {"models:\n  - name: a\n    targets: [{use: b}]\n  - name: b\n    targets:\n      - use: a\n", ":6: models[1].targets[0].use makes a cycle: a -> b -> a"},
	} {
		want = path + test.want
		replaceFile(t, path, test.text)
		_, stderr, exit := runProgram(t, "completion", "check-config", path)
		if exit != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s, check-config: exit code %d, %q", name, exit, stderr)
		}
		eventually(t, 20*time.Second, func() error {
			if log := strings.ReplaceAll(s.Completion.WholeLog(), `\"`, `"`); !strings.Contains(log, want) {
				return fmt.Errorf("%w: %s in\n%s", errNotYet, want, log)
			}
			return nil
		})
		isKept(t, name)
	}
	_, stderr, exit := runProgram(t, "completion", "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--log=memory", "--models="+path)
	if exit != 1 || !strings.Contains(stderr, want) {
		t.Errorf("start: exit code %d, %q", exit, stderr)
	}
	replaceFile(t, path, strings.Replace(kept, "kept", "mended", 1))
	eventually(t, 20*time.Second, func() error {
		if x := do(t, request(t, http.MethodGet, s.URL()+"/v1/models/mended", "")); x.Status != http.StatusOK {
			return fmt.Errorf("%w: status %d", errNotYet, x.Status)
		}
		return nil
	})
}

func TestCheckConfig(t *testing.T) {
	t.Parallel()
	programs(t) // building them is not part of the time that one may take
	good := modelsFile(t, "models:\n  - name: a\n    targets:\n      - {engine: openai, base_url: http://h/v1, model: m}\n      - {engine: advisor, model: pet-advisor-1}\n")
	bad := modelsFile(t, "models:\n  - name: a\n    targets:\n      - {engine: openai, base_url: localhost, model: m}\n")
	for _, program := range []string{"completion", "standalone"} {
		stdout, stderr, exit := runProgram(t, program, "check-config", good)
		if want := "\"a\": openai m http://h/v1, then advisor pet-advisor-1\n"; exit != 0 || stdout != want {
			t.Errorf("%s: exit code %d, %q, %q", program, exit, stdout, stderr)
		}
		_, stderr, exit = runProgram(t, program, "check-config", bad)
		if want := bad + ":4: models[0].targets[0].base_url must begin with"; exit != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, %q", program, exit, stderr)
		}
	}
	_, stderr, exit := runProgram(t, "completion", "--upstream-url=http://h/v1")
	if exit != 1 || !strings.Contains(stderr, "--upstream-model") {
		t.Errorf("exit code %d, %q", exit, stderr)
	}
}
