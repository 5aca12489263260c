package chat

import (
	"context"
	"sync/atomic"
)

type targetKey struct{}

// WithTarget returns a context in which engines note the target that they ask, for [TargetOf] to
// return. It returns ctx if that is already such a context.
func WithTarget(ctx context.Context) context.Context {
	if _, ok := ctx.Value(targetKey{}).(*atomic.Pointer[string]); ok {
		return ctx
	}
	return context.WithValue(ctx, targetKey{}, new(atomic.Pointer[string]))
}

// NoteTarget notes the target that an engine is about to ask. Any goroutine may call it.
func NoteTarget(ctx context.Context, name string) {
	if noted, ok := ctx.Value(targetKey{}).(*atomic.Pointer[string]); ok {
		noted.Store(&name)
	}
}

// TargetOf returns the name of the target that was asked last in a context of [WithTarget], or in
// one derived from it; "" if none was asked. Any goroutine may call it.
func TargetOf(ctx context.Context) string {
	if noted, ok := ctx.Value(targetKey{}).(*atomic.Pointer[string]); ok {
		if name := noted.Load(); name != nil {
			return *name
		}
	}
	return ""
}
