package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"

	"github.com/pawstream/pawstream/internal/reload"
)

// JWTConfig says which tokens are believed. All but Skew and Unscoped must be set.
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
	// Unscoped gives every right to a token that names no scopes, or others' alone. Else such
	// a token has none.
	Unscoped bool
}

// asymmetric are the algorithms that may be chosen from.
var asymmetric = []string{ //nolint:gochecknoglobals // a constant
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// JWT is the [Authenticator] that checks the tokens of an identity provider (RFC 7519).
// The principal is the claim "sub". Of the claim "scope" the scopes of ours are granted, and of
// the claim "models" these models; without that one all are. A claim that is there and names
// nothing of ours grants nothing. Names are those of the standard, in this case alone.
type JWT struct {
	parser   *jwt.Parser
	keys     func(*jwt.Token) (any, error)
	skew     time.Duration
	unscoped bool
	file     *reload.Value[jwkset.Storage] // nil: keys come from a URL
}

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
	j := &JWT{skew: cfg.Skew, unscoped: cfg.Unscoped, parser: jwt.NewParser(
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

// Watch reads a file of keys again when it changes, until ctx ends.
func (j *JWT) Watch(ctx context.Context, logger *slog.Logger) {
	if j.file != nil {
		j.file.Watch(ctx, logger)
	}
}

// claims are what is looked at of a token. They are read by the letter of RFC 7519, section 4:
// names are compared as they are, and one that is there twice is an error.
type claims struct{ exactClaims }

type exactClaims struct {
	jwt.RegisteredClaims
	Scope  jsontext.Value `json:"scope"` // a text: RFC 8693, section 4.2
	Models jsontext.Value `json:"models"`
}

// UnmarshalJSON keeps what calls it from reading names in any case.
func (c *claims) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &c.exactClaims) }

// checkHeader refuses the header of a token that two readers may read in two ways, and one that
// names extensions which have to be understood (RFC 7515, sections 4 and 4.1.11): there is
// none here.
func checkHeader(token string) error {
	encoded, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return err
	}
	var header struct {
		Critical jsontext.Value `json:"crit"`
	}
	if err := json.Unmarshal(text, &header); err != nil {
		return err
	}
	if header.Critical != nil {
		return errors.New("the token names critical extensions")
	}
	return nil
}

// Authenticate implements [Authenticator]. It asks nobody, unless the token names a key
// that is not known yet.
func (j *JWT) Authenticate(h http.Header) (*Caller, error) {
	text, err := bearer(h)
	if err != nil {
		return nil, err
	}
	if err := checkHeader(text); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrInvalid, err)
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
	caller := &Caller{Principal: c.Subject, Expires: c.ExpiresAt.Add(j.skew)}
	if caller.Scopes, err = scopesOf(c.Scope, j.unscoped); err != nil {
		return nil, fmt.Errorf("%w: scope: %w", ErrInvalid, err)
	}
	if caller.Models, err = modelsOf(c.Models); err != nil {
		return nil, fmt.Errorf("%w: models: %w", ErrInvalid, err)
	}
	return caller, nil
}

// scopesOf returns what the claim "scope" grants. Where a token without scopes of ours has every
// right, one does not that names something like them: it was meant to have less.
func scopesOf(claim jsontext.Value, unscoped bool) (Set[Scope], error) {
	if claim == nil {
		return Set[Scope]{All: unscoped}, nil
	}
	var text string // null: none
	if err := json.Unmarshal(claim, &text); err != nil {
		return Set[Scope]{}, err
	}
	var granted Set[Scope]
	others := 0
	for name := range strings.FieldsSeq(text) {
		switch scope := Scope(name); {
		case scope.known():
			granted.Names = append(granted.Names, scope)
		case likeOurs(name):
			unscoped = false
		default:
			others++
		}
	}
	granted.All = unscoped && others > 0 && granted.Names == nil
	return granted, nil
}

// likeOurs reports whether a scope that is none of ours may have been meant to be one.
func likeOurs(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "completions") || strings.HasPrefix(name, "models")
}

// modelsOf returns what the claim "models" grants.
func modelsOf(claim jsontext.Value) (Set[string], error) {
	if claim == nil {
		return All[string](), nil
	}
	var names []string // null: none
	if err := json.Unmarshal(claim, &names); err != nil {
		return Set[string]{}, err
	}
	if len(names) == 0 {
		return Set[string]{}, nil
	}
	return Only(names...), nil
}
