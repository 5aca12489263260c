// Package chat is the domain of the completion service: what a completion is, what
// a caller may ask for, and the rules that hold in every process and for every caller.
// It declares the service's ports: [Log], [Engine], [Memory], [Counter], [Cluster] and
// [Observer]. Package service acts on them.
//
// The package has no goroutines and no clock, and knows neither gRPC nor HTTP nor any store. It imports only the
// standard library and internal/beside.
package chat
