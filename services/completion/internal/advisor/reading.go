package advisor

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// A token is a word as utterances are compared: lower case, without apostrophes.
type token struct {
	text             string
	start, end       int // byte offsets
	sentence, clause int
}

// tokenize splits text into words. A hyphen separates words; commas and conjunctions
// that turn the thought end a clause, full stops a sentence.
func tokenize(text string) []token {
	var list []token
	var word strings.Builder
	start, sentence, clause := 0, 0, 0
	flush := func(end int) {
		if word.Len() == 0 {
			return
		}
		w := word.String()
		word.Reset()
		if turnsThought(w) {
			clause++
		}
		list = append(list, token{w, start, end, sentence, clause})
	}
	runes := []rune(text)
	at := 0
	for i, r := range runes {
		size := len(string(r))
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '$' || r == '€' || r == '£':
			if word.Len() == 0 {
				start = at
			}
			word.WriteRune(unicode.ToLower(r))
		case (r == '\'' || r == '’' || r == '`') && word.Len() > 0:
		case (r == ',' || r == '.') && between(runes, i, unicode.IsDigit):
			if r == '.' {
				word.WriteRune(r)
			}
		default:
			flush(at)
			switch r {
			case '.', '!', '?', '\n':
				sentence++
				clause++
			case ',', ';', ':', '(', ')', '—', '–', '"':
				clause++
			}
		}
		at += size
	}
	flush(at)
	return splitAtAnd(list)
}

// splitAtAnd ends a clause at an "and" that begins a new statement: "I have no dog
// and I like cats".
func splitAtAnd(list []token) []token {
	more := 0
	for i := range list {
		if list[i].text == "and" && i+1 < len(list) && oneOf(list[i+1].text, "i", "im", "we", "my", "our", "id", "ive", "were", "he", "she", "it") {
			more++
		}
		list[i].clause += more
	}
	return list
}

func between(runes []rune, i int, is func(rune) bool) bool {
	return i > 0 && i+1 < len(runes) && is(runes[i-1]) && is(runes[i+1])
}

func turnsThought(w string) bool {
	return oneOf(w, "but", "however", "though", "although", "because", "since", "so", "whereas", "yet", "while")
}

// A reading is a piece of an utterance, a sentence or a part of one, with what it
// mentions.
type reading struct {
	text   string
	lower  string // text with words as in tokens and one space between them
	tokens []token
	found  map[string][]mention
	names  []catalogue.Mention
}

func (a *Advisor) read(text string) *reading {
	r := &reading{text: text, tokens: tokenize(text), names: a.cat.Names(text)}
	a.correct(r)
	words := make([]string, len(r.tokens))
	for i, t := range r.tokens {
		words[i] = t.text
	}
	r.lower = strings.Join(words, " ")
	r.found = a.lexicon.find(r.tokens)
	return r
}

// has reports whether the reading mentions one of values of a group; without values
// any of the group.
func (r *reading) has(group string, values ...string) bool {
	for _, m := range r.found[group] {
		if len(values) == 0 || slices.Contains(values, m.value) {
			return true
		}
	}
	return false
}

// first returns the first value of a group that is mentioned, or "".
func (r *reading) first(group string) string {
	if list := r.found[group]; len(list) > 0 {
		return list[0].value
	}
	return ""
}

// isTalk reports whether small talk makes up all of the reading but for a few words.
func (r *reading) isTalk() bool {
	n := 0
	for _, m := range r.found["talk"] {
		n += m.to - m.from
	}
	return n > 0 && len(r.tokens)-n <= 2
}

// breeds returns the breeds that are named, each once.
func (r *reading) breeds() []*catalogue.Breed {
	var list []*catalogue.Breed
	for _, m := range r.names {
		if m.Breed != nil && !slices.Contains(list, m.Breed) {
			list = append(list, m.Breed)
		}
	}
	return list
}

// pets returns the pets that are named, each once.
func (r *reading) pets() []*catalogue.Pet {
	var list []*catalogue.Pet
	for _, m := range r.names {
		if m.Pet != nil && !slices.Contains(list, m.Pet) {
			list = append(list, m.Pet)
		}
	}
	return list
}

// foreign reports whether the reading is not English: by common words of other
// languages, or by its script.
func (r *reading) foreign() bool {
	letters, other := 0, 0
	for _, c := range r.text {
		if unicode.IsLetter(c) {
			letters++
			if !unicode.Is(unicode.Latin, c) {
				other++
			}
		}
	}
	return other*2 > letters && letters > 0 || len(r.found["foreign"]) >= 2 && len(r.found["foreign"])*3 >= len(r.tokens)
}

// word returns the text of token i, or "" outside.
func (r *reading) word(i int) string {
	if i < 0 || i >= len(r.tokens) {
		return ""
	}
	return r.tokens[i].text
}

// begins reports whether the reading begins with one of phrases.
func (r *reading) begins(phrases ...string) bool {
	for _, p := range phrases {
		if r.lower == p || strings.HasPrefix(r.lower, p+" ") {
			return true
		}
	}
	return false
}

// says reports whether the reading has one of phrases, at word boundaries.
func (r *reading) says(phrases ...string) bool {
	padded := " " + r.lower + " "
	for _, p := range phrases {
		if strings.Contains(padded, " "+p+" ") {
			return true
		}
	}
	return false
}

var (
	sentenceEnd = regexp.MustCompile(`[.!?]+["')]*(?:\s+|$)|\n+`)
	// A second question joined to a first one: "how old is she and is she healthy?".
	joinedAsk = regexp.MustCompile(`(?i)[,;]?\s+(?:and|also|plus|but)\s+(?:also\s+)?((?:how|what|what's|which|where|when|why|who|should|could you|can you|do you|do i|does|is it|is he|is she|is there|is that|are they|are there|can i|can he|can she|can it|can they|will|tell me)\b)`)
)

// sentences splits an utterance into what is read on its own.
func sentences(text string) []string {
	var list []string
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			list = append(list, s)
		}
	}
	for _, s := range splitSentences(text) {
		from := 0
		for _, at := range joinedAsk.FindAllStringSubmatchIndex(s, -1) {
			add(s[from:at[0]])
			from = at[2]
		}
		add(s[from:])
	}
	return list
}

func splitSentences(text string) []string {
	var list []string
	from := 0
	for _, at := range sentenceEnd.FindAllStringIndex(text, -1) {
		if abbreviates(text[:at[0]]) && text[at[0]] == '.' {
			continue
		}
		list = append(list, text[from:at[1]])
		from = at[1]
	}
	return append(list, text[from:])
}

// abbreviates reports whether a text ends in an abbreviation or a list number, whose
// full stop ends no sentence.
func abbreviates(s string) bool {
	at := strings.LastIndexAny(s, " \n(") + 1
	last := strings.ToLower(s[at:])
	numbered := at == 0 || s[at-1] == '\n'
	return oneOf(last, "st", "mr", "mrs", "ms", "dr", "vs", "e.g", "i.e", "approx", "incl", "max", "min") ||
		numbered && strings.Trim(last, "0123456789") == ""
}

func oneOf(s string, values ...string) bool { return slices.Contains(values, s) }
