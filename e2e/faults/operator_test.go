package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// These faults change the log's stream as an operator with NATS's own tools does.

// A setting of the stream: how to change it, given its present state, and back.
type setting struct {
	name     string
	change   func(c *jetstream.StreamConfig, info *jetstream.StreamInfo)
	operator bool // the operator restores it; otherwise the services do, or nothing works
}

// room is how many bytes a full log has left: less than any useful record.
const room = 16

// settings are those of a stream in use.
var settings = struct{ limit, bytes, discard, direct, window setting }{
	limit: setting{"max_msgs", func(c *jetstream.StreamConfig, info *jetstream.StreamInfo) {
		c.MaxMsgs = max(int64(info.State.Msgs), 1)
	}, false},
	bytes: setting{"max_bytes", func(c *jetstream.StreamConfig, info *jetstream.StreamInfo) {
		c.MaxBytes = int64(info.State.Bytes) + room
	}, true},
	discard: setting{"discard", func(c *jetstream.StreamConfig, _ *jetstream.StreamInfo) { c.Discard = jetstream.DiscardOld }, true},
	direct: setting{"allow_direct and republish", func(c *jetstream.StreamConfig, _ *jetstream.StreamInfo) {
		c.AllowDirect, c.RePublish = false, nil
	}, false},
	window: setting{"duplicate_window", func(c *jetstream.StreamConfig, _ *jetstream.StreamInfo) { c.Duplicates = 100 * ms }, true},
}

// change changes a setting of the stream in use. The fault ends when the operator, or the services, have restored it.
func change(s setting) injection {
	return func(ctx context.Context, tp *topology, _ int) (string, func(context.Context) error, error) {
		target := s.name + " of the log"
		var before jetstream.StreamConfig
		err := tp.edit(ctx, func(c *jetstream.StreamConfig, info *jetstream.StreamInfo) {
			before = *c
			s.change(c, info)
		})
		return target, func(ctx context.Context) error {
			if s.operator {
				return tp.edit(ctx, func(c *jetstream.StreamConfig, _ *jetstream.StreamInfo) { *c = before })
			}
			return eventually(ctx, limits.Recover, func() error { return tp.mended(ctx, &before) })
		}, err
	}
}

// edit changes the stream's settings.
func (tp *topology) edit(ctx context.Context, change func(*jetstream.StreamConfig, *jetstream.StreamInfo)) error {
	return eventually(ctx, limits.Recover, func() error {
		conn, js, err := jetStream(tp.natsURL())
		if err != nil {
			return err
		}
		defer conn.Close()
		stream, err := js.Stream(ctx, logStream)
		if err != nil {
			return err
		}
		info := stream.CachedInfo()
		want := info.Config
		change(&want, info)
		_, err = js.UpdateStream(ctx, want)
		return err
	})
}

// mended returns nil once the stream's settings need no repair.
func (tp *topology) mended(ctx context.Context, want *jetstream.StreamConfig) error {
	conn, js, err := jetStream(tp.natsURL())
	if err != nil {
		return err
	}
	defer conn.Close()
	stream, err := js.Stream(ctx, logStream)
	if err != nil {
		return err
	}
	got := stream.CachedInfo().Config
	if got.MaxMsgs != want.MaxMsgs || got.AllowDirect != want.AllowDirect || (got.RePublish == nil) != (want.RePublish == nil) {
		return fmt.Errorf("%w: the services have not put the stream right: %+v", errNotYet, got)
	}
	return nil
}

// remake deletes the log, and recreates the stream with other settings before any service can: like an operator who
// has kept an older configuration. Its numbers begin at 1, below the former ones.
func remake(ctx context.Context, tp *topology, _ int) (string, func(context.Context) error, error) {
	target := "the log of " + tp.nats[0].name
	var other jetstream.StreamConfig
	if err := tp.edit(ctx, func(c *jetstream.StreamConfig, _ *jetstream.StreamInfo) { other = *c }); err != nil {
		return target, nil, err
	}
	other.FirstSeq, other.MaxMsgs, other.MaxAge, other.MaxBytes = 0, 1, time.Minute, 1<<20
	other.AllowDirect, other.RePublish, other.Duplicates = false, nil, time.Second
	ways := slices.Concat(tp.toNATS...)
	for _, p := range ways {
		p.Hold()
	}
	tp.nats[0].kill()
	err := tp.takeAway(time.Now())
	return target, func(ctx context.Context) error {
		defer func() {
			for _, p := range ways {
				p.Release()
			}
		}()
		if err := tp.nats[0].start(ctx); err != nil {
			return err
		}
		conn, js, err := jetStream(tp.natsURL())
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = js.CreateStream(ctx, other)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return fmt.Errorf("the services were faster: %w", err)
		}
		return err
	}, err
}
