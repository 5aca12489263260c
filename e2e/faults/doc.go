// Package faults tests what the service promises while its processes die, hang, restart and lose their connections.
// It runs real processes, many clients, and a schedule of faults from a seed.
//
// Package checker gets what every client received, what the log holds and what the engine produced, and decides
// whether the promises I1 to I14 were kept. If not, the test names the seed and keeps the history and the logs.
package faults
