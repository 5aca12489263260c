package compose

// A Length is the wished length of an answer.
type Length uint8

// The lengths.
const (
	Brief Length = iota
	Short
	Normal
	Long
)

// by returns the value for a length.
func (l Length) by(brief, short, normal, long int) int {
	return [...]int{brief, short, normal, long}[min(l, Long)]
}

// A Voice is how to phrase an answer: its length, and which of several equivalent phrases. Choice is its index among
// the answers to one request.
type Voice struct {
	Length Length
	Seed   Seed // equal seeds give equal words
	Choice int
}

// A Seed is the hash of a text, computed once because a text may be long.
type Seed uint64

// SeedOf returns the seed of a text.
func SeedOf(text string) Seed {
	const offset = 14695981039346656037
	return Seed(offset).with(text).with("\x00")
}

// with returns the seed of a text that continues with another one, by FNV-1a.
func (s Seed) with(text string) Seed {
	const prime = 1099511628211
	for i := range len(text) {
		s = (s ^ Seed(text[i])) * prime
	}
	return s
}

// pick chooses one of equivalent phrases. key distinguishes the calls. The choices of one request take turns, so
// neighbors differ.
func (v Voice) pick(key string, options ...string) string {
	n := uint64(len(options))
	return options[(v.draw(key)%n+uint64(v.Choice))%n] //nolint:gosec // a choice is not negative
}

// draw returns a number that depends only on the seed and the key.
func (v Voice) draw(key string) uint64 {
	return uint64(v.Seed.with(key)) >> 7
}
