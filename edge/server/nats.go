package server

import (
	"fmt"

	"github.com/pawstream/pawstream/edge/internal/httpapi"
	"github.com/pawstream/pawstream/edge/internal/peers"
)

// countWithOthers makes the edge share its counts with other edges, if NATS is configured.
func (s *Server) countWithOthers(public *httpapi.Config) error {
	n := &s.cfg.NATS
	if n.URL == "" {
		return nil
	}
	if err := n.Observe(s.reports.Meters); err != nil {
		return err
	}
	others, err := peers.Connect(peers.Config{
		NATS:    *n,
		Limiter: public.Limiter, Telemetry: s.reports,
	})
	if err != nil {
		return fmt.Errorf("--nats-url: %w", err)
	}
	s.peers, public.SpendTicket = others, others.Spend
	return nil
}
