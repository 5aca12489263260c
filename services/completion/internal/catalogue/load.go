package catalogue

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/pawstream/pawstream/services/completion/internal/meaning"
)

//go:embed data
var embedded embed.FS

// Load reads, checks and indexes the embedded data. That takes a few hundred milliseconds, so a process should do it
// once.
func Load() (*Catalogue, error) {
	data, err := fs.Sub(embedded, "data")
	if err != nil {
		return nil, fmt.Errorf("load catalogue: %w", err)
	}
	return load(data)
}

func load(data fs.FS) (*Catalogue, error) {
	c, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("load catalogue: %w", err)
	}
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("load catalogue: %w", err)
	}
	around, err := readSurroundings()
	if err != nil {
		return nil, fmt.Errorf("load catalogue: %w", err)
	}
	c.link(around)
	if err := c.linkGroups(c.groups); err != nil {
		return nil, fmt.Errorf("load catalogue: %w", err)
	}
	if c.attributes, err = readAttributes(); err != nil {
		return nil, fmt.Errorf("load catalogue: %w", err)
	}
	space, err := meaning.Load()
	if err != nil {
		return nil, fmt.Errorf("load catalogue: %w", err)
	}
	c.index = newIndex(c.guides, space)
	c.answers.index(space)
	c.claims.learn(c.index)
	return c, nil
}

// read decodes all files. The digest covers names and contents in a fixed order.
func read(data fs.FS) (*Catalogue, error) {
	c := &Catalogue{}
	sum := sha256.New()
	open := func(name string) ([]byte, error) {
		text, err := fs.ReadFile(data, name)
		fmt.Fprintf(sum, "%s %d\n", name, len(text))
		sum.Write(text)
		return text, err
	}
	text, err := open("pets.yaml")
	if err != nil {
		return nil, err
	}
	if err := decode("pets.yaml", text, &c.pets); err != nil {
		return nil, err
	}
	if err := readEach(data, "breeds/*.yaml", open, c.addBreeds); err != nil {
		return nil, err
	}
	if text, err = open("groups.yaml"); err != nil {
		return nil, err
	}
	if err := decode("groups.yaml", text, &c.groups); err != nil {
		return nil, err
	}
	if err := readEach(data, "guides/*.md", open, c.addGuide); err != nil {
		return nil, err
	}
	if err := readEach(data, "askings/*.md", open, c.addAskings); err != nil {
		return nil, err
	}
	if err := readEach(data, "answers/*.md", open, c.addAnswers); err != nil {
		return nil, err
	}
	if err := readEach(data, "claims/*.md", open, func(name string, text []byte) error { return addClaims(c, name, text) }); err != nil {
		return nil, err
	}
	c.digest = hex.EncodeToString(sum.Sum(nil))
	return c, nil
}

func readEach(data fs.FS, pattern string, open func(string) ([]byte, error), add func(string, []byte) error) error {
	files, err := fs.Glob(data, pattern)
	if err != nil {
		return err
	}
	slices.Sort(files)
	for _, name := range files {
		text, err := open(name)
		if err != nil {
			return err
		}
		if err := add(name, text); err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalogue) addBreeds(name string, text []byte) error {
	var breeds []*Breed
	if err := decode(name, text, &breeds); err != nil {
		return err
	}
	c.breeds = append(c.breeds, breeds...)
	return nil
}

func (c *Catalogue) addGuide(name string, text []byte) error {
	g, err := parseGuide(name, text)
	if err != nil {
		return err
	}
	c.guides = append(c.guides, g)
	return nil
}

// addAskings adds askings to the passages of a guide: a passage's heading, then a list. The file's name is the
// guide's id.
func (c *Catalogue) addAskings(name string, text []byte) error {
	id := strings.TrimSuffix(path.Base(name), ".md")
	at := slices.IndexFunc(c.guides, func(g *Guide) bool { return g.ID == id })
	if at < 0 {
		return fmt.Errorf("%s: there is no guide %q", name, id)
	}
	var passage *Passage
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch heading, isHeading := strings.CutPrefix(line, "## "); {
		case isHeading:
			i := slices.IndexFunc(c.guides[at].Passages, func(p *Passage) bool { return p.Heading == heading })
			if i < 0 {
				return fmt.Errorf("%s: the guide has no passage %q", name, heading)
			}
			passage = c.guides[at].Passages[i]
		case line == "":
		case !strings.HasPrefix(line, "- ") || passage == nil:
			return fmt.Errorf("%s: %q is neither a heading nor an element of a list", name, line)
		default:
			passage.Askings = append(passage.Askings, line[2:])
		}
	}
	return nil
}

func decode(name string, text []byte, to any) error {
	if err := yaml.UnmarshalWithOptions(text, to, yaml.Strict()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// parseGuide splits a guide into its front matter and its passages. The file's name must be the guide's id.
func parseGuide(name string, text []byte) (*Guide, error) {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	front, body, ok := strings.Cut(strings.TrimPrefix(string(text), "---\n"), "\n---\n")
	if !ok || !bytes.HasPrefix(text, []byte("---\n")) {
		return nil, fmt.Errorf("%s: no front matter between two lines of ---", name)
	}
	g := &Guide{}
	if err := decode(name, []byte(front), g); err != nil {
		return nil, err
	}
	if want := strings.TrimSuffix(path.Base(name), ".md"); g.ID != want {
		return nil, fmt.Errorf("%s: id %q differs from the file's name", name, g.ID)
	}
	before, sections, _ := strings.Cut("\n"+body, "\n## ")
	if strings.TrimSpace(before) != "" {
		return nil, fmt.Errorf("%s: text before the first ## heading", name)
	}
	for section := range strings.SplitSeq(sections, "\n## ") {
		heading, content, _ := strings.Cut(section, "\n")
		p := &Passage{
			Guide:   g,
			ID:      fmt.Sprintf("%s#%d", g.ID, len(g.Passages)),
			Heading: strings.TrimSpace(heading),
			Text:    strings.TrimSpace(content),
		}
		if p.Heading == "" || p.Text == "" {
			return nil, fmt.Errorf("%s: passage %d has no heading or no text", name, len(g.Passages)+1)
		}
		g.Passages = append(g.Passages, p)
	}
	return g, nil
}

// link resolves references, which validate has checked.
func (c *Catalogue) link(around *surroundings) {
	for _, p := range c.pets {
		p.Breed = c.byBreed[p.BreedID]
	}
	slices.SortStableFunc(c.breeds, func(a, b *Breed) int {
		order := AllSpecies()
		if d := slices.Index(order, a.Species) - slices.Index(order, b.Species); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	c.words = c.vocabulary()
	c.names = newNames(c.pets, c.breeds, c.words, around)
}

// problems collects all faults of the data, so that one run shows them.
type problems struct{ list []error }

func (p *problems) add(entry, format string, args ...any) {
	p.list = append(p.list, fmt.Errorf("%s: "+format, append([]any{entry}, args...)...))
}

func (p *problems) err() error { return errors.Join(p.list...) }
