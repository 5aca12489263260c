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
	t.Cleanup(func() { _ = store.Close() }) // an index in memory
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
