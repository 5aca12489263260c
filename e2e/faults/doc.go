// Package faults tests what the service promises while its processes die, hang,
// restart and lose their connections: real processes, many clients, and a schedule of
// faults that a seed decides.
//
// What every client received, what the log holds and what the engine produced is
// given to package checker, which decides whether the promises I1 to I14 were kept.
// Where they were not, the test names the seed and keeps the history and the logs.
package faults
