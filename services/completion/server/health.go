package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/pawstream/pawstream/services/completion/internal/natsserver"
	"github.com/pawstream/pawstream/services/completion/internal/rpc"
)

// watchLog sets the health checks by the log's health until ctx ends, so that callers go elsewhere while the
// log accepts no completions. It logs each change. It returns an error if only a restart of the process may
// help.
func (s *Server) watchLog(ctx context.Context) error {
	serving := true
	for {
		changed, trouble := s.log.Health()
		var hopeless *natsserver.HopelessError
		if errors.As(trouble, &hopeless) {
			return fmt.Errorf("log: %w", trouble)
		}
		switch {
		case trouble != nil && serving:
			s.logger.WarnContext(ctx, "not ready: the log takes no completions", slog.Any("reason", trouble))
		case trouble == nil && !serving:
			s.logger.InfoContext(ctx, "ready again: the log takes completions")
		}
		if serving != (trouble == nil) {
			serving = !serving
			rpc.SetServing(s.health, serving)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// Ready returns why the service accepts no work, or nil if it does.
func (s *Server) Ready() error {
	if _, trouble := s.log.Health(); trouble != nil {
		return fmt.Errorf("log: %w", trouble)
	}
	return nil
}
