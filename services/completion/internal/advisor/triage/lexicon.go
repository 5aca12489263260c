package triage

import (
	"embed"
	"fmt"
	"io/fs"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/words"
)

//go:embed data/*.txt
var data embed.FS

// An element is one word of a phrase.
type element struct {
	word  string
	exact bool // compares the word as written, not its stem
	keep  bool // must be there, but a mask leaves it readable
	gap   bool // stands for up to three other words
}

// A phrase is a sequence of words in a set.
type phrase struct {
	set   int
	words []element
}

// An atom is one condition of a rule: a word of one of the sets.
type atom struct {
	sets    []int
	negated bool // the word must be denied
	plain   bool // the word must not be denied
	either  bool // an anchor that may be denied
	after   bool // stands after the previous atom
	gap     int  // most words between it and the previous atom; 0: any number
	same    bool // stands in the sentence of the first atom
	far     bool // stands in any sentence
}

// A rule is a conjunction of atoms that indicates a harm. The first atom is its anchor.
type rule struct {
	harm    *harm
	level   Level
	species []catalogue.Species // one of these must be concerned; empty: any or none
	atoms   []atom
	unless  []int // no word of these sets may be in the anchor's sentence
}

// A harm is a kind of danger.
type harm struct {
	id, why string
	order   int
	guides  map[string][]string // by species, "unknown" or "any"
	look    []int               // sets of search words; empty: all words found
	first   []catalogue.Species // the species in danger if several are named
	person  bool                // affects people
	agent   bool                // a person may be its agent
	always  bool                // also counts in hypothetical questions
	theirs  bool                // its first condition is about a person
	over    []string            // harms that something normal resembles, or to which a statement applies

	knownHelp bool // neither normal nor an emergency
}

// A spelling is a word of the vocabulary, for comparisons with misspellings.
type spelling struct {
	word string
	mask uint32
}

// A lexicon is the parsed data.
type lexicon struct {
	sets     map[string]int
	names    []string
	entries  [][]string // phrases as written, by set
	phrases  map[string][]*phrase
	rules    []*rule
	normals  []*rule // about normal things that resemble a harm
	answers  []*rule // about questions and statements in a danger, and what to say to them
	griefs   []*rule // about a loss, and what to say first
	harms    []*harm
	known    map[string]bool // correctly spelled words
	spelt    map[string]bool // words of phrases
	spelling [26][]spelling
	endings  map[string]bool     // of contracted verbs
	species  []catalogue.Species // by set, "" where a set is no species
}

// marks are the sets that the code uses by name.
const marks = "mask negator neutral breaker nothing past present present-aux fiction told general learn hypothetical " +
	"act acting own statement contracted condition human self perceive pronoun called name name-verb article ends thanks " +
	"dated topic goes-on ingest other-animal other-clause opener did-so urgent-ask ending preposition subject-pronoun object-pronoun relative would body any-of asks-which modal between guess joint thing copula n-all-well n-red-flag n-red-food waits handles gr-sure gr-others gr-no-new"

// load reads all data files.
func load() (*lexicon, error) {
	l := &lexicon{sets: map[string]int{}, phrases: map[string][]*phrase{}, known: map[string]bool{}, spelt: map[string]bool{}, endings: map[string]bool{}}
	files, err := fs.Glob(data, "data/*.txt")
	if err != nil {
		return nil, err
	}
	var rules [][2]string
	for _, name := range files {
		text, err := data.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(name, "known.txt") {
			for w := range strings.FieldsSeq(string(text)) {
				l.known[w] = true
			}
			continue
		}
		if rules, err = l.sections(name, string(text), rules); err != nil {
			return nil, err
		}
	}
	if err := l.compile(); err != nil {
		return nil, err
	}
	for _, r := range rules {
		if err := l.harmLine(r[1]); err != nil {
			return nil, fmt.Errorf("%s: %w", r[0], err)
		}
	}
	_, err = l.setList(strings.Fields(marks))
	for _, e := range l.entries[l.sets["ending"]] {
		l.endings[e] = true
	}
	return l, err
}

// sections adds the sets of a file, and returns the lines of its harms with their positions: they can be parsed only
// once all sets are known.
func (l *lexicon) sections(file, text string, rules [][2]string) ([][2]string, error) {
	set, inHarm, number := -1, false, 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		place := file + ":" + strconv.Itoa(number)
		if name, ok := strings.CutPrefix(line, "[set "); ok {
			set, inHarm = l.set(strings.TrimSuffix(name, "]")), false
			continue
		}
		if strings.HasPrefix(line, "[harm ") {
			set, inHarm = -1, true
		}
		switch {
		case inHarm:
			rules = append(rules, [2]string{place, line})
		case set < 0:
			return nil, fmt.Errorf("%s: %q is in no set", place, line)
		default:
			for entry := range strings.SplitSeq(line, ",") {
				if entry = strings.TrimSpace(entry); entry != "" {
					l.entries[set] = append(l.entries[set], entry)
				}
			}
		}
	}
	return rules, nil
}

// set returns the number of a set, and creates it if necessary.
func (l *lexicon) set(name string) int {
	if i, ok := l.sets[name]; ok {
		return i
	}
	i := len(l.names)
	l.sets[name] = i
	l.names = append(l.names, name)
	l.entries = append(l.entries, nil)
	l.species = append(l.species, "")
	if s := catalogue.Species(name); slices.Contains(catalogue.AllSpecies(), s) {
		l.species[i] = s
	}
	return i
}

// compile turns all entries into phrases.
func (l *lexicon) compile() error {
	for set := range l.entries {
		entries, err := l.expand(set, 0)
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, entry := range entries {
			p := parsePhrase(set, entry)
			if key := fmt.Sprint(p.words); !seen[key] {
				seen[key] = true
				l.add(p)
			}
		}
	}
	return nil
}

// expand returns the entries of a set, with those of sets that it names: "@other" includes all entries of a set, and
// "can <animal>" is a phrase for each of them.
func (l *lexicon) expand(set, depth int) ([]string, error) {
	if depth > 4 {
		return nil, fmt.Errorf("set %s includes itself", l.names[set])
	}
	var list []string
	for _, entry := range l.entries[set] {
		before, rest, slot := strings.Cut(entry, "<")
		name, after, _ := strings.Cut(rest, ">")
		if included, ok := strings.CutPrefix(entry, "@"); ok {
			name, slot = included, true
		}
		if !slot {
			list = append(list, entry)
			continue
		}
		other, ok := l.sets[strings.TrimSpace(name)]
		if !ok {
			return nil, fmt.Errorf("set %s: %q names no set", l.names[set], entry)
		}
		inner, err := l.expand(other, depth+1)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(entry, "@") {
			before = ""
		}
		for _, e := range inner {
			list = append(list, strings.TrimSpace(before+e+after))
		}
	}
	return list, nil
}

// parsePhrase parses an entry.
func parsePhrase(set int, entry string) *phrase {
	p := &phrase{set: set}
	for w := range strings.FieldsSeq(entry) {
		e := element{word: w}
		switch {
		case w == "*":
			e = element{gap: true}
		case strings.HasPrefix(w, "("):
			e.keep, e.word = true, strings.Trim(w, "()")
		}
		if exact, ok := strings.CutPrefix(e.word, "="); ok {
			e.exact, e.word = true, exact
		} else if !e.gap {
			e.word = words.Stem(e.word)
		}
		p.words = append(p.words, e)
	}
	return p
}

// add adds a phrase.
func (l *lexicon) add(p *phrase) {
	for _, e := range p.words {
		if !e.gap {
			l.vocabulary(e.word)
		}
	}
	key := p.words[0].word
	l.phrases[key] = append(l.phrases[key], p)
}

// vocabulary adds a word that may be misspelled.
func (l *lexicon) vocabulary(w string) {
	if l.spelt[w] {
		return
	}
	l.spelt[w], l.known[w] = true, true
	if len(w) >= 5 && w[0] >= 'a' && w[0] <= 'z' {
		l.spelling[w[0]-'a'] = append(l.spelling[w[0]-'a'], spelling{w, letters(w)})
	}
}

// letters returns the letters of a word, as bits.
func letters(w string) uint32 {
	var m uint32
	for i := range len(w) {
		if c := w[i] - 'a'; c < 26 {
			m |= 1 << c
		}
	}
	return m
}

// respell returns the words of the vocabulary that a word probably misspells, only the nearest ones.
func (l *lexicon) respell(w string) []string {
	if len(w) < 5 || w[0] < 'a' || w[0] > 'z' || l.known[w] {
		return nil
	}
	m := letters(w)
	best, list := 3, []string(nil)
	for _, s := range l.spelling[w[0]-'a'] {
		if bits.OnesCount32(m^s.mask) > 4 || !words.Misspells(w, s.word) {
			continue
		}
		switch d := words.Distance(w, s.word); {
		case d < best:
			best, list = d, []string{s.word}
		case d == best:
			list = append(list, s.word)
		}
	}
	return list
}

// namesSpeciesAt reports whether a word begins a phrase for an animal.
func (l *lexicon) namesSpeciesAt(w string) bool {
	return slices.ContainsFunc(l.phrases[w], func(p *phrase) bool { return l.species[p.set] != "" })
}
