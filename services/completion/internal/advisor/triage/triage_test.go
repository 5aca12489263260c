package triage

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func triage(t testing.TB) *Triage {
	t.Helper()
	tr, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// rows reads a table of testdata: fields separated by " | ", the text last.
func rows(t testing.TB, file string, fields int) [][]string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var list [][]string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.SplitN(line, " | ", fields)
		if len(f) != fields {
			t.Fatalf("%s: %q has not %d fields", file, line, fields)
		}
		list = append(list, f)
	}
	return list
}

func level(t testing.TB, name string) Level {
	t.Helper()
	i := slices.Index(levelNames[:], name)
	if i < 0 {
		t.Fatalf("%q is no level", name)
	}
	return Level(i)
}

func show(v Verdict) string {
	return fmt.Sprintf("%v %s %v person=%v %v look=%q (%s)", v.Level, v.Harm, v.Guides, v.Person, v.Species, v.Look, v.Why)
}

func TestEmergencies(t *testing.T) {
	tr := triage(t)
	missed, n := 0, 0
	for _, r := range rows(t, "emergencies.txt", 4) {
		n++
		v := tr.Assess(r[3], nil)
		if v.Level == None {
			missed++
		}
		harms := strings.Split(r[1], ",")
		switch {
		case v.Level < level(t, r[0]):
			t.Errorf("level: %q, want %s: %s", r[3], r[0], show(v))
		case r[1] != "*" && !slices.Contains(harms, v.Harm):
			t.Errorf("harm: %q, want %s: %s", r[3], r[1], show(v))
		case r[2] != "*" && (len(v.Guides) == 0 || !slices.Contains(strings.Split(r[2], ","), v.Guides[0])):
			t.Errorf("guide: %q, want %s: %s", r[3], r[2], show(v))
		}
	}
	t.Logf("%d emergencies, %d missed", n, missed)
}

// TestGuides checks that the guides in the data exist, are first aid, and are about the animal.
func TestGuides(t *testing.T) {
	for _, h := range triage(t).harms {
		for species, ids := range h.guides {
			for _, id := range ids {
				id, passage, _ := strings.Cut(id, "/")
				b, err := os.ReadFile("../../catalogue/data/guides/" + id + ".md")
				if err != nil {
					t.Errorf("harm %s: %v", h.id, err)
					continue
				}
				if n, err := strconv.Atoi(cmp.Or(passage, "0")); err != nil || n >= strings.Count(string(b), "\n## ") {
					t.Errorf("harm %s: %s has no passage %s", h.id, id, passage)
				}
				_, line, _ := strings.Cut(string(b), "\nspecies: [")
				line, _, _ = strings.Cut(line, "]")
				covers := line == "" || species == "any" || slices.Contains(strings.Split(line, ", "), species)
				if !covers && species != string(unknown) {
					t.Errorf("harm %s: %s is about %s, not %s", h.id, id, line, species)
				}
			}
		}
	}
}

func TestQuiet(t *testing.T) {
	tr := triage(t)
	for _, r := range rows(t, "quiet.txt", 2) {
		v := tr.Assess(r[1], nil)
		want := strings.TrimPrefix(r[0], "-")
		if v.Level != None || v.Harm != want {
			t.Errorf("%q, want none %q: %s", r[1], want, show(v))
		}
	}
}

// TestNormal checks that normal things are told from the harms that they resemble, without losing a red flag.
func TestNormal(t *testing.T) {
	tr := triage(t)
	for _, r := range rows(t, "normal.txt", 2) {
		turns := strings.Split(r[1], " · ")
		last := len(turns) - 1
		v := tr.Assess(turns[last], turns[:last])
		switch {
		case r[0] == "-" && v.Normal:
			t.Errorf("%q is not normal: %s", r[1], show(v))
		case r[0] != "-" && (!v.Normal || v.Harm != r[0] || v.Level != None || len(v.Guides) == 0):
			t.Errorf("%q, want %s: %s", r[1], r[0], show(v))
		}
	}
}

func TestDialogues(t *testing.T) {
	tr := triage(t)
	for _, r := range rows(t, "dialogues.txt", 3) {
		turns := strings.Split(r[2], " · ")
		last := len(turns) - 1
		v := tr.Assess(turns[last], turns[:last])
		want := level(t, r[0])
		switch {
		case want == None && v.Level != None, v.Level < want:
			t.Errorf("level: %q, want %s: %s", r[2], r[0], show(v))
		case want > None && v.Harm != r[1]:
			t.Errorf("harm: %q, want %s: %s", r[2], r[1], show(v))
		}
	}
}

// TestLongTurns checks that a turn of any length takes about as long as one of 6 KiB.
func TestLongTurns(t *testing.T) {
	tr := triage(t)
	for _, unit := range longUnits {
		text := strings.Repeat(unit, 1<<20/len(unit))
		begin := time.Now()
		tr.Assess(text, []string{text, text, text, text, text, text, text})
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("%q took %v", unit, d)
		}
	}
	if v := tr.Assess(strings.Repeat("Hello there. ", 1<<16)+"My dog has just eaten rat poison!", nil); v.Level != Now {
		t.Errorf("the end of a long letter is not read: %s", show(v))
	}
}

// longUnits make texts that take the most work when repeated.
var longUnits = []string{
	"my dog ate chocolate and ", "x", "ibuprofem ", "chocolat3 ", "a. ", "not ", "he is limp, ", "\xff\xfe",
	"eat eat eat plant leg white gums ", "how do i dog cat not ", "last year she is weak ",
}

func BenchmarkAssess(b *testing.B) {
	tr := triage(b)
	short := "Hello, our labrador has got into the bin and there were grape stems in it. He looks happy. Should I be concerned?"
	b.Run("short", func(b *testing.B) {
		for b.Loop() {
			tr.Assess(short, nil)
		}
	})
	b.Run("dialogue", func(b *testing.B) {
		for b.Loop() {
			tr.Assess(short, []string{short, short, short, short, short, short})
		}
	})
	for _, unit := range longUnits {
		text := strings.Repeat(unit, 1<<20/len(unit))
		b.Run("1MB/"+unit, func(b *testing.B) {
			for b.Loop() {
				tr.Assess(text, nil)
			}
		})
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			triage(b)
		}
	})
}

func TestConcurrent(t *testing.T) {
	tr := triage(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, r := range rows(t, "emergencies.txt", 4)[:40] {
				tr.Assess(r[3], []string{"hello"})
			}
		})
	}
	wg.Wait()
}

func FuzzAssess(f *testing.F) {
	tr := triage(f)
	f.Add("my dog ate chocolate", "what do I do?")
	f.Add("", "\xff'’ ·")
	f.Fuzz(func(t *testing.T, before, turn string) {
		v := tr.Assess(turn, []string{before})
		for _, w := range v.Words {
			if w.Start < 0 || w.Start >= w.End || w.End > len(turn) {
				t.Errorf("span %v of %d bytes", w, len(turn))
			}
		}
		if (v.Level > None) && v.Harm == "" {
			t.Error("a level without a harm")
		}
	})
}
