// Package spec holds a model of the log protocol. Its test has the model checker spin
// prove that the model keeps the invariants, and that it would not without what is there
// to keep them.
package spec
