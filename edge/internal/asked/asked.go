// Package asked passes the name of the target that answered to the logs. The completion service reports it
// when the call that created the completion ends. The package knows only the target's name.
package asked

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc/metadata"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

// A Note holds the name of one target. It is safe for concurrent use.
type Note struct{ name atomic.Pointer[string] }

type noteKey struct{}

// With returns a context whose calls write to the note.
func With(ctx context.Context, n *Note) context.Context { return context.WithValue(ctx, noteKey{}, n) }

// Take stores the target's name from a call's trailer in the context's note, if there is one.
func Take(ctx context.Context, trailer metadata.MD) {
	n, ok := ctx.Value(noteKey{}).(*Note)
	if !ok {
		return
	}
	if said := trailer.Get(protoname.Of(completionv1.MetadataKey_METADATA_KEY_TARGET)); len(said) == 1 {
		n.name.Store(&said[0])
	}
}

// Target returns the name, or "" if no call has reported one.
func (n *Note) Target() string {
	if name := n.name.Load(); name != nil {
		return *name
	}
	return ""
}
