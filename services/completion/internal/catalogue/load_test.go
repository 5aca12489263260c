package catalogue

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// fixture loads the small store of testdata.
func fixture(t testing.TB) *Catalogue {
	t.Helper()
	c, err := load(os.DirFS("testdata/store"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var embeddedOnce = sync.OnceValues(Load)

// shop returns the embedded catalogue, loaded once for all tests, which must not change it.
func shop(t testing.TB) *Catalogue {
	t.Helper()
	c, err := embeddedOnce()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLoadFixture(t *testing.T) {
	c := fixture(t)
	if got := len(c.Pets()); got != 2 {
		t.Errorf("%d pets, want 2", got)
	}
	if b := c.Pet("rex").Breed; b == nil || b.ID != "labrador" {
		t.Errorf("breed of rex = %v", b)
	}
	g := c.Guide("cat-litter")
	if len(g.Passages) != 2 || g.Passages[1].Heading != "Why does a cat pee outside the litter box?" || g.Passages[1].ID != "cat-litter#1" {
		t.Errorf("passages of cat-litter = %+v", g.Passages)
	}
	if !g.Covers(Cat) || g.Covers(Dog) || !c.Guide("allergies").Covers(Fish) {
		t.Error("covers the wrong species")
	}
	if got := g.Passages[1].Askings; len(got) != 2 || got[0] != "my kitty urinates elsewhere" {
		t.Errorf("askings of cat-litter#1 = %q", got)
	}
	if got := c.Breed("german-shepherd").Groups; !slices.Contains(got, "shepherd") {
		t.Errorf("groups of german-shepherd = %q", got)
	}
	if first := c.Guide("chocolate").Passages[0]; !first.FirstAid() || g.Passages[0].FirstAid() {
		t.Error("the first passage of an emergency is first aid, and no other is")
	}
	if c.Pet("nobody") != nil || c.Breed("nothing") != nil || c.Guide("none") != nil {
		t.Error("an unknown id is found")
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, test := range []struct {
		name, file, from, to string
		want                 []string
	}{
		{"unknown field", "pets.yaml", "price: 200", "price: 200\n  colour: red", []string{"pets.yaml", "colour"}},
		{"wrong type", "pets.yaml", "price: 200", "price: much", []string{"pets.yaml"}},
		{"bad enum", "pets.yaml", "home: house", "home: castle", []string{"pets.yaml", `"rex"`, "home", "castle"}},
		{"bad tolerance", "pets.yaml", `cats: "slow"`, `cats: "older"`, []string{`"rex"`, "good_with.cats"}},
		{"unknown breed", "pets.yaml", "breed: labrador", "breed: poodle", []string{`"rex"`, "poodle"}},
		{"breed of another species", "pets.yaml", "breed: labrador", "breed: maine-coon", []string{`"rex"`, "is a cat"}},
		{"same id twice", "pets.yaml", "id: salt-and-pepper", "id: rex", []string{`"rex"`, "twice"}},
		{"id with capitals", "pets.yaml", "id: rex", "id: Rex", []string{"lower-case"}},
		{"empty story", "pets.yaml", `story: "Two sisters."`, `story: ""`, []string{"salt-and-pepper", "story"}},
		{"negative price", "pets.yaml", "price: 200", "price: -1", []string{`"rex"`, "price"}},
		{"span upside down", "breeds/all.yaml", "weight_kg: [25, 36]", "weight_kg: [36, 25]", []string{`"labrador"`, "weight_kg"}},
		{"guide without front matter", "guides/chocolate.md", "---\nid", "id", []string{"guides/chocolate.md", "front matter"}},
		{"guide under another name", "guides/chocolate.md", "id: chocolate", "id: cocoa", []string{"guides/chocolate.md", "cocoa"}},
		{"unknown topic", "guides/chocolate.md", "[emergency, poison]", "[sweets]", []string{"guides/chocolate.md", "sweets"}},
		{"text before a heading", "guides/chocolate.md", "## What", "Well.\n\n## What", []string{"before the first"}},
		{"nine passages", "guides/allergies.md", "## Are", strings.Repeat("## More\n\nText.\n\n", 8) + "## Are", []string{"guides/allergies.md", "9 passages"}},
		{"asking of no guide", "askings/chocolate.md=>askings/cocoa.md", "## What", "## What", []string{"askings/cocoa.md", "no guide"}},
		{"asking of no passage", "askings/chocolate.md", "## What should", "## Where should", []string{"askings/chocolate.md", "Where should you do right now?"}},
		{"asking of another guide's passage", "askings/chocolate.md", "## What should you do right now?", "## How should a litter box be set up?", []string{"askings/chocolate.md", "no passage"}},
		{"stray line", "askings/cat-litter.md", "- she goes", "she goes", []string{"askings/cat-litter.md", "she goes on the rug"}},
		{"asking before a heading", "askings/chocolate.md", "## What", "- too early\n\n## What", []string{"askings/chocolate.md", "too early"}},
		{"group of no breed", "groups.yaml", "german-shepherd", "german-shepard", []string{"groups.yaml", "shepherd", "german-shepard"}},
		{"groups that are no lists", "groups.yaml", "[german-shepherd]", "german-shepherd", []string{"groups.yaml"}},
		{"heading without text", "guides/allergies.md", "## Are", "## Empty\n\n## Are", []string{"no text"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := copyOf(t)
			from, to, moved := strings.Cut(test.file, "=>")
			if !moved {
				to = from
			}
			text := string(files[from].Data)
			if !strings.Contains(text, test.from) {
				t.Fatalf("fixture has no %q", test.from)
			}
			delete(files, from)
			files[to] = &fstest.MapFile{Data: []byte(strings.Replace(text, test.from, test.to, 1))}
			_, err := load(files)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not name %q", err, want)
				}
			}
		})
	}
}

func TestLoadRefusesMissingData(t *testing.T) {
	if _, err := load(fstest.MapFS{}); err == nil {
		t.Error("an empty tree loads")
	}
	files := copyOf(t)
	for name := range files {
		if strings.HasPrefix(name, "guides/") {
			delete(files, name)
		}
	}
	if _, err := load(files); err == nil || !strings.Contains(err.Error(), "guide") {
		t.Errorf("without guides: %v", err)
	}
	files = copyOf(t)
	delete(files, "groups.yaml")
	if _, err := load(files); err == nil || !strings.Contains(err.Error(), "groups.yaml") {
		t.Errorf("without groups: %v", err)
	}
}

func TestDigest(t *testing.T) {
	files := copyOf(t)
	same := digestOf(t, files)
	if got := digestOf(t, files); got != same {
		t.Error("equal data has another digest")
	}
	files["pets.yaml"].Data = append(files["pets.yaml"].Data, "# more\n"...)
	if got := digestOf(t, files); got == same {
		t.Error("other data has the same digest")
	}
	files = copyOf(t)
	files["askings/chocolate.md"].Data = append(files["askings/chocolate.md"].Data, "- one more\n"...)
	if got := digestOf(t, files); got == same {
		t.Error("another asking, by which passages are found, has the same digest")
	}
}

func digestOf(t *testing.T, files fs.FS) string {
	t.Helper()
	c, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	return c.Digest()
}

func copyOf(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS("testdata/store"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile("testdata/store/" + name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestEmbedded checks the embedded data. Load has validated every entry.
func TestEmbedded(t *testing.T) {
	c := shop(t)
	t.Logf("%d pets, %d breeds, %d guides, %d passages", len(c.Pets()), len(c.Breeds()), len(c.Guides()), len(c.index.passages))
	for _, least := range []struct {
		what      string
		got, want int
	}{{"pets", len(c.Pets()), 60}, {"breeds", len(c.Breeds()), 120}, {"guides", len(c.Guides()), 150}, {"passages", len(c.index.passages), 400}} {
		if least.got < least.want {
			t.Errorf("%d %s, want at least %d", least.got, least.what, least.want)
		}
	}
	for _, s := range AllSpecies() {
		if len(c.Select(Filter{Species: []Species{s}})) == 0 {
			t.Errorf("no %s in the store", s)
		}
		own := 0
		for _, g := range c.Guides() {
			if len(g.Species) == 1 && g.Covers(s) {
				own++
			}
		}
		if own < 2 {
			t.Errorf("%d guides about the %s alone, want at least 2", own, s)
		}
	}
	for _, topic := range []Topic{TopicAdoption, TopicBefore, TopicCosts, TopicEmergency, TopicPoison, TopicHealth} {
		covered := false
		for _, g := range c.Guides() {
			covered = covered || g.About(topic)
		}
		if !covered {
			t.Errorf("no guide on %s", topic)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}
