package catalogue

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// longestName is the most words of a name.
const longestName = 5

// PetNamed returns the pet with exactly this name, or nil.
func (c *Catalogue) PetNamed(name string) *Pet {
	m := c.names.exact[joined(words.Split(name))]
	return m.Pet
}

// BreedNamed returns the breed with exactly this name or alias, or nil.
func (c *Catalogue) BreedNamed(name string) *Breed {
	m := c.names.exact[joined(words.Split(name))]
	return m.Breed
}

// A Mention is the name of a breed or of a pet in a text. Exactly one is set.
type Mention struct {
	Breed      *Breed
	Pet        *Pet
	Start, End int // byte offsets in the text
}

// names finds breeds and pets by name. Keys are names in lower case without spaces, so "mainecoon" equals "Maine
// Coon".
type names struct {
	exact map[string]Mention
	keys  map[byte][]string // of exact, by first letter, sorted: for misspelled names
	known map[string]bool   // every word of the data
	// Guarded keys are also ordinary words ("fly", "golden"): they are names only in certain contexts.
	guarded map[string]bool
	oneWord map[string]bool // keys written as one word
	around  *surroundings
}

func newNames(pets []*Pet, breeds []*Breed, known map[string]bool, around *surroundings) *names {
	n := &names{exact: map[string]Mention{}, keys: map[byte][]string{}, known: known, guarded: map[string]bool{}, oneWord: map[string]bool{}, around: around}
	for _, b := range breeds {
		n.add(b.Name, Mention{Breed: b})
	}
	for _, b := range breeds {
		for _, alias := range b.Aliases {
			n.add(alias, Mention{Breed: b})
		}
	}
	for _, b := range breeds {
		n.addShort(b)
	}
	for _, p := range pets {
		n.add(p.Name, Mention{Pet: p})
		first, rest, group := strings.Cut(p.Name, " and ")
		if group { // "Salt and Pepper" are known by either name
			n.add(first, Mention{Pet: p})
			n.add(rest, Mention{Pet: p})
		}
	}
	for key := range n.exact {
		n.keys[key[0]] = append(n.keys[key[0]], key)
	}
	for _, keys := range n.keys {
		slices.Sort(keys)
	}
	return n
}

// add adds a name unless it is taken: full names of breeds come first, then aliases, then pets.
func (n *names) add(name string, m Mention) {
	ws := words.Split(name)
	key := joined(ws)
	if _, taken := n.exact[key]; taken || key == "" {
		return
	}
	n.exact[key] = m
	n.oneWord[key] = len(ws) == 1
	alias := m.Breed == nil || m.Breed.Name != name
	// Guides mention breeds, too, so their words do not guard breeds.
	if len(ws) == 1 && alias && (m.Pet != nil && n.known[key] || n.around.Ordinary[key]) {
		n.guarded[key] = true
	}
}

// addShort adds a name without its animal: "Syrian" for a Syrian Hamster. Such a word is guarded, because it also
// describes other things.
func (n *names) addShort(b *Breed) {
	ws := words.Split(b.Name)
	end := len(ws)
	for end > 0 && n.around.Animals[ws[end-1].Text] {
		end--
	}
	key := joined(ws[:end])
	if _, taken := n.exact[key]; end == 0 || end == len(ws) || taken {
		return
	}
	n.exact[key] = Mention{Breed: b}
	n.guarded[key] = true
}

func joined(ws []words.Word) string {
	var b strings.Builder
	for _, w := range ws {
		b.WriteString(w.Text)
	}
	return b.String()
}

// Names returns the breeds and pets that a text names, in its order. It understands plurals and small misspellings,
// and prefers the longest name.
func (c *Catalogue) Names(text string) []Mention {
	ws := words.Split(text)
	var found []Mention
	for i := 0; i < len(ws); {
		m, n := c.names.at(ws, i)
		if n == 0 {
			i++
			continue
		}
		m.Start, m.End = ws[i].Start, ws[i+n-1].End
		found = append(found, m)
		i += n
	}
	return found
}

// at returns the name that begins at word i, and its number of words, or 0.
func (n *names) at(ws []words.Word, i int) (Mention, int) {
	longest := min(longestName, len(ws)-i)
	for size := longest; size > 0; size-- {
		if m, ok := n.exactly(ws, i, size); ok {
			return m, size
		}
	}
	for size := min(3, longest); size > 0; size-- {
		if m, ok := n.nearly(ws[i : i+size]); ok {
			return m, size
		}
	}
	return Mention{}, 0
}

func (n *names) exactly(ws []words.Word, i, size int) (Mention, bool) {
	key := joined(ws[i : i+size])
	for _, form := range words.Singulars(key) {
		m, ok := n.exact[form]
		if ok && size > 1 && i > 0 && n.oneWord[form] && n.around.Loves[ws[i-1].Text] {
			continue // "would love birds"
		}
		if ok && (!n.guarded[form] || size > 1 || n.around.meansName(ws, i, m.Pet != nil)) {
			return m, true
		}
	}
	return Mention{}, false
}

// nearly finds a misspelled name. At least one of the words must be unknown to the data, and none may be a little
// word: otherwise "box" would be a boxer.
func (n *names) nearly(ws []words.Word) (Mention, bool) {
	unknown := false
	for _, w := range ws {
		unknown = unknown || !n.known[w.Text]
		if n.around.little(w.Text) {
			return Mention{}, false
		}
	}
	key := joined(ws)
	if !unknown || n.around.Ordinary[key] || len(key) < 5 || len(key) > 32 {
		return Mention{}, false
	}
	for limit := 1; limit <= words.Slips(len(key)); limit++ {
		for _, form := range words.Singulars(key) {
			for _, name := range n.keys[form[0]] {
				if words.Slips(len(name)) >= limit && words.Typo(form, name, limit) {
					return n.exact[name], true
				}
			}
		}
	}
	return Mention{}, false
}

// surroundings are the words that distinguish a name from an ordinary word: see names.yaml.
type surroundings struct {
	Introduces, Joins, Animals, Little, Ordinary, Loves map[string]bool
	Unplaced                                            map[string]bool // by stem
}

//go:embed names.yaml
var namesText []byte

func readSurroundings() (*surroundings, error) {
	var lists struct{ Introduces, Joins, Animals, Little, Ordinary, Loves, Unplaced []string }
	if err := decode("names.yaml", namesText, &lists); err != nil {
		return nil, err
	}
	return &surroundings{
		Introduces: setOf(lists.Introduces), Joins: setOf(lists.Joins), Animals: setOf(lists.Animals), Little: setOf(lists.Little), Ordinary: setOf(lists.Ordinary),
		Loves: setOf(lists.Loves), Unplaced: setOf(stemmed(lists.Unplaced)),
	}, nil
}

// Introduces reports whether a name may follow a word.
func (c *Catalogue) Introduces(word string) bool { return c.names.around.Introduces[word] }

func stemmed(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.Join(stems(s), " ")
	}
	return out
}

// Unplaced reports whether a stem, or two with a space, is an animal that the store does not place.
func (c *Catalogue) Unplaced(stem string) bool { return c.names.around.Unplaced[stem] }

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		set[s] = true
	}
	return set
}

// little reports whether a word may follow a name, but cannot be part of a misspelled one.
func (s *surroundings) little(word string) bool { return len(word) < 3 || s.Little[word] }

// determiner reports whether a word introduces a thing.
func determiner(word string) bool {
	switch word {
	case "a", "an", "the", "my", "your", "his", "her", "our", "their", "this", "that", "any", "some", "no":
		return true
	}
	return false
}

// meansName reports whether an ordinary word is used as a name: it has a capital within a sentence, or the position
// of a name. A breed takes an article, a pet does not.
func (s *surroundings) meansName(ws []words.Word, i int, pet bool) bool {
	if ws[i].Capital && !ws[i].Opens {
		return true
	}
	after := i+1 == len(ws) || ws[i+1].Opens || s.little(ws[i+1].Text) || s.Animals[ws[i+1].Text]
	joined := i+1 < len(ws) && s.Joins[ws[i+1].Text] || i > 0 && s.Joins[ws[i-1].Text]
	if pet && joined { // "moose vs hattie"
		return true
	}
	if i == 0 || pet && ws[i].Opens && ws[i].Capital && i+1 < len(ws) && s.Introduces[ws[i+1].Text] {
		return after && (ws[i].Capital || len(ws) == 1)
	}
	before := ws[i-1].Text
	if next := i+1 < len(ws) && ws[i+1].Stem == "be"; pet && next && !determiner(before) {
		return true
	}
	if pet {
		return after && s.Introduces[before]
	}
	// "a boisterous lab"
	article := determiner(before) || i > 1 && !ws[i-1].Opens && determiner(ws[i-2].Text)
	return after && (s.Introduces[before] || article)
}
