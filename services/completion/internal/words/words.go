// Package words splits text into words, and decides when two of them are the same word despite case, accents,
// endings and misspellings. It knows only English, and no domain.
package words

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Word is a run of letters and digits in a text.
type Word struct {
	// Text is the word folded for comparison: lower case, without the accents of
	// European names, apostrophes and a possessive s. An amount keeps its currency sign
	// and its decimal point ("$99.50").
	Text string
	// Stem is Text without the endings of plurals, tenses and adverbs.
	Stem       string
	Start, End int // byte offsets in the text
	// Sentence and Clause count from 0. A comma, a bracket or a colon ends a clause; a full stop, a question
	// mark or a line ending ends a sentence.
	Sentence, Clause int
	Capital          bool // begins with a capital and is not all capitals
	Opens            bool // is the first of its sentence, where a capital has no meaning
}

// Split splits a text into its words. A hyphen separates words.
func Split(text string) []Word {
	s := splitter{text: text, opens: true}
	for s.at < len(text) {
		r, size := utf8.DecodeRuneInString(text[s.at:])
		if s.begins(r) {
			s.word(r)
			continue
		}
		s.mark(r)
		s.at += size
	}
	return s.list
}

// Join returns the texts of words with a space before, between and after them.
func Join(list []Word) string {
	var b strings.Builder
	b.WriteByte(' ')
	for _, w := range list {
		b.WriteString(w.Text)
		b.WriteByte(' ')
	}
	return b.String()
}

// A splitter walks over a text.
type splitter struct {
	text             string
	at               int
	sentence, clause int
	opens            bool
	list             []Word
}

func (s *splitter) begins(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || isCurrency(r)
}

func isCurrency(r rune) bool { return r == '$' || r == '€' || r == '£' }

// word adds the word that begins at the current position.
func (s *splitter) word(first rune) {
	start, end := s.at, s.end()
	w := Word{
		Text: Fold(s.text[start:end]), Start: start, End: end,
		Sentence: s.sentence, Clause: s.clause, Opens: s.opens,
	}
	w.Capital = unicode.IsUpper(first) && (end-start == utf8.RuneLen(first) || s.text[start:end] != strings.ToUpper(s.text[start:end]))
	w.Stem = Stem(w.Text)
	if w.Text != "" {
		s.list = append(s.list, w)
		s.opens = false
	}
	s.at = end
}

// end returns the end of the word that begins at the current position. Apostrophes between letters, and points
// and commas between digits, are part of a word.
func (s *splitter) end() int {
	i := s.at
	var before rune
	for i < len(s.text) {
		r, size := utf8.DecodeRuneInString(s.text[i:])
		next, _ := utf8.DecodeRuneInString(s.text[i+size:])
		inside := unicode.IsLetter(r) || unicode.IsDigit(r) || i == s.at && isCurrency(r) ||
			(r == '\'' || r == '’' || r == '`') && unicode.IsLetter(before) && unicode.IsLetter(next) ||
			(r == '.' || r == ',') && unicode.IsDigit(before) && unicode.IsDigit(next)
		if !inside {
			break
		}
		before = r
		i += size
	}
	return i
}

// mark handles a character between two words.
func (s *splitter) mark(r rune) {
	switch r {
	case '.':
		if s.abbreviates() {
			return
		}
		s.endSentence()
	case '!', '?', '\n', '…', '。', '¿', '¡':
		s.endSentence()
	case ',', ';', ':', '(', ')', '—', '–', '"', '“', '”', '*':
		s.clause++
		s.opens = s.opens || r == '*' || r == ':'
	}
}

func (s *splitter) endSentence() {
	if !s.opens {
		s.sentence++
		s.clause++
	}
	s.opens = true
}

// abbreviates reports whether the full stop at the current position belongs to an abbreviation, an initial or a
// number of a list.
func (s *splitter) abbreviates() bool {
	if len(s.list) == 0 {
		return false
	}
	last := s.list[len(s.list)-1]
	if last.End != s.at {
		return false
	}
	switch last.Text {
	case "st", "mr", "mrs", "ms", "dr", "vs", "e", "g", "approx", "incl", "max", "min":
		return true
	}
	return last.Opens && strings.Trim(last.Text, "0123456789") == ""
}

var apostrophes = strings.NewReplacer("’", "'", "`", "'") //nolint:gochecknoglobals // does not change

// Fold makes spellings of one word equal.
func Fold(s string) string {
	if i := strings.IndexFunc(s, func(r rune) bool {
		return r >= utf8.RuneSelf || unicode.IsUpper(r) || r == '\'' || r == '`' || r == ','
	}); i < 0 {
		return s
	}
	s = strings.ToLower(apostrophes.Replace(s))
	s = strings.TrimSuffix(s, "'s")
	return strings.Map(foldRune, s)
}

func foldRune(r rune) rune {
	switch r {
	case 'á', 'à', 'â', 'ä', 'ã', 'å':
		return 'a'
	case 'é', 'è', 'ê', 'ë':
		return 'e'
	case 'í', 'ì', 'î', 'ï':
		return 'i'
	case 'ó', 'ò', 'ô', 'ö', 'õ', 'ø':
		return 'o'
	case 'ú', 'ù', 'û', 'ü':
		return 'u'
	case 'ñ':
		return 'n'
	case 'ç':
		return 'c'
	case '\'', ',':
		return -1
	}
	return r
}

// Singulars returns the possible singulars of a word, beginning with the word itself.
func Singulars(s string) []string {
	forms := []string{s}
	if len(s) < 4 || !strings.HasSuffix(s, "s") {
		return forms
	}
	if stem, ok := strings.CutSuffix(s, "ies"); ok {
		forms = append(forms, stem+"y", stem+"ie")
	}
	forms = append(forms, s[:len(s)-1])
	if stem, ok := strings.CutSuffix(s, "es"); ok {
		forms = append(forms, stem)
	}
	return forms
}

// OtherScript reports whether most letters are not Latin.
func OtherScript(text string) bool {
	letters, other := 0, 0
	for _, c := range text {
		if unicode.IsLetter(c) {
			letters++
			if !unicode.Is(unicode.Latin, c) {
				other++
			}
		}
	}
	return other*2 > letters
}
