// Package advisor is the store's own engine: a pet-adoption advisor that is
// embedded, needs no network and answers equal requests with equal words.
//
// An answer is made in four steps, each a pure function of the one before:
//
//   - read: the conversation becomes utterances with what they mention (reading.go,
//     profile.go, conversation.go);
//   - plan: the last utterance becomes one or more asks (intent.go, followup.go);
//   - compose: each ask becomes paragraphs, from the catalogue and nothing else
//     (recommend.go, compare.go, care.go and the like; answer.go puts them together);
//   - stream: the text becomes tokens, in time (tokens.go, stream.go).
//
// It is no language model. What it does not understand it says, and it never states
// what the catalogue does not hold: no diagnosis, no dose, no promise that a pet is
// free of allergens.
package advisor
