//go:build !race

package compose

// raced reports that the race detector is on, which makes everything many times slower.
const raced = false
