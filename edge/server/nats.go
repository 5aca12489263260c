package server

import (
	"errors"
	"fmt"

	"github.com/pawstream/pawstream/edge/internal/httpapi"
	"github.com/pawstream/pawstream/edge/internal/peers"
	"github.com/pawstream/pawstream/internal/natsconn"
)

// NATS are the settings of what edges count together.
type NATS struct {
	URL   string `name:"url" help:"NATS server with JetStream by which edges share limits and used stream tickets; several are separated by commas. Without it, or while it is away, each edge counts by itself." placeholder:"URL"`
	Creds string `help:"Credentials file for --nats-url." placeholder:"FILE"`
	CA    string `name:"ca" help:"File with the certificates that the server of --nats-url is checked with, in PEM; demands TLS." placeholder:"FILE"`
	Cert  string `help:"Certificate file that authenticates to the server of --nats-url; demands TLS." placeholder:"FILE"`
	Key   string `help:"File of the key to --nats-cert." placeholder:"FILE"`
}

func (n *NATS) check() error {
	switch {
	case n.URL == "" && n.Creds+n.CA+n.Cert+n.Key != "":
		return errors.New("--nats-creds, --nats-ca, --nats-cert and --nats-key need --nats-url")
	case (n.Cert == "") != (n.Key == ""):
		return errors.New("--nats-cert and --nats-key need each other")
	}
	return nil
}

// share has the edge count together with others, if that is asked for.
func (s *Server) share(public *httpapi.Config) error {
	n := &s.cfg.NATS
	if n.URL == "" {
		return nil
	}
	others, err := peers.Connect(peers.Config{
		NATS:    natsconn.Server{URL: n.URL, Creds: n.Creds, CA: n.CA, Cert: n.Cert, Key: n.Key},
		Limiter: public.Limiter, Telemetry: s.reports,
	})
	if err != nil {
		return fmt.Errorf("--nats-url: %w", err)
	}
	s.peers, public.SpendTicket = others, others.Spend
	return nil
}
