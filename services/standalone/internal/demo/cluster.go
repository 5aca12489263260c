// Package demo runs what a demonstration breaks: two completion services, each a process of its own, and the NATS server
// whose log they share. The services are this same program, started again. They may be killed: they are started anew.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/sync/errgroup"
)

const (
	// replicas is how many completion services there are: one, and one that takes over.
	replicas = 2
	// natsPatience is how long the NATS server may take to be ready.
	natsPatience = 10 * time.Second
	// pause is between a service's death and its next start, so that one sees it gone.
	pause = 2 * time.Second
	// maxPayload is what the log's records need.
	maxPayload = 20 << 20
)

// Config is what a [Cluster] is made of.
type Config struct {
	// Args are what every service gets besides its addresses.
	Args   []string
	Logger *slog.Logger
}

// A Cluster is the completion services and their log. What they have stored is gone with it.
type Cluster struct {
	logger   *slog.Logger
	dir      string
	nats     *server.Server
	replicas [replicas]*replica
}

// Start starts everything, and returns when the services take work.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	c := &Cluster{logger: cfg.Logger}
	if err := c.start(ctx, cfg.Args); err != nil {
		return nil, errors.Join(fmt.Errorf("demonstration: %w", err), c.Close())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, args []string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if c.dir, err = os.MkdirTemp("", "pawstream-demo-"); err != nil {
		return err
	}
	token := rand.Text() // others on this machine have nothing to do with the log
	c.nats, err = server.NewServer(&server.Options{
		ServerName: "pawstream-demo", Host: "127.0.0.1", Port: server.RANDOM_PORT, Authorization: token,
		JetStream: true, StoreDir: c.dir, MaxPayload: maxPayload, NoSigs: true, NoLog: true,
	})
	if err != nil {
		return err
	}
	c.nats.Start()
	if !c.nats.ReadyForConnections(natsPatience) {
		return errors.New("the NATS server does not get ready")
	}
	at := url.URL{Scheme: "nats", User: url.User(token), Host: c.nats.Addr().String()}
	var starting errgroup.Group
	for i := range c.replicas {
		r := newReplica(program, append([]string{"--nats-url=" + at.String()}, args...))
		c.replicas[i] = r
		starting.Go(func() error { return r.start(ctx) })
	}
	return starting.Wait()
}

// Addr returns the addresses of the services, separated by commas. They stay the same.
func (c *Cluster) Addr() string {
	var all []string
	for _, r := range c.replicas {
		all = append(all, r.grpc())
	}
	return strings.Join(all, ",")
}

// Kill kills the service that writes the most answers, as kill -9 does, and says which process that was.
func (c *Cluster) Kill(ctx context.Context) (killed string, err error) {
	busiest, most := (*replica)(nil), -1
	for _, r := range c.replicas {
		if running, err := r.running(ctx); err == nil && running > most {
			busiest, most = r, running
		}
	}
	if busiest == nil {
		return "", errors.New("no completion service runs")
	}
	pid, err := busiest.kill()
	if err != nil {
		return "", err
	}
	c.logger.WarnContext(ctx, "a completion service was killed for the demonstration", slog.Int("pid", pid))
	return fmt.Sprintf("Process %d was killed. It wrote %d of the answers that run now.", pid, most), nil
}

// Serve starts services again that end, until ctx ends; then it stops them.
func (c *Cluster) Serve(ctx context.Context) error {
	var group errgroup.Group
	for _, r := range c.replicas {
		group.Go(func() error {
			r.keep(ctx, c.logger)
			return nil
		})
	}
	err := group.Wait()
	return errors.Join(err, c.Close())
}

// Close releases everything if Serve was never called.
func (c *Cluster) Close() error {
	var stopping sync.WaitGroup
	for _, r := range c.replicas {
		if r != nil {
			stopping.Go(r.stop)
		}
	}
	stopping.Wait()
	if c.nats != nil {
		c.nats.Shutdown()
		c.nats.WaitForShutdown()
	}
	if c.dir == "" {
		return nil
	}
	return os.RemoveAll(c.dir)
}
