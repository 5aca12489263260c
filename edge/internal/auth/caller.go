// Package auth identifies the caller of a request, and decides what it may do.
//
// There are three authenticators: [None] treats all requests as from one anonymous caller, [Keys] reads a
// file of API keys, and [JWT] checks tokens of an identity provider. With [Tickets], a caller passes on the
// right to follow one completion: to an EventSource, which cannot send a header, or to other people.
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

// A Caller is the sender of a request. Requests share it, and it is never changed.
type Caller struct {
	// Principal owns what the caller creates, and sees only what it owns.
	Principal string
	// Scopes are what the caller may do.
	Scopes Set[Scope]
	// Models are the models that the caller may use and list. It may also read its principal's completions
	// of other models.
	Models Set[string]
	// RequestsPerMinute and Streams limit the principal's requests and open streams; 0: the
	// edge's default.
	RequestsPerMinute, Streams int
	// Expires ends the caller's right, running streams included; zero: never.
	Expires time.Time
	// Share is the nonce of the share by which a guest reads the principal's completion; "": the caller
	// is the principal.
	Share string
}

// A Set is the things of one kind that a caller may use: all, or the named ones. The zero value is
// empty, so that a right must be granted explicitly.
type Set[T comparable] struct {
	All   bool
	Names []T
}

// All returns the set of everything.
func All[T comparable]() Set[T] { return Set[T]{All: true} }

// Only returns the set of these things.
func Only[T comparable](names ...T) Set[T] { return Set[T]{Names: names} }

// Has reports whether a thing is in the set.
func (s Set[T]) Has(name T) bool { return s.All || slices.Contains(s.Names, name) }

// A Scope is a right to a kind of action.
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

// The errors of an [Authenticator]. The texts are for the log. A caller cannot tell the
// last two apart, nor whether a key ever existed.
var (
	ErrMissing   = errors.New("auth: no credentials")
	ErrMalformed = errors.New("auth: no bearer credentials")
	ErrInvalid   = errors.New("auth: wrong credentials")
	ErrExpired   = errors.New("auth: credentials have expired")
)

// An Authenticator identifies the sender of a request by its header. Its errors are those above,
// perhaps wrapped. It is safe for concurrent use.
type Authenticator interface {
	Authenticate(h http.Header) (*Caller, error)
}

// None is the Authenticator that requires no credentials. It ignores keys, which every
// SDK sends.
type None struct{}

// Authenticate implements [Authenticator].
func (None) Authenticate(http.Header) (*Caller, error) { return anonymous, nil }

var anonymous = &Caller{Principal: callers.Anonymous, Scopes: All[Scope](), Models: All[string]()} //nolint:gochecknoglobals // a constant

// maxCredentials bounds credentials, in bytes. All keys and tokens of ours are shorter.
const maxCredentials = 16 << 10

// bearer returns the credentials of "Authorization: Bearer CREDENTIALS". The scheme's
// case does not matter. A second such header is an error, because it makes the first one doubtful.
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
