// Package triage decides whether a text describes an animal in danger, and which danger.
//
// It favours recall: words of several sets (signs, body parts, substances, ways of taking them, kinds of animals) may
// occur in any order in one sentence or in two neighboring ones, and rules combine them into harms. Sentences about
// the past, about animals in general, about possibilities or about people are set aside. All words, rules and guides
// are data: see data/README.md. The package does not know the store's pets, and writes no answers.
package triage
