package plan

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/triage"
)

// leastRead is how many of a hundred questions in other languages must be read like their English.
const leastRead = 70

// TestLanguagesAreReadAsEnglish compares the reading of questions in other languages with that of their English: the
// kind, the species, the constraints, the danger, and the first passage.
func TestLanguagesAreReadAsEnglish(t *testing.T) {
	b := newBench(t)
	text, err := os.ReadFile("testdata/languages.txt")
	if err != nil {
		t.Fatal(err)
	}
	codes := []string{"English", "German", "French", "Spanish", "Italian", "Portuguese", "Dutch"}
	part := ""
	right, all := map[string]int{}, map[string]int{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			part = cmp.Or(strings.TrimPrefix(line, "# "), part)
			continue
		}
		rows := strings.Split(line, " | ")
		if len(rows) != len(codes) {
			t.Fatalf("%q has %d fields", line, len(rows))
		}
		_, want := b.understood(rows[0])
		for i := 1; i < len(rows); i++ {
			pl, got := b.understood(rows[i])
			key := fmt.Sprintf("%-5s %s", part, codes[i])
			all[key]++
			if pl.Turn.Language == nil || pl.Turn.Language.Name != codes[i] {
				t.Errorf("%q is taken for %v", rows[i], pl.Turn.Language)
			}
			if got == want {
				right[key]++
			} else {
				t.Logf("%s %q\n\tread as %q\n\tgot  %s\n\twant %s", key, rows[i], pl.Turn.Text, got, want)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		t.Logf("%s: %d of %d", key, right[key], all[key])
		if right[key]*100 < all[key]*leastRead {
			t.Errorf("%s: %d of %d questions are read as in English, want %d %%", key, right[key], all[key], leastRead)
		}
	}
}

// TestEnglishStaysEnglish checks that no example of how people ask is read as another language.
func TestEnglishStaysEnglish(t *testing.T) {
	b := newBench(t)
	var files []string
	for _, pattern := range []string{"../read/data/intents/*.md", "../../catalogue/data/askings/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	all, taken := 0, 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			said, ok := strings.CutPrefix(strings.TrimSpace(line), "- ")
			if !ok || strings.HasSuffix(file, "talk-language.md") {
				continue
			}
			all++
			if turn := b.planner.reader.Turn(said); turn.Language != nil {
				taken++
				t.Logf("%s: %q is taken for %s", filepath.Base(file), said, turn.Language.Name)
			}
		}
	}
	if t.Logf("%d of %d", taken, all); all == 0 || taken*1000 > all {
		t.Errorf("%d of %d examples in English are taken for another language", taken, all)
	}
}

// understood describes in one line how a turn was understood.
func (b *bench) understood(text string) (*Plan, string) {
	pl := b.planner.Begin().Ask(text)
	item := &pl.Items[0]
	species := slices.Clone(item.Species)
	slices.Sort(species)
	var wants []string
	for _, w := range item.Wants {
		wants = append(wants, fmt.Sprint(w.Attribute.Name, w.Op, w.Number, strings.Join(w.Names, "/")))
	}
	slices.Sort(wants)
	said := fmt.Sprint(item.Kind, " ", slices.Compact(species), " ", slices.Compact(wants))
	if item.Kind == read.KindEmergency || pl.Verdict.Level != triage.None {
		said = fmt.Sprint(item.Kind, pl.Verdict.Level, pl.Verdict.Harm)
	} else if item.Kind == read.KindGuide && len(item.Hits) > 0 {
		said = fmt.Sprint(item.Kind, " ", species, " ", item.Hits[0].Heading)
	}
	for _, p := range item.Pets {
		said += " " + p.Name
	}
	for _, a := range item.Asked {
		if item.Kind == read.KindPet {
			said += " " + a.Name
		}
	}
	return pl, said
}
