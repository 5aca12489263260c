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

// JWTConfig says which tokens are accepted. All fields except Skew and Unscoped are required.
type JWTConfig struct {
	// JWKS is a URL or a file with the provider's public keys. Plain http is accepted only for
	// loopback: an attacker who can change the keys in transit can forge any token.
	JWKS string
	// Issuer and Audience must appear in a token (RFC 7519, sections 4.1.1 and 4.1.3).
	Issuer, Audience string
	// Algorithms are the accepted signature algorithms: RS, PS or ES with 256, 384 or 512, and
	// EdDSA. "none" and HMAC are impossible: a public key is not a secret.
	Algorithms []string
	// Skew is how far the clocks may differ.
	Skew time.Duration
	// Unscoped grants every right to a token that names no scopes, or only those of other services.
	// Otherwise such a token has no rights.
	Unscoped bool
}

// asymmetric are the algorithms that may be configured.
var asymmetric = []string{ //nolint:gochecknoglobals // a constant
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// JWT is the [Authenticator] that checks the tokens of an identity provider (RFC 7519).
// The principal is the claim "sub". The claim "scope" grants the scopes of ours that it names. The
// claim "models" grants the models that it names; without this claim, all models are granted. A
// claim that is present but names nothing of ours grants nothing. Claim names are case-sensitive.
type JWT struct {
	parser   *jwt.Parser
	keys     func(*jwt.Token) (any, error)
	skew     time.Duration
	unscoped bool
	file     *reload.Value[jwkset.Storage] // nil: the keys come from a URL
}

// NewJWT reads the provider's keys. It reads keys from a URL again at intervals, and when a
// token names an unknown key, until ctx ends. If that fails, the last keys stay in force, and a
// warning says why. [JWT.Watch] reads keys from a file again.
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

// claims are the claims of a token that we use. They are read strictly by RFC 7519, section 4:
// names are case-sensitive, and a repeated name is an error.
type claims struct{ exactClaims }

type exactClaims struct {
	jwt.RegisteredClaims
	Scope  jsontext.Value `json:"scope"` // a text: RFC 8693, section 4.2
	Models jsontext.Value `json:"models"`
}

// UnmarshalJSON makes encoding/json, which would ignore case, compare names exactly.
func (c *claims) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &c.exactClaims) }

// checkHeader refuses an ambiguous token header, which two readers may understand differently, and one that
// names critical extensions (RFC 7515, sections 4 and 4.1.11): we support
// none.
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

// Authenticate implements [Authenticator]. It makes no request, unless the token names an
// unknown key.
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

// scopesOf returns what the claim "scope" grants. With unscoped, a token without scopes of ours has every
// right, unless it names a scope that resembles ours: then fewer rights were intended.
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

// likeOurs reports whether an unknown scope may be a misspelt one of ours.
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
