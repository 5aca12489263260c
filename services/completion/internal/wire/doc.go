// Package wire converts between the contract petstore.completion.v1 and the domain; its functions name the
// direction. It is the only package that knows both forms. Enumerations in the domain have the contract's
// names. A value that one side does not know becomes the zero value, which the domain's validation refuses if
// it matters.
package wire
