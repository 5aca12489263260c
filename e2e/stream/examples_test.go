package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/clients/js"
	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/browser"
	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/examples"
	"github.com/pawstream/pawstream/internal/skip"
)

// calm is the question of the examples.
const calm = "Which calm cats do you have?"

// calmAnswer returns the whole answer to calm.
func calmAnswer(t *testing.T, url string) string {
	t.Helper()
	var c api.Completion
	api.Post(t, url, api.Body(api.Object{"messages": []api.Object{{"role": "user", "content": calm}}})).Into(t, &c)
	return c.Answer(t).Text
}

// An example says how to run a file of examples/, and how to read its output.
type example struct {
	name    string
	command func(t *testing.T, dir, file string) *exec.Cmd
	read    func(t *testing.T, stdout string) string
	refused string // its output for a wrong key; empty: it sends none
}

var printed = func(t *testing.T, stdout string) string {
	t.Helper()
	text, ended := strings.CutSuffix(stdout, "\n")
	if !ended {
		t.Errorf("it ends with %q", stdout[max(0, len(stdout)-20):])
	}
	return text
}

const wrongKey = "API key"

// TestExamples runs each example like its reader: as a separate program that only the environment tells about a
// server with keys.
func TestExamples(t *testing.T) {
	t.Parallel()
	s := rig.Fast(t)
	edge := rig.Edge(t, s, "--auth=keys", "--auth-keys="+rig.Keys(t, "owner"))
	want := calmAnswer(t, s.URL())
	dir := examplesDir(t)
	for _, e := range []example{
		{"curl.sh", shell("curl"), framesText, "invalid_api_key"},
		{"grpcurl.sh", shell("grpcurl"), messagesText, ""},
		{"openai.mjs", nodeExample, printed, wrongKey},
		{"responses.mjs", nodeExample, printed, wrongKey},
		{"ai-sdk.mjs", nodeExample, printed, wrongKey},
		{"responses-go/main.go", goExample, printed, "401 Unauthorized"},
		{"eventsource-node.mjs", nodeExample, printed, wrongKey},
		{"reconnect.mjs", nodeExample, printed, wrongKey},
		{"progress.mjs", nodeExample, printed, wrongKey},
		{"stdlib.py", pythonExample, printed, wrongKey},
		{"openai_sdk.py", pythonOpenAI, printed, wrongKey},
		{"openai-go/main.go", goExample, printed, "401 Unauthorized"},
		{"grpc/main.go", goExample, printed, ""},
		{"grpc.mjs", nodeExample, printed, ""},
		{"grpc_client.py", pythonGRPC, printed, ""},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			cmd := e.command(t, dir, e.name)
			if cmd == nil {
				return
			}
			stdout, stderr, err := runExample(cmd, s, edge, "owner-key")
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
			if got := e.read(t, stdout); got != want {
				t.Errorf("the answer is\n%s\nwant\n%s", got, want)
			}
			if e.refused == "" {
				return
			}
			again := exec.CommandContext(t.Context(), cmd.Args[0], cmd.Args[1:]...)
			again.Dir = cmd.Dir
			stdout, stderr, err = runExample(again, s, edge, "a-wrong-key")
			if !strings.Contains(stdout+stderr, e.refused) || err == nil && e.name != "curl.sh" {
				t.Errorf("with a wrong key: %v, %s%s", err, stdout, stderr)
			}
		})
	}
}

// runExample runs a command with the settings in its environment.
func runExample(cmd *exec.Cmd, s *stack.Stack, url, key string) (stdout, stderr string, err error) {
	var out, told bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &told
	proto, err := filepath.Abs("../../proto")
	if err != nil {
		return "", "", err
	}
	cmd.Env = append(stack.Environment(), "PAWSTREAM_PROTO="+proto, "PATH="+filepath.Join(cmd.Dir, "bin")+":"+os.Getenv("PATH"), "no_proxy=*",
		"PAWSTREAM_URL="+url, "PAWSTREAM_API_KEY="+key, "PAWSTREAM_COMPLETION_ADDR="+s.Completion.Addr("grpc"))
	err = cmd.Run()
	return out.String(), told.String(), err
}

// examplesDir returns a directory with the examples, their packages, and our programs in bin.
func examplesDir(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "examples")
	if err := errors.Join(os.CopyFS(dir, examples.Files()), os.CopyFS(filepath.Join(root, "clients", "js"), js.Files())); err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Abs(filepath.Join("node", "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink(modules, filepath.Join(dir, "node_modules")), os.Mkdir(filepath.Join(dir, "bin"), 0o700)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func inDir(t *testing.T, dir string, command ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = dir
	return cmd
}

// shell returns the command of a script that needs a program.
func shell(program string) func(t *testing.T, dir, file string) *exec.Cmd {
	return func(t *testing.T, dir, file string) *exec.Cmd {
		t.Helper()
		if program == "grpcurl" {
			path, err := grpcurl(t)
			if err == nil {
				err = os.Symlink(path, filepath.Join(dir, "bin", program))
			}
			if err != nil {
				t.Fatal(err)
			}
		} else if _, err := exec.LookPath(program); err != nil {
			skip.Missing(t, program, err)
		}
		return inDir(t, dir, "sh", file)
	}
}

func nodeExample(t *testing.T, dir, file string) *exec.Cmd {
	t.Helper()
	node(t, file)
	return inDir(t, dir, "node", file)
}

func pythonExample(t *testing.T, dir, file string) *exec.Cmd {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		skip.Missing(t, "Python 3", err)
	}
	return inDir(t, dir, python, "-B", file)
}

// pythonGRPC generates the contract's code with protoc, and runs the example with a Python that has grpcio: Debian
// has both, for its own Python.
func pythonGRPC(t *testing.T, dir, file string) *exec.Cmd {
	t.Helper()
	proto, err := filepath.Abs("../../proto")
	if err != nil {
		t.Fatal(err)
	}
	contract, err := filepath.Glob(filepath.Join(proto, "petstore/completion/v1/*.proto"))
	if err != nil {
		t.Fatal(err)
	}
	plugin, err := exec.LookPath("grpc_python_plugin")
	if err != nil {
		skip.Missing(t, "Debian's protobuf-compiler-grpc", err)
	}
	if _, err := os.Stat("/usr/include/google/protobuf/struct.proto"); err != nil {
		skip.Missing(t, "Debian's libprotobuf-dev", err)
	}
	protoc := inDir(t, dir, append([]string{
		"protoc", "-I", proto, "--python_out=.", "--grpc_python_out=.", "--plugin=protoc-gen-grpc_python=" + plugin,
	}, contract...)...)
	if out, err := protoc.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, python := range []string{"python3", "/usr/bin/python3"} { // the folder grpc beside the file does not count
		if err = inDir(t, dir, python, "-c", "import grpc, google.protobuf; grpc.insecure_channel").Run(); err == nil {
			return inDir(t, dir, python, "-B", file)
		}
	}
	skip.Missing(t, "Debian's python3-grpcio", err)
	return nil
}

// pythonOpenAI runs the example if OpenAI's package is installed. Otherwise, as in CI, Python only checks its syntax,
// as package examples says.
func pythonOpenAI(t *testing.T, dir, file string) *exec.Cmd {
	t.Helper()
	cmd := pythonExample(t, dir, file)
	check := "import ast, sys; ast.parse(open(sys.argv[1]).read())"
	if out, err := inDir(t, dir, cmd.Args[0], "-c", check, file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := inDir(t, dir, cmd.Args[0], "-c", "import openai").Run(); err != nil {
		t.Log("its syntax is right; for want of the package it is not run:", err)
		return nil
	}
	return cmd
}

func goExample(t *testing.T, dir, file string) *exec.Cmd {
	t.Helper()
	name := filepath.Dir(file)
	path := filepath.Join(dir, "bin", name)
	if out, err := inDir(t, "", "go", "build", rig.Race(), "-o", path, "../../examples/"+name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return inDir(t, dir, path)
}

func framesText(t *testing.T, stdout string) string {
	t.Helper()
	return api.Joined(t, api.Events(t, strings.NewReader(stdout))).Text
}

// messagesText adds up grpcurl's output, one JSON object for each message.
func messagesText(t *testing.T, stdout string) string {
	t.Helper()
	var text strings.Builder
	for all := json.NewDecoder(strings.NewReader(stdout)); ; {
		var message struct{ Delta struct{ Content string } }
		if err := all.Decode(&message); errors.Is(err, io.EOF) {
			return text.String()
		} else if err != nil {
			t.Fatal(err)
		}
		text.WriteString(message.Delta.Content)
	}
}

// TestExamplesReconnect cuts every connection after some events, and the first one before any answer.
func TestExamplesReconnect(t *testing.T) {
	t.Parallel()
	s := rig.Fast(t)
	want := calmAnswer(t, s.URL())
	dir := examplesDir(t)
	for file, command := range map[string]func(t *testing.T, dir, file string) *exec.Cmd{
		"reconnect.mjs": nodeExample, "responses.mjs": nodeExample, "responses-go/main.go": goExample,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			url, proxy := broken(t, s.URL(), func(connection int) cut.Plan {
				if connection == 0 {
					return cut.Plan{After: 1}
				}
				return cut.Plan{After: 12_000}
			})
			stdout, stderr, err := runExample(command(t, dir, file), s, url, "none")
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
			if got := printed(t, stdout); got != want {
				t.Errorf("the answer is\n%s\nwant\n%s", got, want)
			}
			if proxy.Cuts() < 3 {
				t.Errorf("only %d connections were cut", proxy.Cuts())
			}
		})
	}
}

// TestCodexExample lets Codex ask a model server with the file as its configuration, if it is installed. Otherwise,
// as in CI, Python only checks the syntax, as package examples says.
func TestCodexExample(t *testing.T) {
	t.Parallel()
	const file = "codex.toml"
	dir := examplesDir(t)
	check := inDir(t, dir, pythonExample(t, dir, file).Args[0], "-c", "import sys, tomllib; tomllib.load(open(sys.argv[1], 'rb'))", file)
	if out, err := check.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := exec.LookPath("codex"); err != nil {
		t.Log("its syntax is right; for want of Codex it is not run:", err)
		return
	}
	const story = "Luna is a calm cat."
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, `data: {"choices":[{"index":0,"delta":{"content":"`+story+`"},"finish_reason":"stop"}]}`+"\n\ndata: [DONE]\n\n")
	}))
	t.Cleanup(server.Close)
	s := rig.Own(t, stack.Options{Completion: []string{"--models=" + rig.ModelsFile(t,
		"models:\n  - name: house\n    targets:\n      - engine: openai\n        base_url: "+server.URL+"\n        model: m\n")}})
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	const usual = "http://127.0.0.1:8080"
	if !strings.Contains(string(text), usual) {
		t.Fatalf("%s has no %s", file, usual)
	}
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(strings.ReplaceAll(string(text), usual, s.URL())), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := inDir(t, t.TempDir(), "codex", "exec", "--skip-git-repo-check", calm)
	cmd.Env = append(stack.Environment(), "CODEX_HOME="+home, "HOME="+home, "no_proxy=*", "PATH="+os.Getenv("PATH"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) != story {
		t.Errorf("%v, %q\n%s", err, out, &stderr)
	}
}

// TestExampleTellsProgress repeats the example until it shows progress. Progress is live only, and this answer is
// prepared within a moment.
func TestExampleTellsProgress(t *testing.T) {
	t.Parallel()
	s := rig.Fast(t)
	dir := examplesDir(t)
	rig.Eventually(t, time.Minute, func() error {
		_, stderr, err := runExample(nodeExample(t, dir, "progress.mjs"), s, s.URL(), "")
		if err != nil || stderr == "" {
			return errors.Join(rig.ErrNotYet, err)
		}
		if !regexp.MustCompile(`^(\((retrieval|generating)\)\n)+$`).MatchString(stderr) {
			t.Errorf("it tells %q", stderr)
		}
		return nil
	})
}

// TestExampleAborts interrupts the example as at a terminal.
func TestExampleAborts(t *testing.T) {
	t.Parallel()
	s := rig.Steady(t)
	target, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	ids := make(chan string, 2)
	front := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			if id := r.Header.Get("X-Completion-Id"); id != "" {
				ids <- id
			}
			return nil
		},
	})
	t.Cleanup(front.Close)
	cmd := nodeExample(t, examplesDir(t), "abort.mjs")
	cmd.Env = append(stack.Environment(), "PAWSTREAM_URL="+front.URL)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(stdout, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(stdout)
	if err := errors.Join(err, cmd.Wait()); err != nil || !strings.HasSuffix(string(rest), "\n(stopped)\n") {
		t.Errorf("%v, it ends with %q", err, rest)
	}
	api.IsCancelledSoon(t, s.URL(), <-ids)
}

// TestExamplesInBrowser runs the browser examples as the edge serves them.
func TestExamplesInBrowser(t *testing.T) {
	t.Parallel()
	chromium, err := browser.Start()
	if err != nil {
		skip.Missing(t, "Chromium", err)
	}
	t.Cleanup(chromium.Close)
	secret := rig.Keys(t, "owner")
	want, err := json.Marshal(calmAnswer(t, rig.Fast(t).URL()))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("fetch.mjs and display.mjs", func(t *testing.T) {
		t.Parallel()
		page := chromium.Open(t, 1280, 800)
		page.Go(rig.Edge(t, rig.Fast(t), "--auth=keys", "--auth-keys="+secret) + "/docs/protocol")
		browser.Eval[bool](page, `(async () => {
			window.want = `+string(want)+`;
			const { ask } = await import("/docs/examples/fetch.mjs");
			const { display } = await import("/docs/examples/display.mjs");
			window.shown = document.body.appendChild(document.createElement("pre"));
			window.calls = 0;
			const show = display(shown);
			window.got = await ask("`+calm+`", (text) => { calls++; show(text); }, { key: "owner-key" });
			window.refused = await ask("?", () => {}, { key: "a-wrong-key" }).catch((err) => err.message);
			const controller = new AbortController();
			window.left = await ask("`+calm+`", () => controller.abort(), { key: "owner-key", signal: controller.signal }).catch((err) => err.name);
			return true;
		})()`)
		page.Wait(`got === want && shown.textContent === want && refused.includes("API key") && left === "AbortError"`)
		if pieces := browser.Eval[int](page, `shown.childNodes.length`); pieces == 0 || pieces >= browser.Eval[int](page, `calls`) {
			t.Errorf("the answer was added in %d pieces", pieces)
		}
	})
	t.Run("eventsource-browser.mjs", func(t *testing.T) {
		t.Parallel()
		url, proxy := broken(t, rig.Edge(t, rig.Steady(t), "--auth=keys", "--auth-keys="+secret), cut.Each(cut.Plan{}))
		page := chromium.Open(t, 1280, 800)
		page.Go(url + "/docs/protocol")
		browser.Eval[bool](page, `(async () => {
			window.want = `+string(want)+`;
			window.headers = { "Content-Type": "application/json", Authorization: "Bearer owner-key" };
			window.create = async () => {
				const response = await fetch("/v1/chat/completions", { method: "POST", headers, body: JSON.stringify({
					model: "pet-advisor-1", stream: true, stream_options: { include_events: true },
					messages: [{ role: "user", content: "`+calm+`" }],
				}) });
				await response.body.cancel();
				return response.headers.get("X-Completion-Id");
			};
			const { follow } = await import("/docs/examples/eventsource-browser.mjs");
			window.watch = async (id, lastEventId) => {
				const got = { id, text: "", ids: [], pieces: [], opened: 0, done: 0, failed: [] };
				got.source = await follow(id, {
					text: (text, id) => { got.text += text; got.ids.push(id); got.pieces.push(text); },
					done: () => got.done++,
					failed: (message) => got.failed.push(message),
				}, { key: "owner-key", lastEventId });
				got.source.addEventListener("open", () => got.opened++);
				return got;
			};
			window.cut = await watch(await create());
			window.cancelled = await watch(await create());
			return true;
		})()`)
		page.Wait(`cut.ids.length > 20 && cancelled.ids.length > 1`)
		proxy.CutAll()
		page.Wait(`cancelled.opened === 2`)
		browser.Eval[int](page, `fetch("/v1/chat/completions/" + cancelled.id + "/cancel", { method: "POST", headers }).then((r) => r.status)`)
		page.Wait(`cancelled.failed[0] === "` + cancelled + `" && cancelled.source.readyState === EventSource.CLOSED`)
		page.Wait(`cut.done === 1`)
		page.Wait(`cut.text === want && cut.opened === 2 && cut.failed.length === 0 && cut.source.readyState === EventSource.CLOSED`)
		page.Wait(`cut.ids.every((id, i) => id === cut.id + "." + i)`)
		browser.Eval[bool](page, `watch(cut.id, cut.ids[9]).then((got) => { window.reloaded = got; return true; })`)
		page.Wait(`reloaded.done === 1`)
		page.Wait(`reloaded.text === cut.pieces.slice(10).join("")`)
	})
}

// TestProtocolPage opens the page about streams, on a screen and on a phone, and compares its example with a real
// stream.
func TestProtocolPage(t *testing.T) {
	t.Parallel()
	chromium, err := browser.Start()
	if err != nil {
		skip.Missing(t, "Chromium", err)
	}
	t.Cleanup(chromium.Close)
	axe, err := browser.Axe(t.Context(), t.TempDir())
	if err != nil {
		skip.Missing(t, "npm and axe-core", err)
	}
	page := chromium.Open(t, 1280, 800)
	page.Go(rig.Fast(t).URL() + "/docs/protocol")
	rules := func(state string) {
		for _, rule := range page.Rules(axe) {
			t.Errorf("%s: %s", state, rule)
		}
	}
	for _, theme := range []string{"light", "dark"} {
		browser.Eval[string](page, `document.documentElement.dataset.theme = "`+theme+`"`)
		rules(theme)
	}
	page.Resize(390, 844)
	rules("phone")
	browser.Eval[bool](page, `document.querySelectorAll("details").forEach((d) => { d.open = true; }) ?? true`)
	if wide := browser.Eval[int](page, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("on a phone the page is %d pixels wide", wide)
	}
	dir := os.Getenv("PAWSTREAM_ARTIFACTS")
	if dir == "" {
		dir = t.ArtifactDir()
	}
	page.Screenshot(dir, "protocol-phone.png")
	page.Resize(1280, 800)
	browser.Eval[string](page, `location.hash = "types"`)
	page.Wait(`Math.abs(document.querySelector("#types").getBoundingClientRect().top - 72) < 40`)
	if top := browser.Eval[float64](page, `document.querySelector("header").getBoundingClientRect().top`); top != 0 {
		t.Errorf("the page's head has gone to %v", top)
	}
	page.Screenshot(dir, "protocol-dark.png")
	shown := browser.Eval[string](page, `document.querySelector("#stream").textContent`)
	sent := api.Record(t, rig.Fast(t).URL(), api.Object{
		"max_tokens": 2, "stream_options": nil, "messages": []api.Object{{"role": "user", "content": calm}},
	})
	own := regexp.MustCompile(`chatcmpl-[A-Z2-7]{26}|"created":\d+|"fp_\w+"`)
	if diff := cmp.Diff(own.ReplaceAllString(sent.Raw, "*"), own.ReplaceAllString(shown, "*")); diff != "" {
		t.Errorf("(-sent +shown)\n%s", diff)
	}
}

// TestDialectsOnThePage compares the page's response with a real one, and with the rest that a client gets after the
// page's number.
func TestDialectsOnThePage(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	page := string(api.Do(t, api.Request(t, http.MethodGet, url+"/docs/protocol", "")).Body)
	_, after, _ := strings.Cut(page, `<code id="response">`)
	shown, _, _ := strings.Cut(after, "</code>")
	shown = html.UnescapeString(shown)
	sent := api.Do(t, api.Request(t, http.MethodPost, url+"/v1/responses", api.JSONOf(api.Object{
		"model": api.Model, "stream": true, "input": calm, "max_output_tokens": 2,
	})))
	own := regexp.MustCompile(`(resp|msg)_[A-Z2-7]{26}|"created_at":\d+`)
	if diff := cmp.Diff(own.ReplaceAllString(string(sent.Body), "*"), own.ReplaceAllString(shown, "*")); diff != "" {
		t.Errorf("(-sent +shown)\n%s", diff)
	}
	named := regexp.MustCompile(`starting_after=(\d+)</code> any server sends\s+the part from <code>"sequence_number":(\d+)</code>`).FindStringSubmatch(page)
	if len(named) == 0 {
		t.Fatal("the page says nowhere how to go on")
	}
	rest := api.Do(t, api.Request(t, http.MethodGet, url+"/v1/responses/"+sent.Header.Get("X-Completion-Id")+"?stream=true&starting_after="+named[1], ""))
	begin := strings.LastIndex(string(sent.Body[:strings.Index(string(sent.Body), `"sequence_number":`+named[2]+",")]), "event: ")
	if diff := cmp.Diff(string(sent.Body[begin:]), string(rest.Body)); diff != "" {
		t.Errorf("after %s (-sent +rest)\n%s", named[1], diff)
	}
}
