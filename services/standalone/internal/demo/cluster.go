// Package demo runs the processes for a demonstration of failures: two completion services, and the NATS server
// of their shared log. The services are child processes of the same program. It restarts killed ones.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/sync/errgroup"
)

const (
	// replicas is the number of completion services: one, and one to take over.
	replicas = 2
	// natsPatience is how long the NATS server may take to start.
	natsPatience = 10 * time.Second
	// pause is the time between a service's death and its restart, so that users can see its absence.
	pause = 2 * time.Second
	// maxPayload is the largest record of the log, in bytes.
	maxPayload = 20 << 20
)

// Config is the configuration of a [Cluster].
type Config struct {
	// Args are the arguments of every service, without its addresses.
	Args   []string
	Logger *slog.Logger
}

// A Cluster is the completion services and their log, which is deleted with the cluster.
type Cluster struct {
	logger   *slog.Logger
	dir      string
	nats     *server.Server
	replicas [replicas]*replica
}

// Start starts everything, and returns once the services accept work.
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
	token := rand.Text() // keeps other users of this machine out of the log
	c.nats, err = server.NewServer(&server.Options{
		ServerName: "pawstream-demo", Host: "127.0.0.1", Port: server.RANDOM_PORT, Authorization: token,
		JetStream: true, StoreDir: c.dir, JetStreamMaxStore: math.MaxInt64 / 2, MaxPayload: maxPayload, NoSigs: true, NoLog: true,
	})
	if err != nil {
		return err
	}
	c.nats.Start()
	if !c.nats.ReadyForConnections(natsPatience) {
		return errors.New("the NATS server did not become ready")
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

// Addr returns the addresses of the services, separated by commas. Restarts do not change them.
func (c *Cluster) Addr() string {
	var all []string
	for _, r := range c.replicas {
		all = append(all, r.grpc())
	}
	return strings.Join(all, ",")
}

// Kill kills the service that writes the most answers, as kill -9 does, and returns a sentence that names the
// process.
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

// Serve restarts services that end, until ctx ends; then it stops them.
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
