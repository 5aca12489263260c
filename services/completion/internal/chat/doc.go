// Package chat is the domain of the completion service: what a completion is, what
// may be asked of one, and the rules that hold in every process and for every caller.
// It declares as ports what the service needs: a [Log], an [Engine], a [Memory], a [Counter], a [Cluster] and an
// [Observer]. Package service acts on them.
//
// The package has no goroutines and no clock, and knows neither gRPC nor HTTP nor any store. It imports the
// standard library, and nothing else.
package chat
