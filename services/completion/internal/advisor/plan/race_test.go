//go:build race

package plan

// raced reports that the race detector is on, which makes everything many times slower.
const raced = true
