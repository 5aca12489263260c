//go:build race

package catalogue

// raced tells that the race detector is on, with which everything takes many times as long.
const raced = true
