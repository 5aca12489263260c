//go:build !race

package plan

// raced tells that the race detector is on, with which everything takes many times as long.
const raced = false
