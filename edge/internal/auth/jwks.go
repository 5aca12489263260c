package auth

import (
	"context"
	"crypto"
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
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"

	"github.com/pawstream/pawstream/internal/loopback"
	"github.com/pawstream/pawstream/internal/reload"
)

// Times of the requests to a JWKS URL.
const (
	jwksTimeout  = 10 * time.Second
	jwksRefresh  = 10 * time.Minute
	jwksCooldown = 10 * time.Second // between two requests for an unknown key
	jwksPatience = 2 * time.Second  // how long a caller whose token names such a key waits
)

var (
	errPlain  = errors.New("plain http is for loopback only")
	errNoKeys = errors.New("it holds no keys")
)

// unforged reports whether responses from u cannot be changed in transit.
func unforged(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && loopback.Host(u.Hostname())
}

// redact returns a URL without its password, if any.
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
	j.keys = func(token *jwt.Token) (any, error) { return verifying(ctx, client, token) }
	return nil
}

var errNoKey = errors.New("no key of the set verifies such a token")

// verifying returns the key to verify a token with: the one that the token names, or else any. It
// ignores keys for another use or another algorithm (RFC 7517, sections 4.2 to 4.4).
func verifying(ctx context.Context, set jwkset.Storage, token *jwt.Token) (any, error) {
	named, is := token.Header[jwkset.HeaderKID]
	var found []jwkset.JWK
	switch id, ok := named.(string); {
	case is && !ok:
		return nil, errors.New("the key's name is not a text")
	case is:
		one, err := set.KeyRead(ctx, id)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	default:
		var err error
		if found, err = set.KeyReadAll(ctx); err != nil {
			return nil, err
		}
	}
	var keys jwt.VerificationKeySet
	for _, k := range found {
		m := k.Marshal()
		use := m.USE == "" || m.USE == jwkset.UseSig
		operation := len(m.KEYOPS) == 0 || slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify)
		algorithm := m.ALG == "" || m.ALG.String() == token.Method.Alg()
		if use && operation && algorithm {
			keys.Keys = append(keys.Keys, publicOf(k.Key()))
		}
	}
	if len(keys.Keys) == 0 {
		return nil, errNoKey
	}
	return keys, nil
}

// publicOf returns the public half of a key.
func publicOf(key any) any {
	if private, ok := key.(crypto.Signer); ok {
		return private.Public()
	}
	return key
}

// A keySet keeps its keys if it would otherwise have none: some providers answer
// with an empty set and status 200 while they are out of order.
type keySet struct{ *jwkset.MemoryJWKSet }

// KeyReplaceAll implements jwkset.Storage.
func (k *keySet) KeyReplaceAll(ctx context.Context, given []jwkset.JWK) error {
	if had, err := k.KeyReadAll(ctx); err != nil || len(had) > 0 && len(given) == 0 {
		return errors.Join(err, errNoKeys)
	}
	return k.MemoryJWKSet.KeyReplaceAll(ctx, given)
}

// jwksClient returns a client that bounds the size of a response, and follows no redirect to
// a URL that would not be accepted as a JWKS URL.
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
	maxJWKS      = 1 << 20 // bytes of a response
	maxRedirects = 5
)

// boundedBodies reads at most maxJWKS bytes of a response.
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
	j.file, err = reload.Load(func() (jwkset.Storage, error) {
		text, err := os.ReadFile(path) //nolint:gosec // the operator names it
		if err != nil {
			return nil, err
		}
		set, err := keysOf(text)
		if err != nil { // it joins several errors, one per line
			return nil, errors.New(strings.ReplaceAll(err.Error(), "\n", ": "))
		}
		return set, nil
	}, path)
	if err != nil {
		return err
	}
	// The set is in memory, so nothing blocks.
	j.keys = func(token *jwt.Token) (any, error) { return verifying(context.Background(), j.file.Get(), token) }
	return nil
}

// keysOf returns the keys in the text of a JWK set.
func keysOf(text []byte) (jwkset.Storage, error) {
	var set jwkset.JWKSMarshal
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	if len(set.Keys) == 0 {
		return nil, errNoKeys
	}
	return set.ToStorage()
}
