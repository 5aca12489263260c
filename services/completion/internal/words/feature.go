package words

// A Feature is a hash of an element of a text: a stem, a pair of stems, or four successive letters. Equal
// elements have equal features in every process.
type Feature uint32

// The kinds of features, mixed into their hash.
const (
	stemKind = 's'
	pairKind = 'p'
	gramKind = 'g'
)

// gramLength is the number of letters in a part of a word.
const gramLength = 4

// Features calls yield for every feature of a list of stems, with its weight: 1 for a stem, and pair for two
// successive ones. All parts of a word together weigh about as much as the word.
func Features(stems []string, pair float32, yield func(Feature, float32)) {
	before := ""
	for i, s := range stems {
		yield(hash(stemKind, s, ""), 1)
		if i > 0 {
			yield(hash(pairKind, before, s), pair)
		}
		before = s
		grams(s, yield)
	}
}

// Whole returns the feature of a word as a whole.
func Whole(stem string) Feature { return hash(stemKind, stem, "") }

// grams yields the parts of a word of four letters or more, with its beginning and end marked. In shorter
// words, a part would be nearly the whole word.
func grams(s string, yield func(Feature, float32)) {
	if len(s) < gramLength || len(s) > longest {
		return
	}
	padded := "^" + s + "$"
	n := len(padded) - gramLength + 1
	weight := 0.8 / float32(n)
	if weight < 0.12 {
		weight = 0.12
	}
	for i := range n {
		yield(hash(gramKind, padded[i:i+gramLength], ""), weight)
	}
}

// hash is FNV-1a over a kind and up to two texts.
func hash(kind byte, a, b string) Feature {
	const offset, prime = 2166136261, 16777619
	h := uint32(offset)
	step := func(c byte) { h = (h ^ uint32(c)) * prime }
	step(kind)
	for i := range len(a) {
		step(a[i])
	}
	if b != "" {
		step(0)
		for i := range len(b) {
			step(b[i])
		}
	}
	return Feature(h)
}
