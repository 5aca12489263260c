// Package triage says whether what somebody wrote is an animal in danger, and of which
// kind.
//
// It reads for recall: sets of words (signs, parts of the body, substances, ways of
// getting at them, kinds of animals) may stand in any order in a sentence or in two
// neighbors, and rules conjoin them to harms. Sentences about the past, about
// animals in general, about what might happen or about people are set aside. All
// words, rules and guides are data; see data/README.md. The package knows no pet of
// the store and writes no answer.
package triage
