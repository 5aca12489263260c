package relay

import (
	"context"

	"github.com/pawstream/pawstream/edge/internal/feed"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A Folder receives the events of a completion instead of a client, as a projection does.
type Folder interface {
	Open(*completionv1.CompletionMetadata) error
	Event(*completionv1.CompletionEvent) error
	Text([]byte) error
}

// CreateFor creates a completion and passes its events to a folder: all of them, or only the metadata if the
// completion is to run by itself. The error is the folder's, or one of [feed.Feed.Messages].
func (r *Relay) CreateFor(ctx context.Context, create *completionv1.StreamCompletionRequest, to Folder, known func()) error {
	create.Opening = true
	return fold(ctx, r.feeds.Create(create), to, known, create.GetParams().GetBackground())
}

// Fold passes the existing events of a completion to a folder.
func (r *Relay) Fold(ctx context.Context, id string, to Folder) error {
	return fold(ctx, r.feeds.Follow(id, nil, feed.With{Opening: true, UntilNow: true}), to, func() {}, false)
}

// Metadata returns the caller's current metadata of a completion. It reads none of the events. The error is one
// of [feed.Feed.Messages].
func (r *Relay) Metadata(ctx context.Context, id string) (map[string]string, error) {
	for m, err := range r.feeds.Follow(id, nil, feed.With{Opening: true, UntilNow: true}).Messages(ctx) {
		switch {
		case err != nil:
			return nil, err
		case m.Event != nil:
			return m.Event.GetMetadata().GetParams().GetMetadata(), nil
		}
	}
	return nil, feed.ErrLost
}

func fold(ctx context.Context, from *feed.Feed, to Folder, known func(), leave bool) error {
	identified := false
	for m, err := range from.Messages(ctx) {
		switch {
		case err != nil:
			return err
		case m.ID != "":
			known()
			continue
		case m.Event == nil:
			err = to.Text(m.Text.Content)
		default:
			if !identified {
				err, identified = to.Open(m.Event.GetMetadata()), true
			}
			if err == nil && m.Event.GetEvent() != nil {
				err = to.Event(m.Event)
			}
		}
		if err != nil || leave {
			return err
		}
	}
	return nil
}
