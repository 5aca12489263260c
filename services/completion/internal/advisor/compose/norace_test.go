//go:build !race

package compose

// raced tells that the race detector is on, with which everything takes many times as long.
const raced = false
