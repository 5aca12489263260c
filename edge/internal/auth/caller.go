// Package auth identifies the caller of a request, and decides what it may do.
//
// The rest of the edge has three authenticators to choose from: [None] takes everybody for the same
// anonymous caller, [Keys] reads a file of API keys, and [JWT] checks tokens of an identity provider. With
// [Tickets], a caller passes on the right to follow one completion, to an EventSource, which cannot send a
// header, or to other people.
//
// Of HTTP, the package knows only the header Authorization (RFC 9110, section 11.6.2; RFC 6750).
package auth

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pawstream/pawstream/internal/callers"
	"github.com/pawstream/pawstream/internal/header"
)

// A Caller is who sent a request. It is shared between requests and never changed.
type Caller struct {
	// Principal owns what the caller creates, and sees nothing of anybody else's.
	Principal string
	// Scopes are what the caller may do.
	Scopes Set[Scope]
	// Models are those that the caller may ask, and sees that there are. What its principal
	// has got from others it may read.
	Models Set[string]
	// RequestsPerMinute and Streams bound what the principal does at once; 0: the
	// edge's usual bound.
	RequestsPerMinute, Streams int
	// Expires ends the caller's right, running streams included; zero: never.
	Expires time.Time
	// Share is what a guest's right hangs on, who reads what the principal has shared; "": it is the
	// principal.
	Share string
}

// A Set is what somebody may use of the things of one kind: all, or those that are named. The
// zero value is nothing, so that a right which nobody has given is none.
type Set[T comparable] struct {
	All   bool
	Names []T
}

// All returns the set of all things.
func All[T comparable]() Set[T] { return Set[T]{All: true} }

// Only returns the set of these things.
func Only[T comparable](names ...T) Set[T] { return Set[T]{Names: names} }

// Has reports whether a thing is in the set.
func (s Set[T]) Has(name T) bool { return s.All || slices.Contains(s.Names, name) }

// A Scope is a kind of thing that a caller may do.
type Scope string

// The scopes.
const (
	ScopeCreate Scope = "completions.create" // ask for completions
	ScopeRead   Scope = "completions.read"   // follow, get and list them
	ScopeManage Scope = "completions.manage" // cancel, change and delete them
	ScopeModels Scope = "models.read"        // see which models there are
)

func (s Scope) known() bool {
	return s == ScopeCreate || s == ScopeRead || s == ScopeManage || s == ScopeModels
}

// May reports whether the caller has a scope.
func (c *Caller) May(s Scope) bool { return c.Scopes.Has(s) }

// MayAsk reports whether the caller may use a model.
func (c *Caller) MayAsk(model string) bool { return c.Models.Has(model) }

// What an [Authenticator] finds wrong. The text is for the log; a caller is not told
// the last two apart, nor whether there ever was such a key.
var (
	ErrMissing   = errors.New("auth: no credentials")
	ErrMalformed = errors.New("auth: no bearer credentials")
	ErrInvalid   = errors.New("auth: wrong credentials")
	ErrExpired   = errors.New("auth: credentials have expired")
)

// An Authenticator tells who sends a request, by its header: one of the errors above,
// perhaps wrapped. It is safe for concurrent use.
type Authenticator interface {
	Authenticate(h http.Header) (*Caller, error)
}

// None is the Authenticator that asks nobody. A key that is sent all the same, as every
// SDK does, means nothing.
type None struct{}

// Authenticate implements [Authenticator].
func (None) Authenticate(http.Header) (*Caller, error) { return anonymous, nil }

var anonymous = &Caller{Principal: callers.Anonymous, Scopes: All[Scope](), Models: All[string]()} //nolint:gochecknoglobals // a constant

// maxCredentials bounds what is looked at, in bytes: more than any key or token of ours.
const maxCredentials = 16 << 10

// bearer returns the credentials of "Authorization: Bearer CREDENTIALS". The scheme's
// case does not matter; a second such header makes the first one doubtful.
func bearer(h http.Header) (string, error) {
	values := h.Values(header.Authorization)
	if len(values) == 0 {
		return "", ErrMissing
	}
	scheme, credentials, _ := strings.Cut(values[0], " ")
	credentials = strings.Trim(credentials, " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || credentials == "" || len(credentials) > maxCredentials {
		return "", ErrMalformed
	}
	return credentials, nil
}
