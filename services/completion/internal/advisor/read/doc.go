// Package read finds what a turn of a conversation mentions, and what kind of answer it wants. It knows words but not
// the conversation: package plan decides what a turn means after others.
//
// The catalogue's table of attributes describes what is said about pets, and data/lexicon.yaml what people say about
// themselves and how they say things. A linear model tells the kind of answer. It has learned from data/intents, and
// from the ways in which people ask for the guides' passages. The code itself contains no vocabulary.
package read
