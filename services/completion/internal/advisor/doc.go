// Package advisor is the store's own engine: a pet-adoption advisor that is embedded, needs
// no network and answers equal requests with equal words.
//
// An answer is made in five steps, each a package of its own over the catalogue:
//
//   - words and catalogue find passages and hold the table of attributes;
//   - read says what a turn mentions and what kind of answer it wants;
//   - triage says whether an animal is in danger, and comes before everything else;
//   - plan follows the conversation and decides what the answer has to say;
//   - compose writes it.
//
// This package is the rest: it takes requests and shows answers as tokens, in time.
//
// It is no language model. What it does not understand it says, and it never states what
// the catalogue does not hold: no diagnosis, no dose, no promise that a pet is free of
// allergens.
package advisor
