//go:build !race

package catalogue

// raced reports that the race detector is on, which makes everything many times slower.
const raced = false
