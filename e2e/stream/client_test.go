package stream

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/skip"
)

const clientDir = "../../clients/js"

// TestClient reads answers of a real server with our JavaScript client: directly, over connections that are cut
// everywhere, and from a state that another process has stored.
func TestClient(t *testing.T) {
	t.Parallel()
	node(t, "")
	s := rig.Fast(t)
	want := calmAnswer(t, s.URL())
	module, err := filepath.Abs(filepath.Join(clientDir, "pawstream.js"))
	if err != nil {
		t.Fatal(err)
	}
	run := func(url, script string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "node", "--input-type=module", "-e",
			`import { client } from `+asJSON(module)+`; const { ask, resume, follow } = client({ url: process.env.PAWSTREAM_URL }); const q = process.env.Q;`+script)
		var out, told bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &told
		cmd.Env = append(stack.Environment(), "PATH="+os.Getenv("PATH"), "no_proxy=*", "PAWSTREAM_URL="+url, "Q="+calm)
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, told.String())
		}
		return out.String()
	}
	if got := run(s.URL(), `process.stdout.write(await ask(q).text())`); got != want {
		t.Errorf("the answer is\n%s\nwant\n%s", got, want)
	}
	url, proxy := broken(t, s.URL(), func(connection int) cut.Plan {
		if connection == 0 {
			return cut.Plan{After: 1}
		}
		return cut.Plan{After: 9_000}
	})
	if got := run(url, `for await (const { text } of ask(q)) process.stdout.write(text)`); got != want || proxy.Cuts() < 3 {
		t.Errorf("after %d cuts the answer is\n%s\nwant\n%s", proxy.Cuts(), got, want)
	}
	first := run(s.URL(), `const answer = ask({ messages: [{ role: "user", content: q }], on_disconnect: "continue" }); let text = "";
		for await (const piece of answer) if ((text += piece.text).length > 20) break;
		console.log(JSON.stringify([text, answer.state]))`)
	var had []any
	if err := json.Unmarshal([]byte(first), &had); err != nil {
		t.Fatal(err)
	}
	state, err := json.Marshal(had[1])
	if err != nil {
		t.Fatal(err)
	}
	if got := had[0].(string) + run(s.URL(), `process.stdout.write(await resume(`+string(state)+`).text())`); got != want {
		t.Errorf("in two parts the answer is\n%s\nwant\n%s", got, want)
	}
	if got := run(s.URL(), `process.stdout.write(await follow(`+asJSON(had[1].(map[string]any)["id"].(string))+`).text())`); got != want {
		t.Errorf("followed by its id the answer is\n%s\nwant\n%s", got, want)
	}
}

func asJSON(text string) string {
	quote, _ := json.Marshal(text) // a string can be marshalled
	return string(quote)
}

// TestClientByItself runs the client's own tests, against a server that breaks streams in every way.
func TestClientByItself(t *testing.T) {
	t.Parallel()
	node(t, "")
	cmd := exec.CommandContext(t.Context(), "node", "--test", "pawstream.test.mjs")
	cmd.Dir = clientDir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestClientPackage packs the client with npm, and checks its size, its dependencies, and that the types match the
// exports. .ci/run lint checks the types themselves.
func TestClientPackage(t *testing.T) {
	t.Parallel()
	npm, err := exec.LookPath("npm")
	if err != nil {
		skip.Missing(t, "npm", err)
	}
	cmd := exec.CommandContext(t.Context(), npm, "pack", "--dry-run", "--json", "--ignore-scripts")
	cmd.Dir = clientDir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var packed []struct {
		Name  string
		Files []struct{ Path string }
	}
	if err := json.Unmarshal(out, &packed); err != nil || len(packed) != 1 {
		t.Fatalf("%v\n%s", err, out)
	}
	var files []string
	for _, file := range packed[0].Files {
		files = append(files, file.Path)
	}
	slices.Sort(files)
	if diff := cmp.Diff([]string{"README.md", "ai.d.ts", "ai.js", "package.json", "pawstream.d.ts", "pawstream.js"}, files); diff != "" {
		t.Errorf("the package (-want +got)\n%s", diff)
	}
	source, err := os.ReadFile(filepath.Join(clientDir, "pawstream.js"))
	if err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	w, _ := gzip.NewWriterLevel(&small, gzip.BestCompression) // the level is valid
	_, _ = w.Write(source)
	_ = w.Close()
	if most := 6 << 10; small.Len() > most {
		t.Errorf("the module has %d bytes in gzip, more than %d", small.Len(), most)
	}
	if found := regexp.MustCompile(`(?m)^import |\bimport\(|\brequire\(`).Find(source); found != nil {
		t.Errorf("it has a dependency: %s", found)
	}
	exported := regexp.MustCompile(`(?m)^export (?:declare )?(?:async )?(?:class|function)\*? (\w+)`)
	names := func(text []byte) []string {
		var all []string
		for _, found := range exported.FindAllSubmatch(text, -1) {
			all = append(all, string(found[1]))
		}
		slices.Sort(all)
		return all
	}
	for module, one := range map[string]string{"pawstream": "client", "ai": "chatTransport"} {
		source, err := os.ReadFile(filepath.Join(clientDir, module+".js"))
		if err != nil {
			t.Fatal(err)
		}
		types, err := os.ReadFile(filepath.Join(clientDir, module+".d.ts"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(names(source), names(types)); diff != "" || !slices.Contains(names(types), one) {
			t.Errorf("%s.js and its types (-module +types)\n%s", module, diff)
		}
	}
}

// TestChatTransport uses our transport in the AI SDK's chat. The SDK's stop really stops an answer that was resumed
// after a reload, and an answer resumed twice at once continues.
func TestChatTransport(t *testing.T) {
	t.Parallel()
	fast, slow := rig.Fast(t), rig.Steady(t)
	dir, command := node(t, "chat-transport.mjs")
	cmd := exec.CommandContext(t.Context(), command[0], command[1], calm, slow.URL())
	var told bytes.Buffer
	cmd.Dir, cmd.Stderr = dir, &told
	cmd.Env = append(stack.Environment(), "PATH="+os.Getenv("PATH"), "no_proxy=*", "PAWSTREAM_URL="+fast.URL())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, told.String())
	}
	type result struct {
		Whole, WholeStatus           string
		WholeKept                    int
		Pets                         bool
		StoppedStatus                string
		StoppedMessages, StoppedKept int
		Twice                        string
		TwiceMessages                int
		NoneStatus                   string
		NoneMessages                 int
		StoppedID, StoppedText       string
	}
	var got result
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	api.IsCancelledSoon(t, slow.URL(), got.StoppedID)
	answer := calmAnswer(t, fast.URL())
	if !strings.HasPrefix(answer, got.StoppedText) || got.StoppedText == answer {
		t.Errorf("what was stopped has\n%s", got.StoppedText)
	}
	got.StoppedID, got.StoppedText = "", ""
	want := result{
		Whole: answer, WholeStatus: "ready", Pets: true, StoppedStatus: "ready", StoppedMessages: 2, Twice: answer, TwiceMessages: 2, NoneStatus: "ready",
	}
	if diff := cmp.Diff(want, got); diff != "" || told.Len() > 0 {
		t.Errorf("(-want +got)\n%s%s", diff, told.String())
	}
}
