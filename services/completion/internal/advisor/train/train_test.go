package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/meaning"
)

// TestModelsAreCurrent checks that model.bin and whose.bin are byte by byte what the present data gives.
func TestModelsAreCurrent(t *testing.T) {
	const dir = "../read"
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	examples, err := readExamples(filepath.Join(dir, "data", "intents"), cat)
	if err != nil {
		t.Fatal(err)
	}
	told, err := read.LoadLabeled(filepath.Join(dir, "data", "whose.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for file, learn := range map[string]func() ([]byte, error){
		"model.bin": func() ([]byte, error) { return read.Train(cat, examples) },
		"whose.bin": func() ([]byte, error) { return read.TrainWhose(cat, told) },
	} {
		want, err := learn()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			different := 0
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					different++
				}
			}
			t.Errorf("%s is not made from today's data: %d of %d bytes differ: make advisor", file, different, len(got))
		}
	}
}

// TestSpaceIsCurrent checks that space.bin was trained with the present data. Training it again would take a minute.
func TestSpaceIsCurrent(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	space, err := meaning.Load()
	if err != nil {
		t.Fatal(err)
	}
	if space.Digest() != meaning.Digest(cat.Meanings()) {
		t.Error("meaning/space.bin was not learned from today's data: make advisor")
	}
}

func TestReadExamples(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("pet.md", "- how old is {pet}?\n- {pet} or {pet}, who is calmer\n\nno list\n")
	write("talk-joke.md", "# replies\n\n- a reply that is no example\n\n# askings\n\n- tell me a joke\n")
	write("not_emergency.md", "- guide | is chocolate toxic to dogs\n- followup | and cats?\n")
	write("followup.md", "- more | any others?\n")
	examples, err := readExamples(dir, cat)
	if err != nil {
		t.Fatal(err)
	}
	found := map[read.Kind]int{}
	for _, e := range examples {
		if e.Weight == 1 {
			found[e.Kind]++
		}
		if strings.ContainsAny(e.Text, "{}") || e.Text == "" || e.Weight <= 0 {
			t.Errorf("example %+v", e)
		}
	}
	if found[read.KindPet] != 2 || found[read.TalkJoke] != 1 || found[read.KindGuide] != 1 || len(found) != 3 {
		t.Errorf("examples %v", found)
	}
	write("nonsense.md", "- what is this\n")
	if _, err := readExamples(dir, cat); err == nil || !strings.Contains(err.Error(), "nonsense.md") {
		t.Errorf("an unknown kind: %v", err)
	}
}
