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

// Access are the settings of who may enter, and how much they may take.
type Access struct {
	Auth             string         `default:"none" enum:"none,keys,jwt" help:"Who may enter: everybody (none), who has a key of a file (keys), who has a token of an identity provider (jwt)."`
	AuthKeys         string         `help:"Key file for --auth=keys; 'edge keys new NAME' makes a key and its line." placeholder:"FILE"`
	JWTJWKS          string         `name:"jwt-jwks" env:"PAWSTREAM_JWT_JWKS" help:"Public keys of the identity provider for --auth=jwt, as a JWK set: URL or file." placeholder:"URL"`
	JWTIssuer        string         `name:"jwt-issuer" env:"PAWSTREAM_JWT_ISSUER" help:"What a token must name as its issuer." placeholder:"URL"`
	JWTAudience      string         `name:"jwt-audience" env:"PAWSTREAM_JWT_AUDIENCE" help:"What a token must name as an audience." placeholder:"NAME"`
	JWTAlgorithms    []string       `name:"jwt-algorithms" env:"PAWSTREAM_JWT_ALGORITHMS" default:"RS256,ES256,EdDSA" help:"Algorithms that a token may be signed with."`
	JWTSkew          time.Duration  `name:"jwt-skew" env:"PAWSTREAM_JWT_SKEW" default:"30s" help:"How far the provider's clock and ours may be apart."`
	JWTUnscoped      bool           `name:"jwt-unscoped" env:"PAWSTREAM_JWT_UNSCOPED" help:"Give every right to tokens that name no scope, or scopes of others alone, as those of a provider that knows none of ours. Without it they have none."`
	TicketSecretFile string         `help:"Secret of at least 32 bytes that seals stream tickets; edges behind one balancer share it. 'edge keys secret FILE' makes one." placeholder:"FILE"`
	Host             []string       `help:"Name by which the edge may be called, without a port, besides loopback names; may be given several times. Where one is given, and without authentication on loopback, it is called by no others (by IP addresses too, unless it is for loopback alone). Over TLS the certificate names it." placeholder:"NAME"`
	InsecurePublic   bool           `help:"Without authentication, serve an address that is not loopback. Give --host with it where browsers are near: else it is called by whatever name, also that of a page of elsewhere."`
	RateLimit        int            `default:"0" help:"Requests per minute of one caller; 0: no bound."`
	StreamLimit      int            `default:"0" help:"Streams that one caller may have open at once; 0: no bound."`
	MaxStreams       int            `default:"10000" help:"Streams that may be open at once in all, at all edges that share --nats-url; 0: no bound."`
	TrustedTracer    []netip.Prefix `help:"Network of callers whose traceparent is continued, with their decision whether the trace is recorded; may be given several times. Anybody else's is only linked to." placeholder:"CIDR"`
	TrustedProxy     []netip.Prefix `help:"Network of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; may be given several times." placeholder:"CIDR"`
}

// minTicketSecret is how many bytes a secret must have.
const minTicketSecret = 32

// check refuses settings that cannot work together with the address, by the flag's name.
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
	case a.Auth != "jwt" && a.JWTJWKS != "":
		return errors.New("--jwt-jwks needs --auth=jwt")
	case a.Auth != "jwt" && a.JWTUnscoped:
		return errors.New("--jwt-unscoped needs --auth=jwt")
	case !a.AsksWho() && !a.InsecurePublic && !loopback.Listen(listen):
		return fmt.Errorf("--listen %s is open to others: it needs --auth=keys or --auth=jwt (or --insecure-public, if that is meant)", listen)
	}
	if err := hostname.Check(a.Host); err != nil {
		return fmt.Errorf("--host: %w", err)
	}
	return nil
}

// AsksWho reports whether callers have to say who they are.
func (a *Access) AsksWho() bool { return a.Auth != "none" && a.Auth != "" }

// A watcher reads files again when they change, until ctx ends.
type watcher interface {
	Watch(ctx context.Context, logger *slog.Logger)
}

// open reads what the settings name, and fills cfg with it. ctx is for as long as the
// edge lives.
func (a *Access) open(ctx context.Context, cfg *httpapi.Config) (watchers []watcher, err error) {
	cfg.Limiter = limit.New(limit.Config{RequestsPerMinute: a.RateLimit, Streams: a.StreamLimit, AllStreams: a.MaxStreams})
	cfg.Hosts = a.Host
	if !a.AsksWho() && a.InsecurePublic && len(a.Host) == 0 {
		cfg.Telemetry.Logger.WarnContext(ctx, "nobody is asked for a key, and any name will do: a page of elsewhere whose name leads here can read all there is; --host names ours")
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
			JWKS: a.JWTJWKS, Issuer: a.JWTIssuer, Audience: a.JWTAudience, Algorithms: a.JWTAlgorithms, Skew: a.JWTSkew, Unscoped: a.JWTUnscoped,
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
