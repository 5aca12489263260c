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
	jwksCooldown = 10 * time.Second // between two requests for a key that is not there
	jwksPatience = 2 * time.Second  // of a caller whose token names such a key
)

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
	j.keys = func(token *jwt.Token) (any, error) { return verifying(ctx, client, token) }
	return nil
}

var errNoKey = errors.New("no key of the set verifies such a token")

// verifying returns the key by which a token is to be verified: the one that it names, or else
// any. A key that is there for something else, or for another algorithm, is none (RFC 7517,
// sections 4.2 to 4.4).
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
	j.file, err = reload.Load(func() (jwkset.Storage, error) {
		text, err := os.ReadFile(path) //nolint:gosec // the operator names it
		if err != nil {
			return nil, err
		}
		set, err := keysOf(text)
		if err != nil { // it is several, a line for each
			return nil, errors.New(strings.ReplaceAll(err.Error(), "\n", ": "))
		}
		return set, nil
	}, path)
	if err != nil {
		return err
	}
	// The set is in memory: nothing waits.
	j.keys = func(token *jwt.Token) (any, error) { return verifying(context.Background(), j.file.Get(), token) }
	return nil
}

// keysOf returns the keys of a JWK set's text.
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
