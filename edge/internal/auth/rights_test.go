package auth

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

// raw signs a token of exactly these texts.
func (p *provider) raw(header, claims string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(p.private, []byte(text)))
}

// believing returns a JWT that accepts a provider's tokens.
func believing(t *testing.T, set []byte, change func(*JWTConfig)) *JWT {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(path, set, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := config(path)
	if change != nil {
		change(&cfg)
	}
	j, err := NewJWT(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestNamesInTokens tries tokens with names that resemble the ones we use, or that are repeated.
func TestNamesInTokens(t *testing.T) {
	p := newProvider(t, "k1")
	j := believing(t, jwks(t, p), nil)
	const header = `{"alg":"EdDSA","kid":"k1"}`
	now := time.Now().Unix()
	claims := func(more string) string {
		return fmt.Sprintf(`{"iss":"https://id.example","aud":"pawstream","sub":"user-1","exp":%d%s}`, now+60, more)
	}
	without := func(name, more string) string {
		var m map[string]any
		if err := json.Unmarshal([]byte(claims("")), &m); err != nil {
			t.Fatal(err)
		}
		delete(m, name)
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(string(text), "}") + more + "}"
	}
	expired := strings.Replace(claims(""), fmt.Sprint(now+60), fmt.Sprint(now-3600), 1)
	for _, tt := range []struct {
		name, header, claims string
		err                  error
	}{
		{"as it should be", header, claims(""), nil},
		{"members of no interest", header, claims(`,"address":{"city":"x"},"roles":["a"]`), nil},
		{"another Sub", header, claims(`,"Sub":"root"`), nil}, // the principal is user-1
		{"another SUB", header, claims(`,"SUB":"root"`), nil},
		{"a long s", header, claims(`,"ſub":"root"`), nil},
		{"no sub but Sub", header, without("sub", `,"Sub":"user-1"`), ErrInvalid},
		{"no sub but a long s", header, without("sub", `,"ſub":"user-1"`), ErrInvalid},
		{"no exp but EXP", header, without("exp", fmt.Sprintf(`,"EXP":%d`, now+60)), ErrInvalid},
		{"no aud but Aud", header, without("aud", `,"Aud":"pawstream"`), ErrInvalid},
		{"no iss but ISS", header, without("iss", `,"ISS":"https://id.example"`), ErrInvalid},
		{"expired, with EXP", header, strings.TrimSuffix(expired, "}") + fmt.Sprintf(`,"EXP":%d}`, now+60), ErrExpired},
		{"not yet, with NBF", header, claims(fmt.Sprintf(`,"nbf":%d,"NBF":1`, now+3600)), ErrInvalid},
		{"sub twice", header, claims(`,"sub":"user-1"`), ErrInvalid},
		{"sub twice, once escaped", header, claims(`,"s\u0075b":"user-1"`), ErrInvalid},
		{"exp twice", header, claims(fmt.Sprintf(`,"exp":%d`, now+60)), ErrInvalid},
		{"scope twice", header, claims(`,"scope":"models.read","scope":"completions.read"`), ErrInvalid},
		{"a member of no interest twice", header, claims(`,"x":1,"x":1`), ErrInvalid},
		{"one within twice", header, claims(`,"x":{"y":1,"y":1}`), ErrInvalid},
		{"not UTF-8", header, claims(",\"x\":\"\xff\""), ErrInvalid},
		{"more than one value", header, claims("") + "{}", ErrInvalid},
		{"null", header, "null", ErrInvalid},
		{"a list", header, "[]", ErrInvalid},
		{"alg twice", `{"alg":"none","kid":"k1","alg":"EdDSA"}`, claims(""), ErrInvalid},
		{"kid twice", `{"alg":"EdDSA","kid":"k2","kid":"k1"}`, claims(""), ErrInvalid},
		{"ALG", `{"ALG":"EdDSA","kid":"k1"}`, claims(""), ErrInvalid},
		{"a header of no interest", `{"alg":"EdDSA","kid":"k1","typ":"at+jwt","x":[1]}`, claims(""), nil},
		{"a critical header", `{"alg":"EdDSA","kid":"k1","crit":["http://example.com/x"],"http://example.com/x":true}`, claims(""), ErrInvalid},
		{"b64", `{"alg":"EdDSA","kid":"k1","crit":["b64"],"b64":false}`, claims(""), ErrInvalid},
		{"nothing critical", `{"alg":"EdDSA","kid":"k1","crit":[]}`, claims(""), ErrInvalid},
		{"crit without a value", `{"alg":"EdDSA","kid":"k1","crit":null}`, claims(""), ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			caller, err := j.Authenticate(bearing(p.raw(tt.header, tt.claims)))
			if !errors.Is(err, tt.err) || err == nil && caller.Principal != "user-1" {
				t.Errorf("%+v, %v, want %v", caller, err, tt.err)
			}
		})
	}
	for name, scope := range map[string]string{"Scope": `"scope":"models.read","Scope":"completions.manage"`, "SCOPE": `"SCOPE":"completions.manage","scope":"models.read"`} {
		caller, err := j.Authenticate(bearing(p.raw(header, claims(","+scope))))
		if err != nil || caller.May(ScopeManage) || !caller.May(ScopeModels) {
			t.Errorf("%s: %+v, %v", name, caller, err)
		}
	}
}

func bearing(token string) http.Header { return headerOf("Bearer " + token) }

// TestUseOfKeys tries tokens that are signed with keys for another use.
func TestUseOfKeys(t *testing.T) {
	const claims = `{"iss":"https://id.example","aud":"pawstream","sub":"user-1","exp":%d}`
	for _, tt := range []struct {
		name, more string
		want       error
	}{
		{"for whatever", ``, nil},
		{"for signatures", `,"use":"sig"`, nil},
		{"to verify", `,"key_ops":["verify"]`, nil},
		{"of this algorithm", `,"alg":"EdDSA"`, nil},
		{"for encryption", `,"use":"enc"`, ErrInvalid},
		{"to encrypt", `,"key_ops":["encrypt","wrapKey"]`, ErrInvalid},
		{"of another algorithm", `,"alg":"ES256"`, ErrInvalid},
	} {
		p, other := newProvider(t, "k1"), newProvider(t, "k2")
		var set struct{ Keys []json.RawMessage }
		if err := json.Unmarshal(jwks(t, p), &set); err != nil {
			t.Fatal(err)
		}
		one := strings.Replace(string(set.Keys[0]), `,"use":"sig"`, "", 1)
		one = strings.TrimSuffix(one, "}") + tt.more + "}"
		if err := json.Unmarshal(jwks(t, other), &set); err != nil {
			t.Fatal(err)
		}
		text := []byte(`{"keys":[` + one + `,` + string(set.Keys[0]) + `]}`)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) }))
		defer server.Close()
		remote, err := NewJWT(t.Context(), config(server.URL), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		for where, j := range map[string]*JWT{"file": believing(t, text, nil), "URL": remote} {
			for by, header := range map[string]string{"named": `{"alg":"EdDSA","kid":"k1"}`, "not named": `{"alg":"EdDSA"}`} {
				caller, err := j.Authenticate(bearing(p.raw(header, fmt.Sprintf(claims, time.Now().Unix()+60))))
				if !errors.Is(err, tt.want) {
					t.Errorf("a key %s, %s, from a %s: %+v, %v, want %v", tt.name, by, where, caller, err, tt.want)
				}
			}
		}
	}
}

// TestRightsOfTokens is the table of what claims grant. An empty or misspelt claim grants
// nothing. Nor does an absent one, unless so configured.
func TestRightsOfTokens(t *testing.T) {
	p := newProvider(t, "k1")
	strict := believing(t, jwks(t, p), nil)
	lenient := believing(t, jwks(t, p), func(c *JWTConfig) { c.Unscoped = true })
	absent := struct{}{}
	nothing := Set[Scope]{}
	for _, tt := range []struct {
		name            string
		scope           any
		strict, lenient Set[Scope]
	}{
		{"absent", absent, nothing, All[Scope]()},
		{"others' alone", "openid profile", nothing, All[Scope]()},
		{"ours", "completions.read models.read", Only(ScopeRead, ScopeModels), Only(ScopeRead, ScopeModels)},
		{"ours among others", "openid completions.read", Only(ScopeRead), Only(ScopeRead)},
		{"one of them misspelt", "completions.read completions.mange", Only(ScopeRead), Only(ScopeRead)},
		{"misspelt", "completions.reed", nothing, nothing},
		{"misspelt among others", "openid completions.reed", nothing, nothing},
		{"in another case", "Completions.Read", nothing, nothing},
		{"of another separator", "completions.read,models.read", nothing, nothing},
		{"of the models", "models.write", nothing, nothing},
		{"empty", "", nothing, nothing},
		{"space", "  ", nothing, nothing},
		{"null", nil, nothing, nothing},
	} {
		for kind, j := range map[string]*JWT{"strict": strict, "lenient": lenient} {
			want := tt.strict
			if kind == "lenient" {
				want = tt.lenient
			}
			caller, err := j.Authenticate(bearing(p.token(t, withClaim("scope", tt.scope, absent))))
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if diff := cmp.Diff(want, caller.Scopes); diff != "" {
				t.Errorf("scope %s, %s (-want +got)\n%s", tt.name, kind, diff)
			}
		}
	}
	for _, tt := range []struct {
		name   string
		models any
		want   Set[string]
	}{
		{"absent", absent, All[string]()},
		{"one", []string{"a"}, Only("a")},
		{"unknown", []string{"no such model"}, Only("no such model")},
		{"none", []string{}, Set[string]{}},
		{"null", nil, Set[string]{}},
	} {
		caller, err := strict.Authenticate(bearing(p.token(t, withClaim("models", tt.models, absent))))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, caller.Models); diff != "" {
			t.Errorf("models %s (-want +got)\n%s", tt.name, diff)
		}
	}
	for name, c := range map[string]jwt.MapClaims{
		"scope as a list": {"scope": []string{"completions.read"}}, "scope as a number": {"scope": 1},
		"models as a text": {"models": "a"}, "models as numbers": {"models": []int{1}}, "models as an object": {"models": map[string]bool{"a": true}},
	} {
		if caller, err := lenient.Authenticate(bearing(p.token(t, good(c)))); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %+v, %v", name, caller, err)
		}
	}
}

// withClaim returns valid claims, and one more unless its value is absent.
func withClaim(name string, value, absent any) jwt.MapClaims {
	c := good(nil)
	if value != absent {
		c[name] = value
	}
	return c
}

// TestEmptyRightsOfKeys writes a right without a value, which is an error.
func TestEmptyRightsOfKeys(t *testing.T) {
	_, line := newKey(t, "web")
	_, fine := newKey(t, "job")
	with := func(more string) string { return fine + "\n" + strings.TrimSuffix(line, "}") + ", " + more + "}" }
	for _, tt := range []struct{ name, text, want string }{
		{"no scope", with("scopes: []"), "scopes"},
		{"scopes null", with("scopes: null"), "scopes"},
		{"scopes ~", with("scopes: ~"), "scopes"},
		{"scopes without a value", with("scopes: "), "scopes"},
		{"scopes in a block", "- name: web\n  sha256: " + strings.Repeat("0", 64) + "\n  scopes:\n  streams: 1\n", "scopes"},
		{"no model", with("models: []"), "models"},
		{"models null", with("models: null"), "models"},
		{"a model null", with("models: [a, null]"), "models"},
		{"a model without a name", with(`models: [""]`), "models"},
		{"a scope null", with("scopes: [completions.read, null]"), "scope"},
		{"a scope that is empty", with(`scopes: [""]`), "scope"},
		{"principal null", with("principal: null"), "principal"},
		{"principal empty", with(`principal: ""`), "principal"},
		{"streams null", with("streams: null"), "streams"},
		{"no streams", with("streams: 0"), "streams"},
		{"no requests", with("requests_per_minute: 0"), "requests_per_minute"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := LoadKeys(keyFile(t, tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "entry ") || !strings.Contains(err.Error(), `"web"`) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line about %s that names the entry", err, tt.want)
			}
		})
	}
	for name, text := range map[string]string{"empty": "", "space": " \n", "comments": "# ours\n", "null": "null\n"} {
		if _, err := LoadKeys(keyFile(t, text)); err == nil || !strings.Contains(err.Error(), "[]") {
			t.Errorf("a file that is %s: error %v, want one that tells how to let nobody in", name, err)
		}
	}
	if keys, err := LoadKeys(keyFile(t, "# nobody\n[]\n")); err != nil || keys.Knows("web") {
		t.Errorf("a file that lets nobody in: %v", err)
	}
}
