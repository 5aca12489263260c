// Command train trains the advisor's models: of kinds, from read/data/intents and the guides' askings, of whom words
// are about, and of meanings. That takes a minute, and always gives the same bytes. With -check it writes nothing,
// and reports how well a model predicts every fifth example, which it has not seen.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/meaning"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("train", flag.ContinueOnError)
	check := flags.Bool("check", false, "tell how well the model does on examples that are left out")
	dir := flags.String("dir", "services/completion/internal/advisor/read", "the folder of package read")
	if err := flags.Parse(args); err != nil {
		return err
	}
	cat, err := catalogue.Load()
	if err != nil {
		return err
	}
	if !*check {
		if err := trainMeanings(cat, filepath.Join(*dir, "..", "..", "meaning", "space.bin"), out); err != nil {
			return err
		}
	}
	examples, err := readExamples(filepath.Join(*dir, "data", "intents"), cat)
	if err != nil {
		return err
	}
	if *check {
		return validate(cat, examples, out)
	}
	data, err := read.Train(cat, examples)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d examples, %d bytes\n", len(examples), len(data))
	if err := os.WriteFile(filepath.Join(*dir, "model.bin"), data, 0o644); err != nil { //nolint:gosec // a file of the repository
		return err
	}
	return trainWhose(cat, *dir, out)
}

// trainWhose trains the model of whom words are about.
func trainWhose(cat *catalogue.Catalogue, dir string, out io.Writer) error {
	told, err := read.LoadLabeled(filepath.Join(dir, "data", "whose.txt"))
	if err != nil {
		return err
	}
	data, err := read.TrainWhose(cat, told)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d turns of which it is known whom they tell of, %d bytes\n", len(told), len(data))
	return os.WriteFile(filepath.Join(dir, "whose.bin"), data, 0o644) //nolint:gosec // a file of the repository
}

// trainMeanings trains the space in which passages are found by meaning.
func trainMeanings(cat *catalogue.Catalogue, file string, out io.Writer) error {
	documents, questions := cat.Meanings()
	data, err := meaning.Train(documents, questions)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d passages, %d askings, %d bytes\n", len(documents), len(questions), len(data))
	space, err := meaning.Decode(data)
	if err != nil {
		return err
	}
	cat.Relearn(space)
	return os.WriteFile(file, data, 0o644) //nolint:gosec // a file of the repository
}

// readExamples reads the intents, and the guides' askings: those for first aid as emergencies, all others as
// questions to the guides.
func readExamples(dir string, cat *catalogue.Catalogue) ([]read.Example, error) {
	var list []read.Example
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return nil, err
	}
	names := &namer{cat: cat}
	for _, file := range files {
		kind := strings.TrimSuffix(filepath.Base(file), ".md")
		if kind == "followup" {
			continue // their meaning depends on earlier turns
		}
		text, err := os.ReadFile(file) //nolint:gosec // a file of the repository
		if err != nil {
			return nil, err
		}
		_, askings, _ := strings.Cut(string(text), "# askings")
		if askings == "" {
			askings = string(text)
		}
		for line := range strings.Lines(askings) {
			asking, ok := strings.CutPrefix(strings.TrimSpace(line), "- ")
			if !ok {
				continue
			}
			example := read.Example{Text: asking, Kind: read.Kind(kind), Weight: 1}
			if kind == "not_emergency" {
				k, rest, _ := strings.Cut(asking, " | ")
				example.Kind, example.Text = read.Kind(k), rest
				if k == "followup" {
					continue
				}
			}
			if !slices.Contains(read.AllKinds(), example.Kind) {
				return nil, fmt.Errorf("%s: %q is of no known kind", file, line)
			}
			example.Text = names.fill(example.Text)
			list = append(list, example)
		}
	}
	return append(list, askings(cat)...), nil
}

// askings returns the guides' askings. There are many, so each counts less than an example written for its kind.
func askings(cat *catalogue.Catalogue) []read.Example {
	var list []read.Example
	for _, g := range cat.Guides() {
		for _, p := range g.Passages {
			for _, a := range p.Askings {
				e := read.Example{Text: a, Kind: read.KindGuide, Weight: 0.01}
				if p.FirstAid() {
					e.Kind, e.Weight = read.KindEmergency, 0.1
				}
				list = append(list, e)
			}
		}
	}
	return list
}

// A namer replaces placeholders in examples by names of pets and breeds, in turn.
type namer struct {
	cat        *catalogue.Catalogue
	pet, breed int
}

func (n *namer) fill(text string) string {
	for strings.Contains(text, "{pet}") {
		pets := n.cat.Pets()
		text = strings.Replace(text, "{pet}", pets[n.pet%len(pets)].Name, 1)
		n.pet++
	}
	for strings.Contains(text, "{breed}") {
		breeds := n.cat.Breeds()
		text = strings.Replace(text, "{breed}", breeds[n.breed*7%len(breeds)].Name, 1)
		n.breed++
	}
	return text
}

// validate reports for each kind how many of every fifth example are predicted correctly.
func validate(cat *catalogue.Catalogue, examples []read.Example, out io.Writer) error {
	var seen, held []read.Example
	for i, e := range examples {
		if i%5 == 2 {
			held = append(held, e)
		} else {
			seen = append(seen, e)
		}
	}
	data, err := read.Train(cat, seen)
	if err != nil {
		return err
	}
	reader, err := read.NewWith(cat, data, nil)
	if err != nil {
		return err
	}
	right, all, wrong := map[read.Kind]int{}, map[read.Kind]int{}, map[string]int{}
	for _, e := range held {
		kinds := reader.Kinds(reader.Turn(e.Text))
		all[e.Kind]++
		if kinds.Best() == e.Kind {
			right[e.Kind]++
		} else {
			wrong[fmt.Sprintf("%s taken for %s", e.Kind, kinds.Best())]++
		}
	}
	for _, k := range read.AllKinds() {
		fmt.Fprintf(out, "%-16s %4d of %4d\n", k, right[k], all[k])
	}
	for pair, n := range wrong {
		if n > 3 {
			fmt.Fprintf(out, "%4d %s\n", n, pair)
		}
	}
	return nil
}
