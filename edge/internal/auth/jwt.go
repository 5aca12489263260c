package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"

	"github.com/pawstream/pawstream/internal/loopback"
	"github.com/pawstream/pawstream/internal/reload"
)

// JWTConfig says which tokens are believed. All but Skew must be set.
type JWTConfig struct {
	// JWKS is where the provider's public keys are: a URL or a file. Plain http is for
	// loopback only: who can change the keys on their way can make any token.
	JWKS string
	// Issuer and Audience are what a token must name (RFC 7519, sections 4.1.1 and 4.1.3).
	Issuer, Audience string
	// Algorithms are those that a token may be signed with: of RS, PS, ES 256, 384, 512
	// and EdDSA. There is no "none", and no HMAC: a public key is no secret.
	Algorithms []string
	// Skew is how far the clocks may be apart.
	Skew time.Duration
}

// asymmetric are the algorithms that may be chosen from.
var asymmetric = []string{ //nolint:gochecknoglobals // a constant
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// JWT is the [Authenticator] that checks the tokens of an identity provider (RFC 7519).
// The principal is the claim "sub". A claim "scope" that names scopes of ours grants
// these and no others, a claim "models" these models.
type JWT struct {
	parser *jwt.Parser
	keys   func(*jwt.Token) (any, error)
	skew   time.Duration
	file   *reload.Value[keyfunc.Keyfunc] // nil: keys come from a URL
}

// Times of the requests to a JWKS URL.
const (
	jwksTimeout  = 10 * time.Second
	jwksRefresh  = 10 * time.Minute
	jwksCooldown = 10 * time.Second // between two requests for a key that is not there
	jwksPatience = 2 * time.Second  // of a caller whose token names such a key
)

// NewJWT reads the provider's keys. Keys of a URL are read again now and then, and when a
// token names one that is not there, until ctx ends; while that fails those read last
// stay in force, and a warning tells why. Keys of a file are read again by [JWT.Watch].
func NewJWT(ctx context.Context, cfg JWTConfig, logger *slog.Logger) (*JWT, error) {
	return newJWT(ctx, cfg, logger, http.DefaultTransport)
}

func newJWT(ctx context.Context, cfg JWTConfig, logger *slog.Logger, transport http.RoundTripper) (*JWT, error) {
	for _, required := range []struct{ name, value string }{
		{"a JWKS", cfg.JWKS}, {"an issuer", cfg.Issuer}, {"an audience", cfg.Audience}, {"algorithms", strings.Join(cfg.Algorithms, "")},
	} {
		if required.value == "" {
			return nil, fmt.Errorf("JWT: there must be %s", required.name)
		}
	}
	for _, algorithm := range cfg.Algorithms {
		if !slices.Contains(asymmetric, algorithm) {
			return nil, fmt.Errorf("JWT: algorithm %q is not one of %s", algorithm, strings.Join(asymmetric, ", "))
		}
	}
	j := &JWT{skew: cfg.Skew, parser: jwt.NewParser(
		jwt.WithValidMethods(cfg.Algorithms), jwt.WithIssuer(cfg.Issuer), jwt.WithAudience(cfg.Audience),
		jwt.WithLeeway(cfg.Skew), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
	)}
	var err error
	switch u, parsed := url.Parse(cfg.JWKS); {
	case parsed == nil && unforged(u):
		err = j.fromURL(ctx, cfg.JWKS, logger, transport)
	case parsed == nil && u.Scheme == "http":
		err = errPlain
	default:
		err = j.fromFile(cfg.JWKS)
	}
	if err != nil {
		return nil, fmt.Errorf("JWKS %s: %w", redact(cfg.JWKS), err)
	}
	return j, nil
}

var (
	errPlain  = errors.New("plain http is for loopback only")
	errNoKeys = errors.New("it holds no keys")
)

// unforged reports whether nobody can change on its way what comes from there.
func unforged(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && loopback.Host(u.Hostname())
}

// redact returns a URL without the password that it may hold.
func redact(s string) string {
	if u, err := url.Parse(s); err == nil {
		return u.Redacted()
	}
	return s
}

func (j *JWT) fromURL(ctx context.Context, address string, logger *slog.Logger, transport http.RoundTripper) error {
	store, err := jwkset.NewStorageFromHTTP(address, jwkset.HTTPClientStorageOptions{
		Ctx: ctx, Client: jwksClient(transport), Storage: &keySet{jwkset.NewMemoryStorage()}, HTTPTimeout: jwksTimeout, RefreshInterval: jwksRefresh,
		RefreshErrorHandler: func(ctx context.Context, err error) {
			logger.WarnContext(ctx, "the JWKS could not be read: the keys read last stay in force", slog.Any("error", err))
		},
	})
	if err != nil {
		return err
	}
	client, err := jwkset.NewHTTPClient(jwkset.HTTPClientOptions{
		HTTPURLs:          map[string]jwkset.Storage{address: store},
		RefreshUnknownKID: rate.NewLimiter(rate.Every(jwksCooldown), 1),
		RateLimitWaitMax:  jwksPatience,
	})
	if err != nil {
		return err
	}
	found, err := client.KeyReadAll(ctx)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return errNoKeys
	}
	keys, err := keyfunc.New(keyfunc.Options{Ctx: ctx, Storage: client, UseWhitelist: []jwkset.USE{jwkset.UseSig, ""}})
	if err != nil {
		return err
	}
	j.keys = keys.Keyfunc
	return nil
}

// A keySet keeps the keys that it has where it would be left without any: no provider means
// that, but some answer so, with status 200, while they are out of order.
type keySet struct{ *jwkset.MemoryJWKSet }

// KeyReplaceAll implements jwkset.Storage.
func (k *keySet) KeyReplaceAll(ctx context.Context, given []jwkset.JWK) error {
	if had, err := k.KeyReadAll(ctx); err != nil || len(had) > 0 && len(given) == 0 {
		return errors.Join(err, errNoKeys)
	}
	return k.MemoryJWKSet.KeyReplaceAll(ctx, given)
}

// jwksClient returns a client that takes so much of an answer, and is not sent to where it
// would not have been let begin.
func jwksClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: boundedBodies{transport},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if !unforged(req.URL) {
				return fmt.Errorf("sent on to %s: %w", req.URL.Redacted(), errPlain)
			}
			if len(via) > maxRedirects {
				return errors.New("sent on too often")
			}
			return nil
		},
	}
}

const (
	maxJWKS      = 1 << 20 // bytes of an answer
	maxRedirects = 5
)

// boundedBodies reads no more than maxJWKS of a response.
type boundedBodies struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b boundedBodies) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(req)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxJWKS)
	}
	return resp, err
}

func (j *JWT) fromFile(path string) error {
	var err error
	j.file, err = reload.Load(func() (keyfunc.Keyfunc, error) {
		text, err := os.ReadFile(path) //nolint:gosec // the operator names it
		if err != nil {
			return nil, err
		}
		var set struct {
			Keys []json.RawMessage `json:"keys"`
		}
		if err := json.Unmarshal(text, &set); err != nil {
			return nil, err
		}
		if len(set.Keys) == 0 {
			return nil, errNoKeys
		}
		keys, err := keyfunc.NewJWKSetJSON(text)
		if err != nil { // it is several, a line for each
			return nil, errors.New(strings.ReplaceAll(err.Error(), "\n", ": "))
		}
		return keys, nil
	}, path)
	if err != nil {
		return err
	}
	j.keys = func(token *jwt.Token) (any, error) { return j.file.Get().Keyfunc(token) }
	return nil
}

// Watch reads a file of keys again when it changes, until ctx ends.
func (j *JWT) Watch(ctx context.Context, logger *slog.Logger) {
	if j.file != nil {
		j.file.Watch(ctx, logger)
	}
}

type claims struct {
	jwt.RegisteredClaims
	Scope  string   `json:"scope"` // RFC 8693, section 4.2: separated by spaces
	Models []string `json:"models"`
}

// Authenticate implements [Authenticator]. It asks nobody, unless the token names a key
// that is not known yet.
func (j *JWT) Authenticate(h http.Header) (*Caller, error) {
	text, err := bearer(h)
	if err != nil {
		return nil, err
	}
	var c claims
	switch _, err := j.parser.ParseWithClaims(text, &c, j.keys); {
	case errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenUnverifiable):
		return nil, fmt.Errorf("%w: %w", ErrExpired, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := checkPrincipal(c.Subject); err != nil {
		return nil, fmt.Errorf("%w: subject: %w", ErrInvalid, err)
	}
	caller := &Caller{Principal: c.Subject, Models: c.Models, Expires: c.ExpiresAt.Add(j.skew)}
	for name := range strings.FieldsSeq(c.Scope) {
		if scope := Scope(name); scope.known() {
			caller.Scopes = append(caller.Scopes, scope)
		}
	}
	return caller, nil
}
