package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/httpapi"
	"github.com/pawstream/pawstream/edge/internal/limit"
	"github.com/pawstream/pawstream/internal/hostname"
	"github.com/pawstream/pawstream/internal/loopback"
	"github.com/pawstream/pawstream/internal/secretfile"
)

// Access are the settings for authentication, and for the limits of callers.
type Access struct {
	Auth             string `default:"none" enum:"none,keys,jwt" help:"How callers authenticate: not at all (none), with a key from a file (keys), or with a token from an identity provider (jwt)." group:"keys"`
	AuthKeys         string `help:"File with the keys for --auth=keys. 'edge keys new NAME' creates a key and prints its line for the file." placeholder:"FILE" group:"keys"`
	JWT              `group:"keys"`
	TicketSecretFile string         `help:"File with a secret of at least 32 bytes, which seals stream tickets. Edges behind one balancer must share it. 'edge keys secret FILE' creates one." placeholder:"FILE" group:"keys"`
	Host             []string       `help:"Host name by which clients reach the edge, without a port; repeatable. Names that cannot be public are always accepted: *.localhost, *.local, *.internal, *.home.arpa, the machine's own name, and any without a dot. With this flag, or without authentication on loopback, all other names are refused. IP addresses are accepted unless the edge serves only loopback. Over TLS the certificate decides." placeholder:"NAME" group:"http"`
	InsecurePublic   bool           `help:"Allow an address other than loopback without authentication. If browsers can reach it, also set --host: otherwise every host name is accepted, even that of somebody else's web page." group:"http"`
	RateLimit        int            `default:"0" help:"Maximum number of requests per minute from one caller. 0: no limit." group:"keys"`
	StreamLimit      int            `default:"0" help:"Maximum number of open streams of one caller. 0: no limit." group:"keys"`
	MaxStreams       int            `default:"10000" help:"Maximum number of open streams, at all edges that share --nats-url together. 0: no limit." group:"keys"`
	TrustedTracer    []netip.Prefix `help:"Network whose callers' traces are continued (traceparent), including the decision whether to record them; repeatable. Traces of other callers are only linked to." placeholder:"CIDR" group:"telemetry"`
	TrustedProxy     []netip.Prefix `help:"Network of proxies whose X-Forwarded-For and X-Forwarded-Proto headers are trusted; repeatable." placeholder:"CIDR" group:"http"`
}

// JWT are the settings for tokens from an identity provider.
type JWT struct {
	JWKS       string        `name:"jwt-jwks" env:"PAWSTREAM_JWT_JWKS" help:"JWK set with the identity provider's public keys for --auth=jwt: a URL or a file." placeholder:"URL"`
	Issuer     string        `name:"jwt-issuer" env:"PAWSTREAM_JWT_ISSUER" help:"Issuer that tokens must name." placeholder:"URL"`
	Audience   string        `name:"jwt-audience" env:"PAWSTREAM_JWT_AUDIENCE" help:"Audience that tokens must name." placeholder:"NAME"`
	Algorithms []string      `name:"jwt-algorithms" env:"PAWSTREAM_JWT_ALGORITHMS" default:"RS256,ES256,EdDSA" help:"Algorithms that tokens may be signed with."`
	Skew       time.Duration `name:"jwt-skew" env:"PAWSTREAM_JWT_SKEW" default:"30s" help:"Maximum difference between the identity provider's clock and ours."`
	Unscoped   bool          `name:"jwt-unscoped" env:"PAWSTREAM_JWT_UNSCOPED" help:"Grant every right to tokens that contain none of our scopes, for identity providers that do not know them. Without this flag such tokens have no rights."`
}

// minTicketSecret is the minimum length of a secret, in bytes.
const minTicketSecret = 32

// check returns an error for settings that cannot work, alone or with the listen address. The error names the
// flag.
func (a *Access) check(listen string) error {
	switch {
	case a.RateLimit < 0:
		return errors.New("--rate-limit must not be negative")
	case a.StreamLimit < 0:
		return errors.New("--stream-limit must not be negative")
	case a.MaxStreams < 0:
		return errors.New("--max-streams must not be negative")
	case a.Auth == "keys" && a.AuthKeys == "":
		return errors.New("--auth=keys needs --auth-keys")
	case a.Auth != "keys" && a.AuthKeys != "":
		return errors.New("--auth-keys needs --auth=keys")
	case a.Auth != "jwt" && a.JWKS != "":
		return errors.New("--jwt-jwks needs --auth=jwt")
	case a.Auth != "jwt" && a.Unscoped:
		return errors.New("--jwt-unscoped needs --auth=jwt")
	case !a.AsksWho() && !a.InsecurePublic && !loopback.Listen(listen):
		return fmt.Errorf("--listen %s is open to others: it needs --auth=keys or --auth=jwt (or --insecure-public, if that is meant)", listen)
	}
	if err := hostname.Check(a.Host); err != nil {
		return fmt.Errorf("--host: %w", err)
	}
	return nil
}

// AsksWho reports whether callers have to authenticate.
func (a *Access) AsksWho() bool { return a.Auth != "none" && a.Auth != "" }

// A watcher reloads files when they change, until ctx ends.
type watcher interface {
	Watch(ctx context.Context, logger *slog.Logger)
}

// open reads the files of the settings, and fills in cfg. ctx must last as long as the edge.
func (a *Access) open(ctx context.Context, cfg *httpapi.Config) (watchers []watcher, err error) {
	cfg.Limiter = limit.New(limit.Config{RequestsPerMinute: a.RateLimit, Streams: a.StreamLimit, AllStreams: a.MaxStreams})
	cfg.Hosts = a.Host
	if !a.AsksWho() && a.InsecurePublic && len(a.Host) == 0 {
		cfg.Telemetry.Logger.WarnContext(ctx, "the API is open and accepts any host name, so that a foreign web page can read it; set --host")
	}
	cfg.Proxies, cfg.Tracers = a.TrustedProxy, a.TrustedTracer
	if cfg.TicketSecret, err = a.ticketSecret(); err != nil {
		return nil, err
	}
	switch a.Auth {
	case "none", "":
		cfg.Local = !a.InsecurePublic
	case "keys":
		keys, err := auth.LoadKeys(a.AuthKeys)
		if err != nil {
			return nil, err
		}
		cfg.Auth, watchers = keys, append(watchers, keys)
	case "jwt":
		tokens, err := auth.NewJWT(ctx, auth.JWTConfig{
			JWKS: a.JWKS, Issuer: a.Issuer, Audience: a.Audience, Algorithms: a.Algorithms, Skew: a.Skew, Unscoped: a.Unscoped,
		}, cfg.Telemetry.Logger)
		if err != nil {
			return nil, err
		}
		cfg.Auth, watchers = tokens, append(watchers, tokens)
	}
	return watchers, nil
}

func (a *Access) ticketSecret() ([]byte, error) {
	if a.TicketSecretFile == "" {
		return nil, nil
	}
	secret, err := readTicketSecret(a.TicketSecretFile)
	if err != nil {
		return nil, fmt.Errorf("--ticket-secret-file: %w", err)
	}
	return secret, nil
}

func readTicketSecret(path string) ([]byte, error) {
	secret, err := secretfile.Read(path)
	if err == nil && len(secret) < minTicketSecret {
		return nil, fmt.Errorf("%s has %d bytes, fewer than %d", path, len(secret), minTicketSecret)
	}
	return secret, err
}
