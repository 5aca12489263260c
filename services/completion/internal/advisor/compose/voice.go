package compose

import "hash/fnv"

// A Length is how long an answer should be.
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

// A Voice is how an answer is put: at what length, and with which of several equal
// phrases. Choice is its number among the answers to one request.
type Voice struct {
	Length Length
	Seed   string // equal seeds give equal words
	Choice int
}

// pick chooses one of equal phrases. key tells the places apart at which it is asked.
// The choices of one request take turns, so that those next to each other differ.
func (v Voice) pick(key string, options ...string) string {
	n := uint64(len(options))
	return options[(v.draw(key)%n+uint64(v.Choice))%n] //nolint:gosec // a choice is not negative
}

// draw returns a number that depends on the seed and the key only.
func (v Voice) draw(key string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(v.Seed + "\x00" + key)) // a hash never fails
	return h.Sum64() >> 7
}
