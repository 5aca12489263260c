// Package catalogue is what the store knows: the pets that wait for a home, the
// breeds they belong to, and care guides with a full-text search over them.
//
// The data is embedded in the binary and checked strictly when it is loaded, so a
// process that started has no dangling reference and no value outside its range. A
// [Catalogue] never changes after [Load]; all its methods may be called by several
// goroutines at once, and what they return must not be changed.
//
// The package knows neither conversations nor how an answer is phrased.
package catalogue
