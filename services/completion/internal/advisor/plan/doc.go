// Package plan decides what an answer has to say. It follows a conversation turn by turn, keeps what is wanted, for
// whom, and what was shown in a [Frame], and turns the last turn into a [Plan]. It does not write the answer.
package plan
