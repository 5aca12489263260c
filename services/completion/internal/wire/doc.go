// Package wire converts between the contract petstore.completion.v1 and the domain, in the
// directions that its functions name. It is the only place that knows both spellings of a thing.
// The values of enumerations have the contract's names in the domain. A value that one side has no
// name for becomes the zero value, which the domain's validation refuses where it matters.
package wire
