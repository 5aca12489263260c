// Package wire converts between the contract petstore.completion.v1 and the domain.
// It is the only place that knows both spellings of a thing. What is a mere list of
// names on both sides is a table; a value without a row becomes the zero value, which
// the domain's validation refuses where it matters.
package wire
