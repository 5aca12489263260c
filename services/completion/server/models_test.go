package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/advisor"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// modelsOf returns the models that a models file gives beside the advisor's.
func modelsOf(t *testing.T, file string) ([]chat.Model, error) {
	t.Helper()
	store, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	pets, err := advisor.New(advisor.Config{Catalogue: store})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "models.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := newModelSet(&Options{ModelOptions: ModelOptions{Models: path}}, pets.Models(), store)
	if err != nil {
		return nil, err
	}
	return set.current.Get(), nil
}

// TestAbilitiesOfARoute holds that a route of advisors ignores what these ignore, and that one with
// a server does not: what the server cannot do the advisor is not to do badly in its stead.
func TestAbilitiesOfARoute(t *testing.T) {
	const server, own = "{engine: openai, base_url: http://127.0.0.1:1/v1, model: m", "{engine: advisor, model: pet-advisor-1}"
	for _, test := range []struct {
		name, targets string
		tools         chat.Support
	}{
		{"advisor", own, chat.Ignored},
		{"server", server + "}", chat.Refused},
		{"server, then advisor", server + "}, " + own, chat.Refused},
		{"able server, then advisor", server + ", capabilities: [tools]}, " + own, chat.Used},
	} {
		t.Run(test.name, func(t *testing.T) {
			models, err := modelsOf(t, "models:\n  - name: house\n    targets: ["+test.targets+"]\n")
			if err != nil {
				t.Fatal(err)
			}
			house := models[slices.IndexFunc(models, func(m chat.Model) bool { return m.Named("house") })]
			if house.Capabilities.Tools != test.tools || house.Capabilities.Reasoning == chat.Used {
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

// TestAdvisorByItsAliases holds that a models file may name the advisor's models by their other
// names, and give these to none of its own.
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
