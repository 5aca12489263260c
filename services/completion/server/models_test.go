package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/internal/advisor"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/metrics"
	"github.com/pawstream/pawstream/services/completion/internal/modelfile"
)

// stocked is the shared state of the tests of models. With the race detector, it takes seconds to load.
type stocked struct {
	store *catalogue.Catalogue
	pets  *advisor.Advisor
}

var openShop = sync.OnceValues(func() (s stocked, err error) {
	if s.store, err = catalogue.Load(); err != nil {
		return s, err
	}
	s.pets, err = advisor.New(advisor.Config{Catalogue: s.store})
	return s, err
})

// modelsOf returns the models of a models file, in addition to the advisor's.
func modelsOf(t *testing.T, file string) ([]chat.Model, error) {
	t.Helper()
	s, err := openShop()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "models.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	counts, err := metrics.NewUpstreams(telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	set, err := newModelSet(&Options{ModelOptions: ModelOptions{Models: path}}, s.pets.Models(), s.store, counts)
	if err != nil {
		return nil, err
	}
	return set.current.Get(), nil
}

// TestAbilitiesOfARoute checks that a route with only advisors ignores what they ignore. A route with a server
// does not: the advisor must not ignore what the server would do.
func TestAbilitiesOfARoute(t *testing.T) {
	const server, own = "{engine: openai, base_url: http://127.0.0.1:1/v1, model: m", "{engine: advisor, model: pet-advisor-1}"
	for _, test := range []struct {
		name, targets string
		tools         chat.Support
	}{
		{"advisor", own, chat.Ignored},
		{"server of which nothing is said", server + "}", chat.Used},
		{"server that can do something else", server + ", capabilities: [json]}", chat.Refused},
		{"server that can do nothing", server + ", capabilities: []}", chat.Refused},
		{"server of which nothing is said, then advisor", server + "}, " + own, chat.Used},
		{"server, then advisor", server + ", capabilities: [json]}, " + own, chat.Refused},
		{"server, then one of which nothing is said", server + ", capabilities: [json]}, " + server + "2}", chat.Used},
		{"able server, then advisor", server + ", capabilities: [tools]}, " + own, chat.Used},
	} {
		t.Run(test.name, func(t *testing.T) {
			models, err := modelsOf(t, "models:\n  - name: house\n    targets: ["+test.targets+"]\n")
			if err != nil {
				t.Fatal(err)
			}
			house := models[slices.IndexFunc(models, func(m chat.Model) bool { return m.Named("house") })]
			if house.Capabilities.Tools != test.tools {
				t.Errorf("%+v", house.Capabilities)
			}
			req := &chat.Request{
				Model: "house", Tools: []chat.Tool{{Name: "f"}},
				Messages: []chat.Message{{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: "Hello"}}}},
			}
			if err := house.Engine.Check(t.Context(), req); (err == nil) != (test.tools != chat.Refused) {
				t.Errorf("the engine's check: %v", err)
			}
		})
	}
}

// TestAdvisorByItsAliases checks that a models file may name the advisor's models by their aliases, and must
// not use these for its own models.
func TestAdvisorByItsAliases(t *testing.T) {
	for _, alias := range []string{"PET_ADVISOR_1", "PET_ADVISOR_TURBO"} {
		models, err := modelsOf(t, "models:\n  - name: house\n    targets: [{engine: advisor, model: "+alias+"}]\n")
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(models, func(m chat.Model) bool { return m.Named("house") })
		req := &chat.Request{Model: "house", Messages: []chat.Message{{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: "Hello"}}}}}
		for _, err := range models[i].Engine.Complete(t.Context(), req, nil) {
			if err != nil {
				t.Error(err)
			}
		}
		_, err = modelsOf(t, "models:\n  - name: "+alias+"\n    targets: [{engine: advisor, model: pet-advisor-1}]\n")
		if err == nil || !strings.Contains(err.Error(), "is a model of the embedded advisor") {
			t.Errorf("a model of the file's own by the name %s: %v", alias, err)
		}
	}
}

// TestNamesOfTargets checks that targets have distinct names, and that an unchanged target keeps its name when
// the file is reloaded.
func TestNamesOfTargets(t *testing.T) {
	made := &making{}
	add := func(url, model string, window int) string {
		from := modelfile.Target{BaseURL: url, Model: model, MaxConcurrent: window}
		one, ok := made.same(&from)
		if !ok {
			one = madeTarget{name: made.name(&from), from: from}
			made.targets = append(made.targets, one)
		}
		return one.name
	}
	for range 2 {
		for i, want := range []string{"llama@gpu:8000", "llama@gpu:8000#2", "gpt@azure.example/openai/deployments/a", "gpt@azure.example/openai/deployments/b", "llama@gpu:8000"} {
			got := []func() string{
				func() string { return add("http://gpu:8000/v1", "llama", 0) },
				func() string { return add("http://gpu:8000/v1/", "llama", 7) },
				func() string { return add("https://azure.example/openai/deployments/a", "gpt", 0) },
				func() string { return add("https://azure.example/openai/deployments/b", "gpt", 0) },
				func() string { return add("http://gpu:8000/v1", "llama", 0) },
			}[i]()
			if got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		if len(made.targets) != 4 {
			t.Errorf("%d targets, want 4", len(made.targets))
		}
		made = &making{before: made.targets}
	}
}
