package chat

import (
	"context"
	"encoding/hex"
	"errors"
	"iter"
	"slices"
	"time"
)

// ErrCannotContinue is the error that an engine yields if it cannot continue from the
// events that have been shown.
var ErrCannotContinue = errors.New("chat: engine cannot continue this completion")

// An Engine answers requests. It may be used by several goroutines at once.
type Engine interface {
	// Check refuses, before it is admitted, a request that the engine cannot honour. It returns
	// an [*Error] whose message and param are for the caller. The service has already
	// validated the request's ranges and the model's [Capabilities].
	Check(ctx context.Context, req *Request) error

	// Complete generates the answer: for each choice an [Opening], its deltas and a
	// [Finish]. The choices may interleave. It yields a [KindUsage] event after the
	// last finish and, if it can, also before it stops early; the last one yielded
	// counts. It never yields terminal events. KindProgress may come at any time.
	//
	// It works on the goroutine that ranges over it, and starts none that outlives the
	// range. A non-nil error is yielded last. The caller sees an [*Error] as it is,
	// and any other error as an internal one. When ctx ends, Complete returns
	// within 100 ms. [PrincipalOf] returns the principal that it works for.
	//
	// resume holds the events, without progress and usage, that readers have already seen of a
	// completion that was taken over from a dead process. The engine yields the events that follow
	// them, or [ErrCannotContinue].
	Complete(ctx context.Context, req *Request, resume []Event) iter.Seq2[Event, error]
}

// A Model answers requests under a name of its own.
type Model struct {
	ID string
	// Aliases are other names that requests may use for the model. Everything that the service
	// reports about the model uses its ID.
	Aliases       []string
	Created       time.Time
	OwnedBy       string
	Capabilities  Capabilities
	ContextWindow int // tokens of prompt and answer; 0: not known
	// Fingerprint identifies the configuration that answers. Equal requests to equal
	// fingerprints give equal answers, if the engine is deterministic.
	Fingerprint string
	Engine      Engine
}

// Fingerprint returns the name of a configuration with that hash.
func Fingerprint(sum []byte) string { return "fp_" + hex.EncodeToString(sum[:5]) }

// Named reports whether a request may use that name for the model.
func (m *Model) Named(name string) bool { return m.ID == name || slices.Contains(m.Aliases, name) }

// Capabilities tell how a model supports each optional feature.
type Capabilities struct {
	Tools      Support
	OtherTools Support // tools that are not functions; not published
	Logprobs   Support
	JSONOutput Support
	Images     Support
	Audio      Support
	Files      Support
	Reasoning  Support
	LogitBias  Support
	Prediction Support
}

// Support tells how a model supports an optional feature. Greater values mean more support.
type Support uint8

// The degrees of support.
const (
	// Refused: a request for the feature is refused.
	Refused Support = iota
	// Ignored: a request for the feature is accepted, but the feature has no effect. This covers what
	// a client offers or mentions, such as tools. What it demands, such as a call, is refused.
	Ignored
	// Used: the model supports the feature.
	Used
)

// principalKey is the key of a context's principal.
type principalKey struct{}

// WithPrincipal returns a context for work on behalf of a principal.
func WithPrincipal(ctx context.Context, principal string) context.Context {
	return context.WithValue(ctx, principalKey{}, principal)
}

// PrincipalOf returns the principal that the work in a context is for; "" if there is none.
func PrincipalOf(ctx context.Context) string {
	principal, _ := ctx.Value(principalKey{}).(string)
	return principal
}
