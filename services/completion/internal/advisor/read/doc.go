// Package read says what a turn of a conversation mentions and what kind of answer it
// wants. It knows words and not the conversation: what a turn means after others is the
// business of package plan.
//
// What is said about pets is read by the catalogue's table of attributes, what is said
// about the person and how things are said by data/lexicon.yaml, and the kind of answer by
// a linear model that has learned from data/intents and from the ways in which people ask
// for the guides' passages. No word that a person may say stands in the code.
package read
