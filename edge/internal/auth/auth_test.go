package auth

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/internal/callers"
	"github.com/pawstream/pawstream/internal/reload"
)

func headerOf(values ...string) http.Header { return http.Header{"Authorization": values} }

func TestNone(t *testing.T) {
	for _, h := range []http.Header{nil, headerOf("Bearer whatever")} {
		caller, err := None{}.Authenticate(h)
		if err != nil || caller.Principal != callers.Anonymous || !caller.May(ScopeManage) || !caller.MayAsk("any") {
			t.Errorf("%v: %+v, %v", h, caller, err)
		}
	}
}

// keyFile writes a file that only its owner can read.
func keyFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newKey(t *testing.T, name string) (secret, line string) {
	t.Helper()
	secret, line, err := NewKey(name)
	if err != nil {
		t.Fatal(err)
	}
	return secret, line
}

func TestKeys(t *testing.T) {
	web, webLine := newKey(t, `the "web": #1`)
	job, jobLine := newKey(t, "job")
	if web == job || !strings.HasPrefix(web, "paw_") || strings.Contains(webLine, web) {
		t.Fatalf("keys %q and %q, line %q", web, job, webLine)
	}
	jobLine = strings.TrimSuffix(jobLine, "}") +
		", principal: shop, scopes: [completions.read], models: [a, b], requests_per_minute: 6, streams: 2}"
	keys, err := LoadKeys(keyFile(t, "# ours\n"+webLine+"\n"+jobLine+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		header http.Header
		want   *Caller
		err    error
	}{
		{"a key", headerOf("Bearer " + web), &Caller{Principal: `the "web": #1`, Scopes: All[Scope](), Models: All[string]()}, nil},
		{"scheme in another case", headerOf("bEARER  " + web), &Caller{Principal: `the "web": #1`, Scopes: All[Scope](), Models: All[string]()}, nil},
		{"a key with limits", headerOf("Bearer " + job), &Caller{
			Principal: "shop", Scopes: Only(ScopeRead), Models: Only("a", "b"), RequestsPerMinute: 6, Streams: 2,
		}, nil},
		{"none", http.Header{}, nil, ErrMissing},
		{"empty", headerOf(""), nil, ErrMalformed},
		{"no key", headerOf("Bearer"), nil, ErrMalformed},
		{"no scheme", headerOf(web), nil, ErrMalformed},
		{"another scheme", headerOf("Basic " + web), nil, ErrMalformed},
		{"two", headerOf("Bearer "+web, "Bearer "+web), nil, ErrMalformed},
		{"another key", headerOf("Bearer " + web + "x"), nil, ErrInvalid},
		{"a prefix", headerOf("Bearer " + web[:len(web)-1]), nil, ErrInvalid},
		{"a digest", headerOf("Bearer " + webLine[len(webLine)-65:len(webLine)-1]), nil, ErrInvalid},
		{"far too long", headerOf("Bearer " + strings.Repeat("x", maxCredentials+1)), nil, ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := keys.Authenticate(tt.header)
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestKeysFollowTheirFile(t *testing.T) {
	one, oneLine := newKey(t, "one")
	two, twoLine := newKey(t, "two")
	path := keyFile(t, oneLine)
	synctest.Test(t, func(t *testing.T) {
		keys, err := LoadKeys(path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer stop()
		var log bytes.Buffer
		go keys.Watch(ctx, slog.New(slog.NewTextHandler(&log, nil)))
		for _, step := range []struct {
			text     string
			one, two bool
			says     string
		}{
			{oneLine + "\n" + twoLine, true, true, "read a changed file"},
			{"- {name: broken", true, true, "stays in force"},
			{"", true, true, "write []"},
			{"# nobody\n", true, true, "stays in force"},
			{twoLine, false, true, "read a changed file"}, // the first one is revoked
			{strings.Replace(twoLine, "}", ", scopes: []}", 1), false, true, "scopes"},
			{"[]", false, false, "read a changed file"},
		} {
			log.Reset()
			if err := os.WriteFile(path, []byte(step.text), 0o600); err != nil {
				t.Fatal(err)
			}
			<-time.After(3 * reload.Interval)
			synctest.Wait()
			if said := log.String(); !strings.Contains(said, step.says) && step.text != "# nobody\n" { // its complaint is the same as before
				t.Errorf("with %q the log has %q", step.text, said)
			}
			_, err1 := keys.Authenticate(headerOf("Bearer " + one))
			_, err2 := keys.Authenticate(headerOf("Bearer " + two))
			if (err1 == nil) != step.one || (err2 == nil) != step.two {
				t.Errorf("with %q: %v, %v", step.text, err1, err2)
			}
		}
	})
}

func TestKeyFileInError(t *testing.T) {
	_, line := newKey(t, "web")
	_, other := newKey(t, "web")
	for _, tt := range []struct{ name, text, want string }{
		{"no YAML", "- {name: [", "[1:"},
		{"not a list", "# keys\n\nname: web", "it must be a list, of lines like '- {name: …, sha256: …}'"},
		{"all that keys new prints", "The key:\npaw_A\n\nIts line:\n" + line, "it must be a list, of lines like"},
		{"unknown field", strings.TrimSuffix(line, "}") + ", scope: [models.read]}", `unknown field "scope"; there are name, sha256, principal, scopes, models,`},
		{"no name", "- {sha256: " + strings.Repeat("0", 64) + "}", "entry 1: it has no name"},
		{"no digest", "- {name: web}", `"web": sha256 must have 64`},
		{"half a digest", "- {name: web, sha256: 00ff}", "64 hexadecimal digits"},
		{"twice the name", line + "\n" + other, `entry 2: two keys have the name "web"`},
		{"twice the key", line + "\n" + strings.Replace(line, "web", "job", 1), `entry 2: "job" is the same key as "web"`},
		{"unknown scope", strings.TrimSuffix(line, "}") + ", scopes: [all]}", `there is no scope "all"; there are completions.create, completions.read, completions.manage and models.read`},
		{"negative limit", strings.TrimSuffix(line, "}") + ", streams: -1}", "must not be negative"},
		{"principal with a line", strings.TrimSuffix(line, "}") + `, principal: "a\nb"}`, "printable ASCII"},
		{"principal too long", strings.TrimSuffix(line, "}") + ", principal: " + strings.Repeat("p", 129) + "}", "1 to 128"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := LoadKeys(keyFile(t, tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), line[len(line)-65:len(line)-1]) {
				t.Errorf("%v tells the digest", err)
			}
		})
	}
	open := keyFile(t, line)
	if err := os.Chmod(open, 0o604); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{open: "everybody can read", open + ".none": "no such file"} {
		if _, err := LoadKeys(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// A provider signs tokens.
type provider struct {
	private ed25519.PrivateKey
	public  ed25519.PublicKey
	id      string
}

func newProvider(t *testing.T, id string) *provider {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &provider{private, public, id}
}

// jwks returns the public keys as JSON.
func jwks(t *testing.T, providers ...*provider) []byte {
	t.Helper()
	var set jwkset.JWKSMarshal
	for _, p := range providers {
		key, err := jwkset.NewJWKFromKey(p.public, jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: p.id, USE: jwkset.UseSig}})
		if err != nil {
			t.Fatal(err)
		}
		set.Keys = append(set.Keys, key.Marshal())
	}
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (p *provider) token(t *testing.T, c jwt.MapClaims) string {
	t.Helper()
	return sign(t, jwt.SigningMethodEdDSA, p.private, p.id, c)
}

func sign(t *testing.T, method jwt.SigningMethod, key any, id string, c jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	token.Header["kid"] = id
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// good returns valid claims, with changes.
func good(changes jwt.MapClaims) jwt.MapClaims {
	now := time.Now()
	c := jwt.MapClaims{
		"iss": "https://id.example", "aud": "pawstream", "sub": "user-1",
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
	for name, value := range changes {
		if value == nil {
			delete(c, name)
			continue
		}
		c[name] = value
	}
	return c
}

func config(where string) JWTConfig {
	return JWTConfig{
		JWKS: where, Issuer: "https://id.example", Audience: "pawstream",
		Algorithms: []string{"EdDSA", "ES256"}, Skew: 30 * time.Second,
	}
}

func TestJWT(t *testing.T) {
	p, stranger := newProvider(t, "k1"), newProvider(t, "k1")
	path := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(path, jwks(t, p), 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := NewJWT(t.Context(), config(path), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(p.public)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	now := time.Now()
	for _, tt := range []struct {
		name, token string
		err         error
	}{
		{"good", p.token(t, good(nil)), nil},
		{"expired within the skew", p.token(t, good(jwt.MapClaims{"exp": now.Add(-20 * time.Second).Unix()})), nil},
		{"one audience of several", p.token(t, good(jwt.MapClaims{"aud": []string{"other", "pawstream"}})), nil},
		{"expired", p.token(t, good(jwt.MapClaims{"exp": now.Add(-time.Minute).Unix()})), ErrExpired},
		{"never expires", p.token(t, good(jwt.MapClaims{"exp": nil})), ErrInvalid},
		{"not yet", p.token(t, good(jwt.MapClaims{"nbf": now.Add(time.Minute).Unix()})), ErrInvalid},
		{"issued in the future", p.token(t, good(jwt.MapClaims{"iat": now.Add(time.Minute).Unix()})), ErrInvalid},
		{"another issuer", p.token(t, good(jwt.MapClaims{"iss": "https://id.example.org"})), ErrInvalid},
		{"no issuer", p.token(t, good(jwt.MapClaims{"iss": nil})), ErrInvalid},
		{"another audience", p.token(t, good(jwt.MapClaims{"aud": "billing"})), ErrInvalid},
		{"no audience", p.token(t, good(jwt.MapClaims{"aud": nil})), ErrInvalid},
		{"no subject", p.token(t, good(jwt.MapClaims{"sub": nil})), ErrInvalid},
		{"subject that is no header", p.token(t, good(jwt.MapClaims{"sub": "a\r\nb"})), ErrInvalid},
		{"signed by somebody else", stranger.token(t, good(nil)), ErrInvalid},
		{"signed by somebody else, expired", stranger.token(t, good(jwt.MapClaims{"exp": 1})), ErrInvalid},
		{"unknown key", sign(t, jwt.SigningMethodEdDSA, p.private, "k2", good(nil)), ErrInvalid},
		{"algorithm of another key", sign(t, jwt.SigningMethodES256, ec, "k1", good(nil)), ErrInvalid},
		{"not signed", sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "k1", good(nil)), ErrInvalid},
		{"HMAC by the public key", sign(t, jwt.SigningMethodHS256, []byte(p.public), "k1", good(nil)), ErrInvalid},
		{"HMAC by the public key as PEM", sign(t, jwt.SigningMethodHS256, public, "k1", good(nil)), ErrInvalid},
		{"cut", p.token(t, good(nil))[:40], ErrInvalid},
		{"no token", "paw_x", ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			caller, err := j.Authenticate(headerOf("Bearer " + tt.token))
			if !errors.Is(err, tt.err) || err == nil && caller.Principal != "user-1" {
				t.Errorf("%+v, %v, want %v", caller, err, tt.err)
			}
		})
	}
	if _, err := j.Authenticate(http.Header{}); !errors.Is(err, ErrMissing) {
		t.Errorf("without a token: %v", err)
	}

	expires := now.Add(time.Hour).Truncate(time.Second)
	got, err := j.Authenticate(headerOf("Bearer " + p.token(t, good(jwt.MapClaims{
		"exp": expires.Unix(), "scope": "openid completions.read models.read", "models": []string{"a"},
	}))))
	want := &Caller{
		Principal: "user-1", Scopes: Only(ScopeRead, ScopeModels), Models: Only("a"),
		Expires: expires.Add(30 * time.Second),
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

// TestJWKSByURL rotates the provider's keys and takes the provider away.
func TestJWKSByURL(t *testing.T) {
	first, second := newProvider(t, "k1"), newProvider(t, "k2")
	var answer atomic.Pointer[[]byte] // nil: out of order
	set := func(text []byte) { answer.Store(&text) }
	set(jwks(t, first))
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		text := answer.Load()
		if text == nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(*text)
	}))
	defer server.Close()
	j, err := NewJWT(t.Context(), config(server.URL), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	may := func(p *provider, want error) {
		t.Helper()
		if _, err := j.Authenticate(headerOf("Bearer " + p.token(t, good(nil)))); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", p.id, err, want)
		}
	}
	may(first, nil)
	set(jwks(t, first, second))
	may(second, nil) // an unknown key makes the set be read again
	answer.Store(nil)
	may(first, nil)
	may(second, nil)

	before := asked.Load()
	unknown := newProvider(t, "k3")
	for range 50 {
		may(unknown, ErrInvalid)
	}
	if n := asked.Load() - before; n > 1 {
		t.Errorf("50 unknown keys made %d requests", n)
	}
}

// TestJWKSGoesWrong makes a provider send answers without usable keys: the last keys stay in force, and a
// warning says why.
func TestJWKSGoesWrong(t *testing.T) {
	p := newProvider(t, "k1")
	for name, answer := range map[string]string{
		"no keys":           `{"keys":[]}`,
		"another document":  `{"error":"try again later"}`,
		"no keys of a kind": `{"keys":[{"kty":"OKP","crv":"Ed448","kid":"k1","x":"AA"}]}`,
		"no JSON":           "<html>",
		"cut":               `{"keys":[{"kty":`,
		"malformed key":     `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"!"}]}`,
		"too large":         `{"keys":[],"x":"` + strings.Repeat("x", maxJWKS) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				defer synctest.Wait()
				defer stop()
				var log bytes.Buffer
				var said atomic.Value
				said.Store(string(jwks(t, p)))
				j, err := newJWT(ctx, config("https://id.example/jwks"), slog.New(slog.NewTextHandler(&log, nil)), answers(func() string { return said.Load().(string) }))
				if err != nil {
					t.Fatal(err)
				}
				may := func(when string) {
					t.Helper()
					if _, err := j.Authenticate(headerOf("Bearer " + p.token(t, good(nil)))); err != nil {
						t.Errorf("%s: %v", when, err)
					}
				}
				may("before")
				said.Store(answer)
				<-time.After(jwksRefresh + time.Second)
				synctest.Wait()
				may("after")
				if told := log.String(); !strings.Contains(told, "level=WARN") || !strings.Contains(told, "stay in force") {
					t.Errorf("the log has %q", told)
				}
			})
		})
	}
}

// answers is a transport that answers every request with what the function returns.
type answers func() string

// RoundTrip implements http.RoundTripper.
func (a answers) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(a())), Request: req}, nil
}

// TestJWKSIsNotSentAway redirects to a URL whose keys could be changed in transit.
func TestJWKSIsNotSentAway(t *testing.T) {
	server := httptest.NewServer(http.RedirectHandler("http://id.example/jwks", http.StatusFound))
	defer server.Close()
	_, err := NewJWT(t.Context(), config(server.URL), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "http://id.example/jwks: plain http is for loopback only") {
		t.Errorf("error %v", err)
	}
}

func TestJWTInError(t *testing.T) {
	p := newProvider(t, "k1")
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "jwks.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fine := write(string(jwks(t, p)))
	broken := httptest.NewServer(http.NotFoundHandler())
	defer broken.Close()
	for _, tt := range []struct {
		name   string
		change func(*JWTConfig)
		want   string
	}{
		{"no JWKS", func(c *JWTConfig) { c.JWKS = "" }, "a JWKS"},
		{"no issuer", func(c *JWTConfig) { c.Issuer = "" }, "an issuer"},
		{"no audience", func(c *JWTConfig) { c.Audience = "" }, "an audience"},
		{"no algorithm", func(c *JWTConfig) { c.Algorithms = nil }, "algorithms"},
		{"algorithm none", func(c *JWTConfig) { c.Algorithms = []string{"none"} }, `"none" is not one of`},
		{"HMAC", func(c *JWTConfig) { c.Algorithms = []string{"RS256", "HS256"} }, `"HS256" is not one of`},
		{"no file", func(c *JWTConfig) { c.JWKS = fine + ".none" }, "no such file"},
		{"no JSON", func(c *JWTConfig) { c.JWKS = write("{") }, "unexpected end"},
		{"no keys", func(c *JWTConfig) { c.JWKS = write(`{"keys":[]}`) }, "no keys"},
		{"a key that is none", func(c *JWTConfig) { c.JWKS = write(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"!"}]}`) }, "JWKS"},
		{"URL that answers 404", func(c *JWTConfig) { c.JWKS = broken.URL }, "404"},
		{"URL that does not answer", func(c *JWTConfig) { c.JWKS = "http://127.0.0.1:1/" }, "refused"},
		{"plain http", func(c *JWTConfig) { c.JWKS = "http://user:secret@id.example/jwks" }, "http://user:xxxxx@id.example/jwks: plain http"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := config(fine)
			tt.change(&c)
			_, err := NewJWT(t.Context(), c, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, tt.want)
			}
		})
	}
}

// TestTicketsOfAClockThatIsSetBack checks that tickets issued while the clock was ahead are not valid for longer.
func TestTicketsOfAClockThatIsSetBack(t *testing.T) {
	tickets, owner := NewTickets(nil, nil), &Caller{Principal: "anna"}
	for _, ahead := range []time.Duration{time.Second, 10 * time.Second, time.Hour, 10 * 365 * 24 * time.Hour} {
		good := ahead < clockSkew
		now := time.Now().Add(ahead)
		ticket, _ := tickets.seal(owner, grant{Kind: ticketKind, Completion: "chatcmpl-A", Until: now.Add(TicketLife), Nonce: now.String()})
		if _, err := tickets.Redeem(t.Context(), ticket, "chatcmpl-A"); (err == nil) != good || !good && !errors.Is(err, ErrExpired) {
			t.Errorf("a ticket from %v ahead: %v", ahead, err)
		}
		pass, _ := tickets.seal(owner, grant{Kind: passKind, Completion: "chatcmpl-A", Until: now.Add(PassLife)})
		if _, err := tickets.Check(pass, "chatcmpl-A"); (err == nil) != good || !good && !errors.Is(err, ErrExpired) {
			t.Errorf("a pass from %v ahead: %v", ahead, err)
		}
	}
}

func TestTickets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := bytes.Repeat([]byte("s"), 32)
		edge, other := NewTickets(secret, nil), NewTickets(secret, nil)
		ends := time.Now().Add(90 * time.Second)
		owner := &Caller{Principal: "web", RequestsPerMinute: 3, Streams: 2, Expires: ends}
		want := &Caller{Principal: "web", Scopes: Only(ScopeRead), RequestsPerMinute: 3, Streams: 2, Expires: ends}

		ticket, expires := edge.Issue(owner, "chatcmpl-A")
		if left := time.Until(expires); left > TicketLife || left < TicketLife-time.Second {
			t.Errorf("good for %v", left)
		}
		for name, bad := range map[string]string{
			"empty": "", "cut": ticket[:len(ticket)-1], "longer": ticket + "A", "no seal": strings.SplitN(ticket, ".", 2)[0],
			"other seal": func() string { s, _ := NewTickets(nil, nil).Issue(owner, "chatcmpl-A"); return s }(),
			"a pass":     func() string { s, _ := edge.Pass(owner, "chatcmpl-A"); return s }(),
		} {
			if c, err := edge.Redeem(t.Context(), bad, "chatcmpl-A"); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %+v, %v", name, c, err)
			}
		}
		if _, err := edge.Redeem(t.Context(), ticket, "chatcmpl-B"); !errors.Is(err, ErrInvalid) {
			t.Errorf("for another completion: %v", err)
		}
		got, err := other.Redeem(t.Context(), ticket, "chatcmpl-A")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
		if _, err := other.Redeem(t.Context(), ticket, "chatcmpl-A"); !errors.Is(err, ErrInvalid) {
			t.Errorf("again: %v", err)
		}

		pass, _ := edge.Pass(got, "chatcmpl-A")
		late, _ := edge.Issue(owner, "chatcmpl-A")
		<-time.After(TicketLife)
		if _, err := edge.Redeem(t.Context(), late, "chatcmpl-A"); !errors.Is(err, ErrExpired) {
			t.Errorf("too late: %v", err)
		}
		for range 2 {
			if got, err := other.Check(pass, "chatcmpl-A"); err != nil || !cmp.Equal(want, got) {
				t.Errorf("pass: %+v, %v", got, err)
			}
		}
		if _, err := other.Check(pass, "chatcmpl-B"); !errors.Is(err, ErrInvalid) {
			t.Errorf("pass for another completion: %v", err)
		}
		if _, err := other.Check(ticket, "chatcmpl-A"); !errors.Is(err, ErrInvalid) {
			t.Errorf("ticket as a pass: %v", err)
		}
		<-time.After(30 * time.Second)
		if _, err := other.Check(pass, "chatcmpl-A"); !errors.Is(err, ErrExpired) {
			t.Errorf("pass after its owner's right: %v", err)
		}
	})
}

func FuzzAuthorization(f *testing.F) {
	secret, line, err := NewKey("web")
	if err != nil {
		f.Fatal(err)
	}
	list, err := parseKeys([]byte(line))
	if err != nil {
		f.Fatal(err)
	}
	file, err := reload.Load(func() ([]key, error) { return list, nil })
	if err != nil {
		f.Fatal(err)
	}
	keys := &Keys{file: file}
	for _, seed := range []string{"Bearer " + secret, "bearer x", "Bearer", " Bearer x", "Basic dTpw", "\x00", "Bearer \xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		caller, err := keys.Authenticate(headerOf(value))
		if (err == nil) != (caller != nil) {
			t.Fatalf("%+v and %v", caller, err)
		}
		if err == nil && !strings.Contains(value, secret) {
			t.Errorf("%q lets in", value)
		}
	})
}
