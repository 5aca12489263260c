package chat

import (
	"context"
	"sync/atomic"
)

type targetKey struct{}

// WithTarget returns a context in which engines note the target that they ask, for [TargetOf] to
// tell. It is ctx where that is such a context already.
func WithTarget(ctx context.Context) context.Context {
	if _, ok := ctx.Value(targetKey{}).(*atomic.Pointer[string]); ok {
		return ctx
	}
	return context.WithValue(ctx, targetKey{}, new(atomic.Pointer[string]))
}

// NoteTarget notes the target that an engine asks now. It may be called by any goroutine.
func NoteTarget(ctx context.Context, name string) {
	if noted, ok := ctx.Value(targetKey{}).(*atomic.Pointer[string]); ok {
		noted.Store(&name)
	}
}

// TargetOf returns the name of the target that was asked last in a context of [WithTarget], or in
// one that comes from it; "" where there was none. It may be called by any goroutine.
func TargetOf(ctx context.Context) string {
	if noted, ok := ctx.Value(targetKey{}).(*atomic.Pointer[string]); ok {
		if name := noted.Load(); name != nil {
			return *name
		}
	}
	return ""
}
