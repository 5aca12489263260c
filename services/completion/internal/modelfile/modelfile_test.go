package modelfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "models.yaml")
	for name, text := range map[string]string{"models.yaml": text, "key": "sk-secret\n", "empty": "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func load(path string) (*File, error) {
	return Load(path, []string{"pet-advisor-1"}, Protocols{EngineOpenAI: {
		{Name: "chat", Continuations: []string{"none", "vllm"}}, {Name: "responses", Continuations: []string{"none"}, Lacks: []string{"audio"}},
	}})
}

func TestLoad(t *testing.T) {
	f, err := load(write(t, `models:
  - name: house
    context_window: 8192
    targets:
      - engine: openai
        base_url: http://127.0.0.1:11434/v1
        model: llama
        key_file: key
        headers: {X-Team: pets}
        timeouts: {connect: 2s, first_event: 20s, idle: 30s, total: 10m}
        max_concurrent: 8
        max_queue: 16
        price: {input: 0.15, output: 0.6}
        capabilities: [tools, json, logit_bias]
        continuation: vllm
        grounding: true
      - use: spare
  - name: spare
    targets:
      - {engine: advisor, model: pet-advisor-1}
`))
	if err != nil {
		t.Fatal(err)
	}
	targets := f.Targets(&f.Models[0])
	if len(targets) != 2 || targets[0].Key != "sk-secret" || targets[0].Timeouts.Total != 10*time.Minute || targets[1].Engine != EngineAdvisor {
		t.Errorf("%+v", targets)
	}
	if able, _ := targets[0].Able(); able != (chat.Capabilities{Tools: chat.Used, JSONOutput: chat.Used, LogitBias: chat.Used}) {
		t.Errorf("%+v", able)
	}
}

func TestFaults(t *testing.T) {
	const head = "models:\n  - name: a\n    targets:\n      - engine: openai\n        model: m\n"
	const whole = head + "        base_url: http://h/v1\n"
	for name, test := range map[string]struct{ text, want string }{
		"not YAML":                    {"models: [\n", "models.yaml:1: "},
		"unknown field":               {whole + "        colour: red\n", `models.yaml:7: unknown field "colour"; there are use, engine, base_url, model, key_file, headers, timeouts, max_concurrent, max_queue, price, capabilities, grounding, api, continuation, strict`},
		"unknown field of a model":    {whole + "    window: 7\n", `models.yaml:7: unknown field "window"; there are name, targets, context_window`},
		"unknown field of a file":     {whole + "model: a\n", `models.yaml:7: unknown field "model"; there are models`},
		"unknown timeout":             {whole + "        timeouts: {silence: 1s}\n", `models.yaml:7: unknown field "silence"; there are connect, first_event, idle, total`},
		"wrong type":                  {whole + "        max_concurrent: many\n", "models.yaml:7: "},
		"not a number":                {whole + "        max_concurrent: sk-secret\n", "models.yaml:7: models[0].targets[0].max_concurrent must be a whole number"},
		"not a time":                  {whole + "        timeouts: {idle: sk-secret}\n", "models.yaml:7: models[0].targets[0].timeouts.idle must be a time such as 30s"},
		"no unit":                     {whole + "        timeouts:\n          idle: 5\n", "models.yaml:8: models[0].targets[0].timeouts.idle must be a time such as 30s"},
		"not a mapping":               {whole + "        timeouts: 5\n", "models.yaml:7: models[0].targets[0].timeouts must be a mapping"},
		"not a list":                  {"models:\n  - name: a\n    targets: sk-secret\n", "models.yaml:3: models[0].targets must be a sequence"},
		"too large":                   {whole + "        max_concurrent: 99999999999999999999\n", "models.yaml:7: models[0].targets[0].max_concurrent"},
		"a text alone":                {"sk-secret\n", "models.yaml:1: the file must be a mapping"},
		"nothing":                     {"", "models.yaml:1: models has no model"},
		"two documents":               {whole + "---\n" + whole, "models.yaml:8: the file holds more than one document"},
		"duplicate field":             {whole + "        model: n\n", "models.yaml:7: "},
		"empty":                       {"models: []\n", "models.yaml:1: models has no model"},
		"no name":                     {"models:\n  - targets:\n      - use: x\n", "models.yaml:2: models[0].name is missing"},
		"no targets":                  {"models:\n  - name: a\n", "models.yaml:2: models[0].targets has no target"},
		"missing key file":            {whole + "        key_file: nowhere\n", "models.yaml:7: models[0].targets[0].key_file cannot be read"},
		"empty key file":              {whole + "        key_file: empty\n", "models.yaml:7: models[0].targets[0].key_file must hold"},
		"two of one name":             {whole + "  - name: a\n    targets: [{use: a}]\n", `models.yaml:7: models[1].name "a" is the name of models[0] too`},
		"the advisor's":               {"models:\n  - name: pet-advisor-1\n    targets: [{use: a}]\n", "models.yaml:2: models[0].name"},
		"no scheme":                   {head + "        base_url: localhost:8000/v1\n", "models.yaml:6: models[0].targets[0].base_url must begin"},
		"no URL":                      {head, "models.yaml:4: models[0].targets[0].base_url is missing"},
		"a key in the URL":            {head + "        base_url: http://u:sk-secret@h/v1\n", "models.yaml:6: models[0].targets[0].base_url may have no user"},
		"itself":                      {"models:\n  - name: a\n    targets:\n      - use: a\n", "models.yaml:4: models[0].targets[0].use makes a cycle: a -> a"},
		"a cycle":                     {"models:\n  - name: a\n    targets: [{use: b}]\n  - name: b\n    targets:\n      - use: a\n", "models.yaml:6: models[1].targets[0].use makes a cycle: a -> b -> a"},
		"unknown use":                 {"models:\n  - name: a\n    targets: [{use: c}]\n  - name: b\n    targets: [{use: a}]\n", `models.yaml:3: models[0].targets[0].use names no model of this file: "c"; there are a, b`},
		"unknown engine":              {strings.Replace(whole, "openai", "magic", 1), "models.yaml:4: models[0].targets[0].engine must be"},
		"unknown kind":                {whole + "        continuation: hope\n", "models.yaml:7: models[0].targets[0].continuation must be one of"},
		"unknown API":                 {whole + "        api: magic\n", "models.yaml:7: models[0].targets[0].api must be one of chat, responses"},
		"a kind of another API":       {whole + "        api: responses\n        continuation: vllm\n", "models.yaml:8: models[0].targets[0].continuation must be one of none"},
		"an ability of another API":   {whole + "        api: responses\n        capabilities: [tools, audio]\n", "models.yaml:8: models[0].targets[0].capabilities[1] is what no server has by the API responses"},
		"unknown ability":             {whole + "        capabilities: [tools, magic]\n", "models.yaml:7: models[0].targets[0].capabilities[1] must be one of"},
		"negative timeout":            {whole + "        timeouts:\n          idle: -1s\n", "models.yaml:8: models[0].targets[0].timeouts.idle is out of range"},
		"not a header":                {whole + "        headers: {\"A b\": sk-secret}\n", "models.yaml:7: models[0].targets[0].headers has one"},
		"more than the advisor takes": {"models:\n  - name: a\n    targets:\n      - engine: advisor\n        model: pet-advisor-1\n        max_concurrent: 3\n", "models.yaml:4: models[0].targets[0] is of the advisor, which takes a model and nothing else"},
		"more than a use":             {whole + "  - name: b\n    targets:\n      - use: a\n        timeouts: {idle: 1s}\n", "models.yaml:9: models[1].targets[0].use stands alone"},
		"not the advisor's":           {"models:\n  - name: a\n    targets: [{engine: advisor, model: m}]\n", "models.yaml:3: models[0].targets[0].model must be one of pet-advisor-1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(write(t, test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "sk-secret") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// TestAPI checks the default capabilities of a target for each API.
func TestAPI(t *testing.T) {
	for api, audio := range map[string]chat.Support{"": chat.Used, "        api: chat\n": chat.Used, "        api: responses\n": chat.Refused} {
		f, err := load(write(t, "models:\n  - name: a\n    targets:\n      - engine: openai\n        base_url: http://x.test\n        model: m\n"+api))
		if err != nil {
			t.Fatal(err)
		}
		if able, _ := f.Models[0].Targets[0].Able(); able.Audio != audio || able.Tools != chat.Used {
			t.Errorf("%q: %+v", api, able)
		}
	}
}
