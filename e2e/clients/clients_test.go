package clients

import (
	"bytes"
	stdcmp "cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/skip"
)

var only = flag.String("only", "", "run the clients alone whose name and version match this, and with -write keep the other rows")

// few is the pattern of the clients in a short run.
const few = "^`(openai` .npm. 7|@langchain/openai` 1|eventsource` 5)"

var every = flag.Bool("every", false, "run also the clients that take long to install or to run")

var write = flag.Bool("write", false, "run also those clients, and write the results into docs/clients.md")

// A client is one version of other people's package.
type client struct {
	name, version string
	command       []string
	set           string // what its user has to set or do
	from          string // the folder whose lock file has it; empty: node
	large         bool   // only 'make clients' runs it
}

// checks are what each client is tried with, in the order of the columns.
var checks = []string{"stream", "whole", "usage", "tools", "loop", "object", "before", "within", "abort", "cut"}

const (
	openaiNPM   = "`openai` (npm)"
	aiChat      = "`ai`, `@ai-sdk/openai-compatible`"
	aiResponses = "`ai`, `@ai-sdk/openai`, by responses"
	aiOpen      = "`ai`, `@ai-sdk/open-responses`"
	langchain   = "`@langchain/openai`"
	agents      = "`@openai/agents`"
	tanstack    = "`@tanstack/ai`, `@tanstack/ai-openai`"
	withBun     = "`openai` (npm) in `bun`"
	withDeno    = "`openai` (npm) in `deno`"

	setOpenAI      = "`baseURL`"
	setCompatible  = "`baseURL`, `includeUsage: true`, `supportsStructuredOutputs: true`"
	setLangChain   = "`configuration: { baseURL }`, `streamUsage: true`"
	setAgents      = "`new OpenAIProvider({ openAIClient })`, `setTracingDisabled(true)`"
	setEventSource = "`close()` at `[DONE]`"
	setTanStack    = "`baseURL` of the adapter"
	setReader      = "fail at an end without `[DONE]`"
)

// clients returns the gallery. The Go programs are in dir.
func clients(dir string) []client {
	program := func(name string) string { return filepath.Join(dir, name) }
	all := []client{
		{name: openaiNPM, version: "4.20.1", command: script("openai.mjs", "openai-4-20"), set: setOpenAI},
		{name: openaiNPM, version: "4.104.0", command: script("openai.mjs", "openai-4"), set: setOpenAI},
		{name: openaiNPM, version: "5.23.2", command: script("openai.mjs", "openai-5"), set: setOpenAI},
		{name: openaiNPM, version: "6.49.0", command: script("openai.mjs", "openai-6"), set: setOpenAI},
		{name: openaiNPM, version: "7.59.0", command: script("openai.mjs", "openai-7"), set: setOpenAI},
		{name: openaiNPM + byResponses, version: "4.104.0", command: script("openai-responses.mjs", "openai-4"), set: setOpenAI},
		{name: openaiNPM + byResponses, version: "5.23.2", command: script("openai-responses.mjs", "openai-5"), set: setOpenAI},
		{name: openaiNPM + byResponses, version: "6.49.0", command: script("openai-responses.mjs", "openai-6"), set: setOpenAI},
		{name: openaiNPM + byResponses, version: "7.59.0", command: script("openai-responses.mjs", "openai-7"), set: setOpenAI},
		{name: withBun, version: "1.4.5, 7.59.0", command: in("bun", "openai.mjs", "openai-7"), set: setOpenAI, from: "runtimes", large: true},
		{name: withBun + byResponses, version: "1.4.5, 7.59.0", command: in("bun", "openai-responses.mjs", "openai-7"), set: setOpenAI, from: "runtimes", large: true},
		{name: withDeno, version: "2.9.6, 7.59.0", command: in("deno", "openai.mjs", "openai-7"), set: setOpenAI, from: "runtimes", large: true},
		{name: withDeno + byResponses, version: "2.9.6, 7.59.0", command: in("deno", "openai-responses.mjs", "openai-7"), set: setOpenAI, from: "runtimes", large: true},
		{
			name: aiChat, version: "4.3.19, 0.2.16", command: script("ai.mjs", "4"),
			set: "`baseURL`; `provider(model, {}, { includeUsage: true })`; `mode: 'json'` for objects",
		},
		{name: aiChat, version: "5.0.277, 1.0.61", command: script("ai.mjs", "5"), set: setCompatible},
		{name: aiChat, version: "6.0.325, 2.0.92", command: script("ai.mjs", "6"), set: setCompatible},
		{name: aiChat, version: "7.0.173, 3.0.92", command: script("ai.mjs", "7"), set: setCompatible},
		{name: aiResponses, version: "5.0.277, 2.0.130", command: script("ai.mjs", "5 responses"), set: setOpenAI},
		{name: aiResponses, version: "6.0.325, 3.0.141", command: script("ai.mjs", "6 responses"), set: setOpenAI},
		{name: aiResponses, version: "7.0.173, 4.0.118", command: script("ai.mjs", "7 responses"), set: setOpenAI},
		{name: aiOpen, version: "6.0.325, 1.0.39", command: script("ai.mjs", "6 open-responses"), set: "`url`, which ends in `/responses`; a failure is a finish reason"},
		{name: aiOpen, version: "7.0.173, 2.0.36", command: script("ai.mjs", "7 open-responses"), set: "`url`, which ends in `/responses`"},
		{name: langchain, version: "0.6.7", command: script("langchain.mjs", "@langchain/openai-0"), set: setLangChain},
		{name: langchain, version: "1.6.0", command: script("langchain.mjs", "@langchain/openai"), set: setLangChain},
		{
			name: langchain + byResponses, version: "0.6.7", command: script("langchain.mjs", "@langchain/openai-0 responses"),
			set: setLangChain + ", `useResponsesApi: true`",
		},
		{
			name: langchain + byResponses, version: "1.6.0", command: script("langchain.mjs", "@langchain/openai responses"),
			set: setLangChain + ", `useResponsesApi: true`",
		},
		{name: agents, version: "0.20.0", command: script("../agents/agents.mjs", "chat"), set: "`new OpenAIProvider({ openAIClient, useResponses: false })`, `setTracingDisabled(true)`", from: "agents"},
		{name: agents + byResponses, version: "0.20.0", command: script("../agents/agents.mjs", "responses"), set: setAgents, from: "agents"},
		{
			name: "`@openai/codex`" + byResponses, version: "0.171.0", command: script("../codex/codex.mjs", ""),
			set: "[codex.toml](../examples/codex.toml)", from: "codex", large: true,
		},
		{
			name: "`@llamaindex/openai`", version: "0.4.23", command: script("llamaindex.mjs", ""),
			set: "`baseURL`; `additionalChatOptions: { stream_options: { include_usage: true } }`; to abort, a `fetch` with a signal in `additionalSessionOptions`",
		},
		{name: tanstack, version: "0.58.0, 0.23.1", command: script("tanstack.mjs", "chat"), set: setTanStack + ", `createOpenaiChatCompletions`"},
		{name: tanstack + byResponses, version: "0.58.0, 0.23.1", command: script("tanstack.mjs", "responses"), set: setTanStack + ", `createOpenaiChat`"},
		{
			name: "`@mastra/core`", version: "1.71.0", command: script("../frameworks/mastra.mjs", ""),
			set: "`model: { providerId, modelId, url }`; for usage, a model of `@ai-sdk/openai-compatible` with `includeUsage: true`", from: "frameworks", large: true,
		},
		{
			name: "`genkit`, `@genkit-ai/compat-oai`", version: "1.42.0", command: script("../frameworks/genkit.mjs", ""),
			set: "`baseURL`; for objects, a `resolver` whose model supports `constrained: 'all'`", from: "frameworks", large: true,
		},
		{name: "`eventsource`", version: "5.1.5", command: script("eventsource.mjs", "eventsource"), set: setEventSource},
		{
			name: "`eventsource`", version: "2.0.2", command: script("eventsource.mjs", "eventsource-2"),
			set: setEventSource + "; it joins an event that is cut with its repetition: take version 4 or newer",
		},
		{name: "`event-source-polyfill`", version: "1.0.31", command: script("eventsource.mjs", "event-source-polyfill"), set: setEventSource},
		{name: "`reconnecting-eventsource`", version: "1.6.5", command: script("eventsource.mjs", "reconnecting-eventsource"), set: setEventSource},
		{
			name: "`@microsoft/fetch-event-source`", version: "2.0.1", command: script("fetch-event-source.mjs", ""),
			set: "throw from `onmessage` at an error, and at an end without `[DONE]`",
		},
		{name: "a reader by hand", command: script("by-hand.mjs", ""), set: "`Accept: text/event-stream; profile=plain`"},
		{name: "`urllib` of Python", command: script("language.mjs", "python3 ../languages/reader.py"), set: setReader, from: "languages"},
		{name: "`HTTP::Tiny` of Perl", command: script("language.mjs", "perl ../languages/reader.pl"), set: setReader, from: "languages"},
		{name: "`net/http` of Ruby", command: script("language.mjs", "ruby ../languages/reader.rb"), set: setReader, from: "languages", large: true},
		{name: "`curl` of PHP", command: script("language.mjs", "php ../languages/reader.php"), set: setReader, from: "languages", large: true},
		{name: "`java.net.http` of Java", command: script("language.mjs", "java -XX:TieredStopAtLevel=1 ../languages/Reader.java"), set: setReader, from: "languages", large: true},
		{name: "`openai-go`", version: "3.99.0", command: []string{program("openaigo"), "chat"}, set: "`option.WithBaseURL`", from: "golang"},
		{
			name: "`openai-go`" + byResponses, version: "3.99.0", command: []string{program("openaigo"), "responses"},
			set: "`option.WithBaseURL`", from: "golang",
		},
	}
	for _, version := range goVersions {
		all = append(all, client{
			name: goOpenAI, version: version, command: []string{program("goopenai-" + version)}, set: setGoOpenAI(version), from: "golang",
		})
	}
	return all
}

// absent are the clients that the gallery lacks: it installs only packages of npm, Go modules and Debian 12.
var absent = [][2]string{
	{"`openai`, LangChain, LlamaIndex and LiteLLM of PyPI", "Debian has none of them; `urllib` stands for Python"},
	{"`openai` and `ruby-openai` of RubyGems", "Debian has neither; `net/http` stands for Ruby"},
	{"`openai-php/client` of Packagist", "Debian does not have it; `curl` stands for PHP"},
	{"`openai-java` of Maven Central", "Debian does not have it; `java.net.http` stands for Java"},
	{"`async-openai` of crates.io", "Debian does not have it, and Rust brings no client of HTTP along"},
}

// byResponses follows the name of a client that uses the Responses API.
const byResponses = ", by responses"

// script returns the command of a script with its argument. The input is appended.
func script(name, argument string) []string { return []string{"node", name, argument} }

// in returns the command of a script in another runtime than Node.
func in(runtime, name, argument string) []string {
	command := []string{filepath.Join("..", "runtimes", "node_modules", ".bin", runtime)}
	if runtime == "deno" {
		command = append(command, "run", "--allow-all")
	}
	return append(command, name, argument)
}

// goVersions are versions of go-openai: 1.17 to 1.35 look for a stream's error in another way than later ones.
var goVersions = []string{"1.17.11", "1.20.0", "1.24.0", "1.28.0", "1.32.0", "1.35.7", "1.36.0", "1.43.0"}

const goOpenAI = "`sashabaranov/go-openai`"

// setGoOpenAI says what to set in a version: before 1.24, requests cannot ask for usage.
func setGoOpenAI(version string) string {
	if version < "1.24" {
		return "`BaseURL` of its config"
	}
	return "`BaseURL` of its config; `StreamOptions`"
}

// goModule returns the go.mod file of a version.
func goModule(version string) string {
	if version == goVersions[len(goVersions)-1] {
		return "go.mod"
	}
	return "v" + version + ".mod"
}

// TestGallery runs real clients against the programs, and compares the results with the table of docs/clients.md. A
// client fails if it takes an error, or a part, for a whole answer.
func TestGallery(t *testing.T) {
	if testing.Short() && *only == "" {
		*only = few
		t.Run("others", func(t *testing.T) { skip.Long(t, "some fifty clients, of which a short run has three") })
	}
	*every = *every || *write
	dir := t.TempDir()
	named := regexp.MustCompile(*only)
	all := slices.DeleteFunc(clients(dir), func(c client) bool {
		return !named.MatchString(c.name+" "+c.version) || c.large && !*every
	})
	install(t, dir, all)
	server := newModelServer(t)
	s := rig.Own(t, stack.Options{Completion: []string{"--models=" + rig.ModelsFile(t, server.models()), "--orphan-grace=200ms"}})
	proxy, err := cut.Listen(strings.TrimPrefix(s.URL(), "http://"), cut.Each(cut.Plan{After: 5_000, WholeBlank: true}))
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	input, err := json.Marshal(map[string]string{"base": s.URL() + "/v1", "broken": "http://" + proxy.Addr() + "/v1", "text": story})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]string, len(all))
	var running sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i, c := range all {
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			rows[i] = c.row(t, string(input))
		})
	}
	running.Wait()
	t.Log("\n" + header() + strings.Join(rows, ""))
	if *only == "" || *write {
		compare(t, rows)
	}
}

// row tries a client, and returns its row of the table.
func (c client) row(t *testing.T, input string) string {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, c.command[0], append(slices.Clone(c.command[1:]), input)...)
	command.Dir = "node"
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", c.name, c.version, err, &stderr)
	}
	if *only != "" {
		t.Logf("%s %s\n%s", c.name, c.version, &stderr)
	}
	results := make(map[string]string)
	for line := range bytes.Lines(out) {
		var got struct{ Check, Result string }
		if json.Unmarshal(line, &got) == nil {
			results[got.Check] = got.Result
		}
	}
	var row strings.Builder
	row.WriteString(c.begins())
	for _, check := range checks {
		result := results[check]
		if result == "" || strings.HasPrefix(result, "fails") {
			t.Errorf("%s %s, %s: %q", c.name, c.version, check, result)
		}
		row.WriteString(" " + result + " |")
	}
	return row.String() + " " + c.set + " |\n"
}

// begins returns the beginning of the client's row.
func (c client) begins() string { return "| " + c.name + " | " + c.version + " |" }

func header() string {
	columns := "| client | version | text | whole | usage | tools | tool loop | object | error before | error within | abort | cut | to set |\n"
	return columns + "|" + strings.Repeat(" --- |", len(checks)+3) + "\n"
}

// The table is between these lines of the page.
const (
	page  = "../../docs/clients.md"
	begin = "<!-- made by make clients -->\n"
	end   = "<!-- end -->\n"
)

// told returns the page's rows, and the text before and after them.
func told(t *testing.T) (before, rows, after string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	rows, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no table between %q and %q", page, begin, end)
	}
	return before, strings.TrimSuffix(strings.TrimPrefix(rows, header()), lacks()), after
}

// lacks returns the table of absent clients.
func lacks() string {
	var text strings.Builder
	text.WriteString("\n| not here | why |\n| --- | --- |\n")
	for _, row := range absent {
		fmt.Fprintf(&text, "| %s | %s |\n", row[0], row[1])
	}
	return text.String()
}

// compare compares the page with the rows, or writes them to it, beside those of the clients that were not run.
func compare(t *testing.T, rows []string) {
	t.Helper()
	before, old, after := told(t)
	if !*write {
		if !*every {
			old = withoutLarge(old)
		}
		if diff := cmp.Diff(old, strings.Join(rows, "")); diff != "" {
			t.Errorf("%s tells otherwise; 'make clients' writes it anew (-told +found)\n%s", page, diff)
		}
		return
	}
	if t.Failed() {
		return
	}
	rows = append(rows, slices.Collect(strings.Lines(old))...)
	var table strings.Builder
	for _, c := range clients("") {
		if i := slices.IndexFunc(rows, func(row string) bool { return strings.HasPrefix(row, c.begins()) }); i >= 0 {
			table.WriteString(rows[i])
		}
	}
	if err := os.WriteFile(page, []byte(before+begin+header()+table.String()+lacks()+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}

// withoutLarge returns the rows without those of the large clients.
func withoutLarge(rows string) string {
	var kept strings.Builder
	for row := range strings.Lines(rows) {
		if !slices.ContainsFunc(clients(""), func(c client) bool { return c.large && strings.HasPrefix(row, c.begins()) }) {
			kept.WriteString(row)
		}
	}
	return kept.String()
}

// TestPage checks the page's rows: one for each client, in order, without a failure, and the absent ones.
func TestPage(t *testing.T) {
	_, rows, _ := told(t)
	lines := strings.SplitAfter(strings.TrimSuffix(rows, "\n"), "\n")
	all := clients("")
	if len(lines) != len(all) {
		t.Fatalf("%s has %d rows for %d clients; 'make clients' writes it anew", page, len(lines), len(all))
	}
	for i, c := range all {
		row := strings.TrimSuffix(lines[i], "\n")
		if !strings.HasPrefix(row, c.begins()) || !strings.HasSuffix(row, " "+c.set+" |") || strings.Contains(row, "fails") {
			t.Errorf("%s %s has the row %s", c.name, c.version, row)
		}
	}
}

// install installs the locked packages, and builds the Go programs. Only those of node are always installed.
func install(t *testing.T, dir string, all []client) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		skip.Missing(t, "Node 20 or newer", err)
	}
	run := func(in, name string, args ...string) {
		command := exec.CommandContext(t.Context(), name, args...)
		command.Dir = in
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
	}
	needed := func(folder string) bool {
		return slices.ContainsFunc(all, func(c client) bool { return c.from == folder })
	}
	for _, packages := range []string{"node", "agents", "codex", "frameworks", "runtimes"} {
		if packages == "node" || needed(packages) {
			run(packages, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
		}
	}
	if needed("runtimes") {
		run("runtimes", "npm", "rebuild", "--loglevel=error") // installs the runtimes' binaries
	}
	for _, c := range all {
		if language, _, _ := strings.Cut(c.command[len(c.command)-1], " "); c.from == "languages" {
			if _, err := exec.LookPath(language); err != nil {
				skip.Missing(t, language, err)
			}
		}
	}
	if !needed("golang") {
		return
	}
	for _, version := range goVersions {
		run("golang", "go", "build", "-modfile="+goModule(version), "-o", filepath.Join(dir, "goopenai-"+version), "./goopenai")
	}
	run("golang", "go", "build", "-o", filepath.Join(dir, "openaigo"), "./openaigo")
}

// TestLocked checks that the table's versions are the installed ones.
func TestLocked(t *testing.T) {
	for _, c := range clients("") {
		for i, version := range slices.Collect(strings.SplitSeq(c.version, ", ")) {
			file, locked := filepath.Join(stdcmp.Or(c.from, "node"), "package.json"), version+`"`
			switch {
			case c.from == "languages": // the machine's own
				continue
			case c.name == goOpenAI:
				file, locked = filepath.Join("golang", goModule(version)), "go-openai v"+version+"\n"
			case c.from == "golang":
				file, locked = "golang/go.mod", "openai-go/v3 v"+version+"\n"
			case c.from == "runtimes" && i > 0: // of a package that runs in it
				file = "node/package.json"
			}
			text, err := os.ReadFile(file)
			if err != nil || !strings.Contains(string(text), locked) {
				t.Errorf("%s %s is not in %s: %v", c.name, version, file, err)
			}
		}
	}
}
