// Package plan decides what an answer has to say: it follows a conversation turn by turn,
// keeps what is wanted, who it is for and what was shown in a [Frame], and turns the last
// turn into a [Plan]. It writes no words of the answer.
package plan
