// Package advisor is the store's embedded engine: a pet-adoption advisor that needs no network, and answers equal
// requests with equal words.
//
// An answer takes five steps, each in a package over the catalogue:
//
//   - words and catalogue find passages and hold the table of attributes;
//   - read finds what a turn mentions and which kind of answer it wants;
//   - triage decides whether an animal is in danger, and comes before everything else;
//   - plan follows the conversation and decides what the answer has to say;
//   - compose writes it.
//
// This package does the rest: it accepts requests, and shows answers as tokens, at a pace.
//
// It is no language model. It says what it does not understand, and never states what the catalogue does not
// hold: no diagnosis, no dose, no promise that a pet is free of allergens.
package advisor
