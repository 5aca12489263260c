package words

import "strings"

// irregular maps irregular forms to their base forms.
var irregular = map[string]string{ //nolint:gochecknoglobals // a table of the language
	"ate": "eat", "eaten": "eat", "eating": "eat", "bit": "bite", "bitten": "bite", "biting": "bite", "bled": "bleed",
	"fell": "fall", "fallen": "fall", "broke": "break", "broken": "break", "drank": "drink", "drunk": "drink",
	"got": "get", "gotten": "get", "getting": "get", "gave": "give", "given": "give", "went": "go", "gone": "go", "goes": "go", "going": "go",
	"kept": "keep", "left": "leave", "lost": "lose", "made": "make", "ran": "run", "running": "run", "saw": "see", "seen": "see",
	"slept": "sleep", "swollen": "swell", "threw": "throw", "thrown": "throw", "took": "take", "taken": "take",
	"thought": "think", "found": "find", "bought": "buy", "brought": "bring", "caught": "catch", "fought": "fight",
	"children": "child", "mice": "mouse", "geese": "goose", "teeth": "tooth", "feet": "foot", "people": "person",
	"better": "good", "best": "good", "worse": "bad", "worst": "bad", "wives": "wife", "knives": "knife", "lives": "live",
	"is": "be", "are": "be", "was": "be", "were": "be", "been": "be", "being": "be", "am": "be",
	"has": "have", "had": "have", "having": "have", "does": "do", "did": "do", "done": "do", "doing": "do",
	"dying": "die", "died": "die", "dies": "die", "lying": "lie", "tying": "tie", "puppies": "puppy", "pups": "pup",
	"stung": "sting", "stuck": "stick", "shook": "shake", "stole": "steal", "wet": "wet", "feces": "feces", "this": "this",
	"says": "say", "lively": "lively", "only": "only", "family": "family", "really": "real", "said": "say", "told": "tell", "paid": "pay", "sold": "sell", "spent": "spend", "fed": "feed", "bred": "breed",
	"his": "his", "its": "its", "as": "as", "us": "us", "yes": "yes", "bus": "bus", "gas": "gas", "always": "always", "news": "news",
}

// Stem removes the endings of plurals, tenses and adverbs, so that "litters", "littered" and "litter" are one
// word. It is no full stemmer: forms that it misses still share parts of words ([Features]).
func Stem(s string) string {
	if form, ok := irregular[s]; ok {
		return form
	}
	if len(s) < 4 {
		return s
	}
	if t, ok := strings.CutSuffix(s, "ies"); ok && len(t) > 1 {
		return t + "y"
	}
	for _, sibilant := range []string{"sses", "shes", "ches", "xes", "zes"} {
		if strings.HasSuffix(s, sibilant) {
			return s[:len(s)-2]
		}
	}
	if s[len(s)-1] == 's' && s[len(s)-2] != 's' && s[len(s)-2] != 'u' && s[len(s)-2] != 'i' {
		s = s[:len(s)-1]
	}
	if strings.HasSuffix(s, "eed") {
		return s // "bleed" is not a form of "ble"
	}
	for _, ending := range []string{"ing", "ied", "ed", "ly"} {
		t, ok := strings.CutSuffix(s, ending)
		if !ok || len(t) < 3 || !strings.ContainsAny(t, "aeiouy") {
			continue
		}
		switch ending {
		case "ied":
			return t + "y"
		case "ly":
			return t
		}
		return undouble(t)
	}
	if len(s) > 4 && s[len(s)-1] == 'e' {
		s = s[:len(s)-1]
	}
	return s
}

// undouble removes a doubled last consonant, as in "runn" of "running", and a final e, as [Stem] does for
// "bite".
func undouble(t string) string {
	n := len(t)
	if n > 3 && t[n-1] == t[n-2] && !strings.ContainsRune("aeioulsz", rune(t[n-1])) {
		return t[:n-1]
	}
	if n > 4 && t[n-1] == 'e' {
		return t[:n-1]
	}
	return t
}
