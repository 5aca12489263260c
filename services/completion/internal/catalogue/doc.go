// Package catalogue is the store's knowledge: the pets for adoption, their breeds, and care guides with a full-text
// search.
//
// The data is embedded in the binary and checked strictly when it is loaded, so a running process has no dangling
// reference and no value outside its range. A [Catalogue] never changes after [Load]. Its methods are safe for
// concurrent use, and what they return must not be changed.
//
// The package does not know conversations or the wording of answers.
package catalogue
