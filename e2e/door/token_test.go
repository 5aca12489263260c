package door

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// A provider is an identity provider, which signs tokens.
type provider struct {
	private   ed25519.PrivateKey
	set, path string // its public key, as a JWK set
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(api.Object{"keys": []api.Object{{
		"kty": "OKP", "crv": "Ed25519", "kid": "k", "use": "sig", "x": base64.RawURLEncoding.EncodeToString(public),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return &provider{private, string(set), rig.SecretFile(t, string(set))}
}

// flags make an edge trust it.
func (p *provider) flags() []string {
	return []string{"--auth=jwt", "--jwt-jwks=" + p.path, "--jwt-issuer=https://id.example", "--jwt-audience=pawstream", "--jwt-skew=0s"}
}

// bearer returns the header with a valid token, except for these claims; nil removes one.
func (p *provider) bearer(t *testing.T, changes jwt.MapClaims) string {
	t.Helper()
	return p.signed(t, jwt.SigningMethodEdDSA, p.private, changes)
}

func (p *provider) signed(t *testing.T, method jwt.SigningMethod, key any, changes jwt.MapClaims) string {
	t.Helper()
	claims := jwt.MapClaims{
		"iss": "https://id.example", "aud": "pawstream", "sub": "me", "exp": time.Now().Add(time.Hour).Unix(),
		"scope": "openid completions.create completions.read completions.manage models.read",
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = "k"
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return "Authorization: Bearer " + text
}

// TestWhoseToken tries every route with every kind of invalid token.
func TestWhoseToken(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	url := rig.Edge(t, rig.Fast(t), p.flags()...)
	lenient := rig.Edge(t, rig.Fast(t), append(p.flags(), "--jwt-unscoped")...)
	secret, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public := p.private.Public().(ed25519.PublicKey)
	mine := api.Record(t, url, api.Object{"store": true}, p.bearer(t, nil)).ID
	whole := strings.TrimPrefix(p.bearer(t, nil), "Authorization: Bearer ")
	unsigned := whole[:strings.LastIndexByte(whole, '.')+1]
	wrong := map[string]string{
		"missing":                            "",
		"malformed":                          "Authorization: Bearer x.y.z",
		"cut":                                "Authorization: Bearer " + whole[:len(whole)-9],
		"without a signature":                "Authorization: Bearer " + unsigned,
		"of another scheme":                  "Authorization: Basic " + whole,
		"expired":                            p.bearer(t, jwt.MapClaims{"exp": time.Now().Add(-time.Minute).Unix()}),
		"without an end":                     p.bearer(t, jwt.MapClaims{"exp": nil}),
		"not yet valid":                      p.bearer(t, jwt.MapClaims{"nbf": time.Now().Add(time.Hour).Unix()}),
		"for another audience":               p.bearer(t, jwt.MapClaims{"aud": "billing"}),
		"of another issuer":                  p.bearer(t, jwt.MapClaims{"iss": "https://id.example.evil"}),
		"of nobody":                          p.bearer(t, jwt.MapClaims{"sub": nil}),
		"signed by somebody else":            newProvider(t).bearer(t, nil),
		"signed with another algorithm":      p.signed(t, jwt.SigningMethodRS256, secret, nil),
		"signed with HMAC by the public key": p.signed(t, jwt.SigningMethodHS256, []byte(public), nil),
		"signed with none":                   p.signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
	}
	noKey := api.Bad(http.StatusUnauthorized, "invalid_api_key", "")
	mayNot := api.Refusal{Status: http.StatusForbidden, Type: "permission_error", Code: "permission_denied"}
	notMine := api.Bad(http.StatusNotFound, "completion_not_found", "")
	scopes := map[string]string{"reader": "completions.read", "writer": "completions.create"}
	for _, route := range routesOf(mine) {
		t.Run(route.name, func(t *testing.T) {
			for name, header := range wrong {
				if got := api.Refused(t, route.ask(t, url, header)); got != noKey {
					t.Errorf("%s: %+v", name, got)
				}
			}
			for name, scope := range map[string]any{"without the scope": "openid " + scopes[route.lacks], "without a scope": nil, "with others' scopes": "openid", "with one misspelt": "completions.*"} {
				if got := api.Refused(t, route.ask(t, url, p.bearer(t, jwt.MapClaims{"scope": scope}))); got != mayNot {
					t.Errorf("%s: %+v", name, got)
				}
			}
			if x := route.ask(t, lenient, p.bearer(t, jwt.MapClaims{"scope": nil, "sub": "another"})); x.Status == http.StatusForbidden {
				t.Errorf("without a scope, where that is let in: status %d, body %s", x.Status, x.Body)
			}
			if route.foreign {
				if got := api.Refused(t, route.ask(t, url, p.bearer(t, jwt.MapClaims{"sub": "stranger"}))); got != notMine {
					t.Errorf("somebody else: %+v", got)
				}
			}
			if x := route.ask(t, url, p.bearer(t, nil)); x.Status != http.StatusOK {
				t.Errorf("the owner: status %d, body %s", x.Status, x.Body)
			}
		})
	}
	before := p.bearer(t, nil)
	rig.ReplaceFile(t, p.path, newProvider(t).set)
	rig.Eventually(t, 20*time.Second, func() error {
		if api.Do(t, api.Request(t, http.MethodGet, url+"/v1/models", "", before)).Status != http.StatusUnauthorized {
			return rig.ErrNotYet
		}
		return nil
	})
}

// TestTokenExpires checks that a stream ends when its token expires, in a way that lets the client resume.
func TestTokenExpires(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	url := rig.Edge(t, rig.Steady(t), p.flags()...)
	token := func(life time.Duration) string {
		return p.bearer(t, jwt.MapClaims{"exp": time.Now().Add(life).Unix()})
	}
	long := token(time.Hour)
	asked := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": 400}), token(3*time.Second)))
	id := asked.Header.Get("X-Completion-Id")
	x := api.Get(t, url, id, token(3*time.Second), "Accept: text/event-stream")
	if !regexp.MustCompile(`\n\nretry: \d+\n: temporarily unavailable\n$`).Match(x.Body) {
		t.Errorf("an EventSource is left with %q", x.Body[max(len(x.Body)-200, 0):])
	}
	if text, err := io.ReadAll(asked.Body); err == nil || bytes.Contains(text, []byte("[DONE]")) {
		t.Errorf("a POST ends cleanly, after %d bytes", len(text))
	}
	got := api.Events(t, bytes.NewReader(x.Body))
	last := got[len(got)-1].ID.String()
	rest := api.Send(t, api.Request(t, http.MethodGet, url+"/v1/chat/completions/"+id, "", long, "Accept: text/event-stream", "Last-Event-ID: "+last))
	got = append(got, api.Events(t, rest.Body)...)
	api.CheckIDs(t, got)
	if got[len(got)-1].Data != "[DONE]" {
		t.Errorf("it ends with %v", got[len(got)-1])
	}
	if got := api.Refused(t, api.Get(t, url, id, token(-time.Second))); got != api.Bad(http.StatusUnauthorized, "invalid_api_key", "") {
		t.Errorf("expired: %+v", got)
	}
}
