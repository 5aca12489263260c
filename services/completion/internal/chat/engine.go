package chat

import (
	"context"
	"encoding/hex"
	"errors"
	"iter"
	"slices"
	"time"
)

// ErrCannotContinue is what an engine yields when it was asked to go on after
// events that it cannot go on from.
var ErrCannotContinue = errors.New("chat: engine cannot continue this completion")

// An Engine answers requests. It may be used by several goroutines at once.
type Engine interface {
	// Check refuses a request that the engine cannot honour, before it is admitted:
	// with an [*Error] whose message and param are for the caller. The service has
	// validated the request's ranges and the model's [Capabilities] before.
	Check(ctx context.Context, req *Request) error

	// Complete generates the answer: for each choice an [Opening], its deltas and a
	// [Finish], choices interleaved at will. It yields a [KindUsage] event after the
	// last finish and, where it can, also before it stops early: the last one yielded
	// counts. It never yields terminal events. KindProgress may come at any time.
	//
	// It works on the goroutine that ranges over it and starts none that outlives the
	// range. A non-nil error is the last thing yielded; an [*Error] is shown to the
	// caller as it is, any other only as an internal one. When ctx ends it returns
	// within 100 ms. [PrincipalOf] returns the principal that it works for.
	//
	// resume holds the events that a completion taken over from a dead process has
	// already shown, progress and usage left out; the engine yields what follows them,
	// or [ErrCannotContinue].
	Complete(ctx context.Context, req *Request, resume []Event) iter.Seq2[Event, error]
}

// A Model is something that answers, under a name of its own.
type Model struct {
	ID string
	// Aliases are other names that a request may give it by. Whatever is told of the model is
	// told under its ID.
	Aliases       []string
	Created       time.Time
	OwnedBy       string
	Capabilities  Capabilities
	ContextWindow int // tokens of prompt and answer; 0: not known
	// Fingerprint identifies the configuration that answers: equal requests to equal
	// fingerprints give equal answers, where the engine can do that at all.
	Fingerprint string
	Engine      Engine
}

// Fingerprint returns what to call a configuration by a hash of it.
func Fingerprint(sum []byte) string { return "fp_" + hex.EncodeToString(sum[:5]) }

// Named reports whether a request may give the model by that name.
func (m *Model) Named(name string) bool { return m.ID == name || slices.Contains(m.Aliases, name) }

// Capabilities are what a model makes of each optional feature.
type Capabilities struct {
	Tools      Support
	OtherTools Support // that are no functions; nobody is told of it
	Logprobs   Support
	JSONOutput Support
	Images     Support
	Audio      Support
	Files      Support
	Reasoning  Support
	LogitBias  Support
	Prediction Support
}

// Support is what a model makes of an optional feature; more is greater.
type Support uint8

// What a model makes of an optional feature.
const (
	// Refused: a request for it is refused.
	Refused Support = iota
	// Ignored: a request for it is accepted, and it makes no difference. That is for what a
	// client offers or mentions, such as tools; what it demands, such as a call, is refused.
	Ignored
	// Used: the model does it.
	Used
)

// principalKey is the key of a context's principal.
type principalKey struct{}

// WithPrincipal returns a context of work that is done for a principal.
func WithPrincipal(ctx context.Context, principal string) context.Context {
	return context.WithValue(ctx, principalKey{}, principal)
}

// PrincipalOf returns the principal that an engine's context works for; "" if there is none.
func PrincipalOf(ctx context.Context) string {
	principal, _ := ctx.Value(principalKey{}).(string)
	return principal
}
