package catalogue

import (
	"slices"
	"strings"
)

// longestName is how many words the longest name has.
const longestName = 5

// PetNamed returns the pet with exactly this name, or nil.
func (c *Catalogue) PetNamed(name string) *Pet {
	m := c.names.exact[joined(wordsOf(name))]
	return m.Pet
}

// BreedNamed returns the breed with exactly this name or alias, or nil.
func (c *Catalogue) BreedNamed(name string) *Breed {
	m := c.names.exact[joined(wordsOf(name))]
	return m.Breed
}

// A Mention is the name of a breed or of a pet in a text. Exactly one is set.
type Mention struct {
	Breed      *Breed
	Pet        *Pet
	Start, End int // byte offsets in the text
}

// names finds breeds and pets by name. Keys are names in lower case without spaces,
// so that "mainecoon" and "Maine Coon" are one.
type names struct {
	exact map[string]Mention
	keys  map[byte][]string // of exact, by first letter, sorted: for misspelt names
	words map[string]bool
	// guarded keys are ordinary words as well ("fly", "golden"): they are names only
	// where the text around them says so.
	guarded map[string]bool
}

func newNames(pets []*Pet, breeds []*Breed, words map[string]bool) *names {
	n := &names{exact: map[string]Mention{}, keys: map[byte][]string{}, words: words, guarded: map[string]bool{}}
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

// add keeps the first owner of a name: full names of breeds, aliases, pets.
func (n *names) add(name string, m Mention) {
	words := wordsOf(name)
	key := joined(words)
	if _, taken := n.exact[key]; taken || key == "" {
		return
	}
	n.exact[key] = m
	alias := m.Breed == nil || m.Breed.Name != name
	// Guides speak of breeds too, so that a breed in them is still a breed.
	if len(words) == 1 && alias && (m.Pet != nil && n.words[key] || isOrdinary(key)) {
		n.guarded[key] = true
	}
}

// addShort adds a name without the animal in it: "Syrian" for a Syrian Hamster. Such
// a word is guarded, because it is said of other things too.
func (n *names) addShort(b *Breed) {
	words := wordsOf(b.Name)
	end := len(words)
	for end > 0 && contains([]string{"dwarf", "hamster", "rabbit", "guinea", "pig", "gecko", "conure", "finch"}, words[end-1].text) {
		end--
	}
	key := joined(words[:end])
	if _, taken := n.exact[key]; end == 0 || end == len(words) || taken {
		return
	}
	n.exact[key] = Mention{Breed: b}
	n.guarded[key] = true
}

func joined(words []word) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(w.text)
	}
	return b.String()
}

// Names returns the breeds and pets that a text names, in its order. Plurals and
// small slips of spelling are understood; the longest name wins.
func (c *Catalogue) Names(text string) []Mention {
	words := wordsOf(text)
	var found []Mention
	for i := 0; i < len(words); {
		m, n := c.names.at(words, i)
		if n == 0 {
			i++
			continue
		}
		m.Start, m.End = words[i].start, words[i+n-1].end
		found = append(found, m)
		i += n
	}
	return found
}

// at returns the name that begins at word i and its number of words, or 0.
func (n *names) at(words []word, i int) (Mention, int) {
	longest := min(longestName, len(words)-i)
	for size := longest; size > 0; size-- {
		if m, ok := n.exactly(words, i, size); ok {
			return m, size
		}
	}
	for size := min(3, longest); size > 0; size-- {
		if m, ok := n.nearly(words[i : i+size]); ok {
			return m, size
		}
	}
	return Mention{}, 0
}

func (n *names) exactly(words []word, i, size int) (Mention, bool) {
	key := joined(words[i : i+size])
	for _, form := range singulars(key) {
		m, ok := n.exact[form]
		if ok && (!n.guarded[form] || size > 1 || meantAsName(words, i, m.Pet != nil)) {
			return m, true
		}
	}
	return Mention{}, false
}

// nearly looks for a name that the words misspell. At least one of them has to be
// no word of the data, and none a little word: otherwise "box" would be a boxer.
func (n *names) nearly(words []word) (Mention, bool) {
	unknown := false
	for _, w := range words {
		unknown = unknown || !n.words[w.text]
		if isLittle(w.text) {
			return Mention{}, false
		}
	}
	key := joined(words)
	if !unknown || isOrdinary(key) || len(key) < 5 || len(key) > 32 {
		return Mention{}, false
	}
	for limit := 1; limit <= slips(len(key)); limit++ {
		for _, form := range singulars(key) {
			for _, name := range n.keys[form[0]] {
				if slips(len(name)) >= limit && typo(form, name, limit) {
					return n.exact[name], true
				}
			}
		}
	}
	return Mention{}, false
}

// meantAsName tells a name that is an ordinary word from the word: it has a capital
// inside of a sentence, or stands where a name stands. A breed takes an article, a
// pet does not.
func meantAsName(words []word, i int, pet bool) bool {
	if words[i].capital && !words[i].opens {
		return true
	}
	after := i+1 == len(words) || words[i+1].opens || isLittle(words[i+1].text) || isAnimal(words[i+1].text)
	if i == 0 {
		return after && (words[i].capital || len(words) == 1)
	}
	before := words[i-1].text
	return after && (introducesName(before) || !pet && contains([]string{"a", "an", "the", "any"}, before))
}

func introducesName(s string) bool {
	return contains([]string{
		"about", "meet", "adopt", "adopting", "is", "does", "can", "see", "visit", "named", "called", "and", "or",
		"vs", "versus", "are", "has", "compare", "get", "getting", "want", "with", "than", "take", "would",
		"between",
	}, s)
}

func isAnimal(s string) bool {
	return contains([]string{
		"dog", "dogs", "cat", "cats", "rabbit", "rabbits", "hamster", "hamsters", "fish", "bird", "birds",
		"puppy", "puppies", "kitten", "kittens", "mix", "retriever", "retrievers",
	}, s)
}

// isLittle reports whether a word cannot be part of a misspelt name and may follow
// a name.
func isLittle(s string) bool {
	return len(s) < 3 || contains([]string{
		"the", "and", "for", "with", "good", "bad", "still", "like", "likes", "get", "gets", "need", "needs", "shed",
		"sheds", "bark", "cost", "costs", "old", "friendly", "available", "have", "has", "does", "will", "would",
		"can", "could", "are", "was", "were", "live", "lives", "right", "happy", "better", "okay", "fine", "safe",
		"too", "more", "please", "than", "her", "him", "his", "she", "they", "you", "from", "that", "this", "versus",
		"suit", "suitable", "fit", "easy", "hard", "quiet", "loud", "calm", "healthy", "male", "female", "house",
		"spayed", "neutered", "vaccinated", "thank", "thanks", "where", "who", "what", "how", "when", "why",
	}, s)
}

// isOrdinary lists everyday words that the guides happen not to use, and that are
// a name or nearly one.
func isOrdinary(s string) bool {
	return contains([]string{
		"golden", "lab", "labs", "dane", "chi", "exotic", "oriental", "norwegian", "comet", "neon", "robo", "slider",
		"dove", "smiley", "cornish", "devon", "scout", "moose", "sunny", "copper", "fly", "tank", "salt", "pepper",
		"shadow", "cloud", "pixel", "tofu", "pumpkin", "fern", "pearl", "clover", "peanut", "velvet", "nutmeg",
		"truffle", "pickle", "hazelnut", "bolt", "frost", "kiwi", "dusk", "neptune", "bubble", "saffron", "maize",
		"noodle", "olive", "biscuit", "coco", "duchess", "ziggy", "dash", "bandit", "professor", "paprika", "cookie",
		"snowball", "thistle", "waffles", "clementine", "marmalade", "rosie", "holland", "cavalier", "quaker",
		"cocker", "basset", "boxer", "boxes", "barb", "stafford", "winston", "hamlet", "anna", "cookies", "whistle",
		"whistler", "confetti", "juniper", "ginger", "honey", "rapunzel", "apple", "angora", "russian", "siberian",
		"american", "english", "french", "chinese", "persian", "scottish",
	}, s)
}
