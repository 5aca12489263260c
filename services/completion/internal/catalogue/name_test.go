package catalogue

import (
	"strings"
	"testing"
)

// named returns the mentions in a text as "name|name".
func named(c *Catalogue, text string) string {
	var names []string
	for _, m := range c.Names(text) {
		if m.Pet != nil {
			names = append(names, m.Pet.Name)
		} else {
			names = append(names, m.Breed.Name)
		}
	}
	return strings.Join(names, "|")
}

func TestNames(t *testing.T) {
	c := shop(t)
	for _, test := range []struct{ text, want string }{
		{"compare labradors and German Shepherds", "Labrador Retriever|German Shepherd"},
		{"german sheperd or golden retreiver?", "German Shepherd|Golden Retriever"},
		{"mainecoon", "Maine Coon"},
		{"Maine-Coon's coat", "Maine Coon"},
		{"a siameese cat", "Siamese"},
		{"are huskeys loud", "Siberian Husky"},
		{"a Syrian and a Roborovski hamster", "Syrian Hamster|Roborovski Dwarf Hamster"},
		{"tell me about luna", "Luna"},
		{"is Biscuit good with kids?", "Biscuit"},
		{"my dog ate a biscuit", ""},
		{"my dog ate a peanut and an olive", ""},
		{"a fly in the soup", ""},
		{"does Fly bark?", "Fly"},
		{"is clove nice?", "Nutmeg and Clove"},
		{"an exotic vet", ""},
		{"an oriental lily", ""},
		{"the box is in the corner", ""},
		{"", ""},
		{"💔 ... !!!", ""},
	} {
		t.Run(test.text, func(t *testing.T) {
			if got := named(c, test.text); got != test.want {
				t.Errorf("Names(%q) = %q, want %q", test.text, got, test.want)
			}
		})
	}
}

func TestNamesTellWhere(t *testing.T) {
	c := fixture(t)
	text := "Is Rex — or an Alsatian — good?"
	for _, m := range c.Names(text) {
		if got := text[m.Start:m.End]; got != "Rex" && got != "Alsatian" {
			t.Errorf("mention at %q", got)
		}
	}
}

func TestNamed(t *testing.T) {
	c := fixture(t)
	if p := c.PetNamed("salt and pepper"); p == nil || p.ID != "salt-and-pepper" {
		t.Errorf("PetNamed = %v", p)
	}
	if b := c.BreedNamed("alsatian"); b == nil || b.ID != "german-shepherd" {
		t.Errorf("BreedNamed = %v", b)
	}
	if c.PetNamed("Labrador") != nil || c.BreedNamed("Rex") != nil || c.PetNamed("") != nil {
		t.Error("a name of another kind is found")
	}
}

func FuzzNames(f *testing.F) {
	c := fixture(f)
	for _, seed := range []string{"is Rex a lab?", "Ärger mit dem Hund", "\xff\xfe", strings.Repeat("sheperd ", 40)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range c.Names(text) {
			if m.Start < 0 || m.End > len(text) || m.Start >= m.End || (m.Pet == nil) == (m.Breed == nil) {
				t.Errorf("mention %+v of %q", m, text)
			}
		}
	})
}
