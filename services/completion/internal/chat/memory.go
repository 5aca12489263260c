package chat

import (
	"time"
)

// Memory bounds how much memory all completions together hold while they are generated.
type Memory interface {
	// Share returns an empty share for work on behalf of a principal.
	Share(principal string) Share
}

// A Share is the memory that one completion has taken. It is safe for concurrent use.
type Share interface {
	// Grow takes n more bytes. Its error, if any, is for the caller.
	Grow(n int) error
	// Force takes n more bytes, even beyond the bound.
	Force(n int)
	// Release returns all memory of the share.
	Release()
}

// NoRoom returns the error for a caller if there is no memory for its request. why may be nil.
func NoRoom(why error) *Error {
	return &Error{
		Code: CodeOverloaded, RetryAfter: time.Second, Refusal: RefusedMemory, Err: why,
		Message: "The service holds as many large requests and answers as it can. Please try again, or ask for less.",
	}
}
