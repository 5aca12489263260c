// Package excerpt shortens texts of guides at places where a reader may stop: after a sentence or a list's item.
// Lengths are in words.
package excerpt

import "strings"

// Of shortens a passage to about this many words, at the end of a sentence or of a list's item. It always keeps the
// first sentence.
func Of(text string, words int) string {
	var kept []string
	left := words
	for block := range strings.SplitSeq(text, "\n\n") {
		if left <= 0 {
			break
		}
		var short string
		if isList(block) {
			short = firstItems(block, left)
		} else {
			short = Sentences(block, left)
			// "Do this:" is useless without its list.
			if short != block && strings.HasSuffix(block, ":") {
				short = block
			}
		}
		kept = append(kept, short)
		left -= Words(short)
	}
	return strings.Join(kept, "\n\n")
}

func isList(block string) bool {
	return strings.HasPrefix(block, "- ") || strings.HasPrefix(block, "1. ")
}

// slack is how much longer than requested an excerpt may be to complete a thought, in percent.
const slack = 25

// Sentences returns the first sentences of running text, of about this many words. It always returns the first one,
// and more if that is short.
func Sentences(block string, words int) string {
	all := Split(block)
	kept, n := "", 0
	for _, s := range all {
		size := Words(s)
		// A short first sentence alone would promise more than follows.
		if kept != "" && n+size > words+words*slack/100 && n*3 >= words {
			break
		}
		if kept != "" {
			kept += " "
		}
		kept += s
		n += size
	}
	return kept
}

func firstItems(block string, words int) string {
	var kept []string
	n := 0
	for line := range strings.Lines(block) {
		size := Words(line)
		if len(kept) > 1 && n+size > words+words*slack/100 {
			break
		}
		kept = append(kept, strings.TrimRight(line, "\n"))
		n += size
	}
	return strings.Join(kept, "\n")
}

// Words returns the number of words in a text.
func Words(s string) int { return len(strings.Fields(s)) }

// Split splits running text into sentences. Abbreviations and figures do not end a sentence.
func Split(text string) []string {
	text = strings.Join(strings.Fields(text), " ")
	var list []string
	from := 0
	for i := 0; i+2 < len(text); i++ {
		if !strings.ContainsRune(".!?", rune(text[i])) || text[i+1] != ' ' || abbreviates(text[from:i]) && text[i] == '.' && !endsInNumber(text[from:i]) {
			continue
		}
		list = append(list, text[from:i+1])
		from = i + 2
	}
	return append(list, text[from:])
}

func endsInNumber(s string) bool { return s != "" && s[len(s)-1] >= '0' && s[len(s)-1] <= '9' }

// abbreviates reports whether a text ends in an abbreviation or a list's number, whose full stop does not end a
// sentence.
func abbreviates(s string) bool {
	at := strings.LastIndexAny(s, " \n(") + 1
	last := strings.ToLower(s[at:])
	switch last {
	case "st", "mr", "mrs", "ms", "dr", "vs", "e.g", "i.e", "approx", "incl", "max", "min":
		return true
	}
	numbered := at == 0 || s[at-1] == '\n'
	return numbered && strings.Trim(last, "0123456789") == ""
}
