package catalogue

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A word is a word of a text: letters and digits, folded for comparison.
type word struct {
	text       string // lower case, without accents, apostrophes and "'s"
	start, end int    // byte offsets of the word in the text
	capital    bool   // starts with a capital, the rest is not all capitals
	opens      bool   // first of its sentence, where a capital means nothing
}

// wordsOf splits a text into words. A hyphen separates words.
func wordsOf(text string) []word {
	var words []word
	opens := true
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !isWordRune(r) {
			opens = opens || strings.ContainsRune(".!?\n*:", r)
			i += size
			continue
		}
		end := wordEnd(text, i)
		w := word{text: fold(text[i:end]), start: i, end: end, opens: opens}
		w.capital = unicode.IsUpper(r) && text[i:end] != strings.ToUpper(text[i:end])
		if w.text != "" {
			words = append(words, w)
		}
		opens, i = false, end
	}
	return words
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func wordEnd(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		apostrophe := (r == '\'' || r == '’') && i+size < len(text)
		if apostrophe {
			next, _ := utf8.DecodeRuneInString(text[i+size:])
			apostrophe = unicode.IsLetter(next)
		}
		if !isWordRune(r) && !apostrophe {
			break
		}
		i += size
	}
	return i
}

// fold makes spellings of one word equal: case, the accents of European names,
// apostrophes and a possessive s do not count.
func fold(s string) string {
	s = strings.ReplaceAll(strings.ToLower(s), "’", "'")
	s = strings.TrimSuffix(s, "'s")
	return strings.Map(func(r rune) rune {
		switch r {
		case 'á', 'à', 'â', 'ä', 'ã', 'å':
			return 'a'
		case 'é', 'è', 'ê', 'ë':
			return 'e'
		case 'í', 'ì', 'î', 'ï':
			return 'i'
		case 'ó', 'ò', 'ô', 'ö', 'õ':
			return 'o'
		case 'ú', 'ù', 'û', 'ü':
			return 'u'
		case 'ñ':
			return 'n'
		case 'ç':
			return 'c'
		case '\'':
			return -1
		}
		return r
	}, s)
}

// singulars returns what a word may be the plural of, itself first.
func singulars(s string) []string {
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
