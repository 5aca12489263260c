package chat

import (
	"time"
)

// Memory bounds what completions hold together while they are generated.
type Memory interface {
	// Share returns a share that begins empty, of work for a principal.
	Share(principal string) Share
}

// A Share is what one completion has taken of the memory. It is safe for concurrent use.
type Share interface {
	// Grow takes n bytes more, or says for the caller why not.
	Grow(n int) error
	// Force takes n bytes more whether they are there or not.
	Force(n int)
	// Release gives back what is left.
	Release()
}

// NoRoom returns the error for a caller whose request there is no memory for. why may be nil.
func NoRoom(why error) *Error {
	return &Error{
		Code: CodeOverloaded, RetryAfter: time.Second, Refusal: RefusedMemory, Err: why,
		Message: "The service holds as many large requests and answers as it can. Please try again, or ask for less.",
	}
}
