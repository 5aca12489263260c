package httpapi

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/limit"
)

// open returns an API in front of a [service]. Tests that use it do not run at once: grpc-gateway
// keeps the parser of queries in a variable of its package.
func open(t *testing.T, cfg Config) *API {
	t.Helper()
	cfg.Conn = serve(t, &service{})
	public, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return public
}

// full is a caller with all rights, by the key "key".
func full() knownCallers {
	return knownCallers{"key": {Principal: owner, Scopes: auth.All[auth.Scope](), Models: auth.All[string]()}}
}

// ask sends a request, with changes, and returns the answer.
func ask(t *testing.T, to http.Handler, request string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	r.Header.Set("Authorization", "key")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	to.ServeHTTP(w, r)
	return w
}

// TestHost calls each kind of edge by its own names and by others.
func TestHost(t *testing.T) {
	names := []string{"shop.example", "edge-1"}
	for _, tt := range []struct {
		name        string
		cfg         Config
		may, mayNot string
	}{
		{"its own machine's", Config{Local: true}, "localhost:8080 127.0.0.1 [::1]:1", "shop.example 192.0.2.1 evil.example localhost.evil.example"},
		{"its own machine's, by names", Config{Local: true, Hosts: names}, "localhost shop.example SHOP.example:8080 edge-1:8080", "192.0.2.1 evil.example x.shop.example"},
		{"for all, by whatever name", Config{}, "localhost shop.example evil.example 192.0.2.1", ""},
		{"for all, by names", Config{Hosts: names}, "localhost 127.0.0.1:8080 shop.example edge-1 192.0.2.1:8080 [2001:db8::1]", "evil.example shop.example.evil.example"},
		{"by keys", Config{Auth: full()}, "localhost evil.example", ""},
		{"by keys and names", Config{Auth: full(), Hosts: names}, "localhost shop.example 192.0.2.1", "evil.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			public := open(t, tt.cfg)
			for host := range strings.FieldsSeq(tt.may) {
				if w := ask(t, public, "GET /v1/models", func(r *http.Request) { r.Host = host }); w.Code != http.StatusOK {
					t.Errorf("%s: status %d, %s", host, w.Code, w.Body)
				}
			}
			for host := range strings.FieldsSeq(tt.mayNot) {
				for pattern, list := range forms() {
					for _, f := range list {
						r := f.new(t)
						r.Host = host
						r.Header.Set("X-Forwarded-Host", "localhost") // which a page may set
						r.Header.Set("Authorization", "key")
						w := httptest.NewRecorder()
						public.ServeHTTP(w, r)
						if w.Code != http.StatusForbidden || codeOf(w) != "permission_denied" && r.Method != http.MethodHead || !strings.Contains(w.Body.String(), "--host") {
							t.Errorf("%s, %s: status %d, %s", host, pattern, w.Code, w.Body)
						}
					}
				}
				if w := ask(t, public, "GET /v1/models", func(r *http.Request) { r.Host, r.TLS = host, &tls.ConnectionState{} }); w.Code != http.StatusOK {
					t.Errorf("%s, whose certificate the browser has checked: status %d", host, w.Code)
				}
			}
		})
	}
}

// TestAddress sends requests through proxies, some of which are ours, and counts them by address.
func TestAddress(t *testing.T) {
	a := &door{proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for _, tt := range []struct {
		name, from string
		forwarded  []string
		want       string
	}{
		{"by itself", "192.0.2.1:1234", nil, "192.0.2.1"},
		{"by itself, and says otherwise", "192.0.2.1:1234", []string{"198.51.100.7"}, "192.0.2.1"},
		{"by a proxy", "10.0.0.1:1", []string{"192.0.2.1"}, "192.0.2.1"},
		{"by a proxy, and says otherwise", "10.0.0.1:1", []string{"198.51.100.7, 192.0.2.1"}, "192.0.2.1"},
		{"by two proxies", "10.0.0.1:1", []string{"198.51.100.7, 192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		{"by two proxies, in two lines", "10.0.0.1:1", []string{"192.0.2.1", "10.0.0.2"}, "192.0.2.1"},
		{"from a proxy itself", "10.0.0.1:1", nil, "10.0.0.1"},
		{"by a proxy that says nothing of use", "10.0.0.1:1", []string{"192.0.2.9, unknown"}, "10.0.0.1"},
		{"empty", "10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"through two, with nonsense between", "10.0.0.1:1", []string{"192.0.2.1, x, 10.0.0.2"}, "10.0.0.2"},
		{"with a port, which is no address", "10.0.0.1:1", []string{"192.0.2.1:99"}, "10.0.0.1"},
		{"all hops are ours", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:1", nil, "192.0.2.1"},
		{"a proxy that is IPv4 in IPv6", "[::ffff:10.0.0.1]:1", []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{"IPv6 is the subscriber's network", "[2001:db8:1:2:3:4:5:6]:1", nil, "2001:db8:1:2::/64"},
		{"IPv6 by a proxy", "[fd00::1]:1", []string{"2001:db8:1:2::9"}, "2001:db8:1:2::/64"},
		{"no address at all", "@", []string{"192.0.2.1"}, "@"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.RemoteAddr = tt.from
			r.Header["X-Forwarded-For"] = tt.forwarded
			if got := a.address(r); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// TestSharesByAddress checks that callers without a key are counted by address, and callers with a key
// are not.
func TestSharesByAddress(t *testing.T) {
	for _, tt := range []struct {
		name string
		auth auth.Authenticator
		want int // of a second request, from elsewhere
	}{
		{"without keys", nil, http.StatusOK},
		{"with keys", full(), http.StatusTooManyRequests},
	} {
		public := open(t, Config{Auth: tt.auth, Limiter: limit.New(limit.Config{RequestsPerMinute: 1})})
		for _, step := range []struct {
			from string
			want int
		}{{"192.0.2.1:1", http.StatusOK}, {"192.0.2.1:2", http.StatusTooManyRequests}, {"192.0.2.2:1", tt.want}} {
			w := ask(t, public, "GET /v1/models", func(r *http.Request) { r.RemoteAddr = step.from })
			if w.Code != step.want || w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "" {
				t.Errorf("%s, from %s: status %d, want %d, header %v", tt.name, step.from, w.Code, step.want, w.Header())
			}
		}
	}
}

// TestCORS sends requests from pages of several origins, to every kind of route.
func TestCORS(t *testing.T) {
	apis := make(map[string]*API) // by origins
	const shop = "https://shop.example"
	for _, tt := range []struct {
		name    string
		origins []string
		origin  string
		want    string
	}{
		{"nobody", nil, shop, ""},
		{"one", []string{shop}, shop, shop},
		{"one, in another case", []string{"https://Shop.Example"}, shop, shop},
		{"another", []string{shop}, "https://evil.example", ""},
		{"a longer name", []string{shop}, shop + ".evil.example", ""},
		{"another scheme", []string{shop}, "http://shop.example", ""},
		{"another port", []string{shop}, shop + ":8443", ""},
		{"a file", []string{shop}, "null", ""},
		{"any", []string{"*"}, "https://evil.example", "https://evil.example"},
	} {
		public, ok := apis[strings.Join(tt.origins, " ")]
		if !ok {
			public = open(t, Config{Auth: full(), Origins: tt.origins})
			apis[strings.Join(tt.origins, " ")] = public
		}
		t.Run(tt.name, func(t *testing.T) {
			from := func(r *http.Request) { r.Header.Set("Origin", tt.origin) }
			for request, status := range map[string]int{
				"GET /v1/models": 200, "GET /v1/chat/completions/" + completion: 200, "GET /v1/chat/completions/none": 404, "POST /v1/models": 405, "GET /nothing": 404,
			} {
				w := ask(t, public, request, from)
				got := w.Header().Get("Access-Control-Allow-Origin")
				if w.Code != status || got != tt.want && got != "*" || tt.want == "" && got != "" {
					t.Errorf("%s: status %d, allowed origin %q, want %q", request, w.Code, got, tt.want)
				}
				if w.Header().Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s: cookies may be sent from there", request)
				}
				if exposed := w.Header().Get("Access-Control-Expose-Headers"); tt.want != "" && !strings.Contains(strings.ToLower(exposed), "retry-after-ms") {
					t.Errorf("%s: exposed are %q", request, exposed)
				}
			}
			for method, fine := range map[string]bool{"POST": true, "DELETE": true, "GET": true, "PUT": false, "PATCH": false} {
				w := ask(t, public, "OPTIONS /v1/chat/completions/"+completion, func(r *http.Request) {
					from(r)
					r.Header.Del("Authorization") // a preflight has none
					r.Header.Set("Access-Control-Request-Method", method)
					r.Header.Set("Access-Control-Request-Headers", "authorization,content-type,idempotency-key,last-event-id,x-stainless-os")
				})
				h := w.Header()
				allowed := h.Get("Access-Control-Allow-Origin") != "" && h.Get("Access-Control-Allow-Methods") == method
				if w.Code != http.StatusNoContent || allowed != (fine && tt.want != "") {
					t.Errorf("a preflight for %s: status %d, header %v", method, w.Code, h)
				}
				if allowed && !strings.Contains(h.Get("Access-Control-Allow-Headers"), "last-event-id") {
					t.Errorf("a preflight for %s allows the headers %q", method, h.Get("Access-Control-Allow-Headers"))
				}
			}
		})
	}
}

// TestPassCookie checks the cookie that a ticket yields, and uses it where it is not accepted.
func TestPassCookie(t *testing.T) {
	const path = "/v1/chat/completions/" + completion
	known := full()
	public := open(t, Config{Auth: known, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	for _, tt := range []struct {
		name   string
		change func(*http.Request)
		secure bool
	}{
		{"plain", nil, false},
		{"TLS", func(r *http.Request) { r.TLS = &tls.ConnectionState{} }, true},
		{"TLS that ends before a proxy of ours", func(r *http.Request) { r.RemoteAddr = "10.0.0.1:1"; r.Header.Set("X-Forwarded-Proto", "HTTPS") }, true},
		{"a proxy of ours, without", func(r *http.Request) { r.RemoteAddr = "10.0.0.1:1"; r.Header.Set("X-Forwarded-Proto", "http") }, false},
		{"somebody who says so", func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ticket, _ := public.api.tickets.Issue(known["key"], completion)
			by := func(cookie *http.Cookie) func(*http.Request) {
				return func(r *http.Request) {
					r.Header.Del("Authorization")
					if cookie != nil {
						r.AddCookie(cookie)
					}
					if tt.change != nil {
						tt.change(r)
					}
				}
			}
			w := ask(t, public, "GET "+path+"?stream=true&ticket="+ticket, by(nil))
			cookies := w.Result().Cookies()
			if w.Code != http.StatusOK || len(cookies) != 1 {
				t.Fatalf("status %d, cookies %v", w.Code, cookies)
			}
			c := cookies[0]
			if c.Name != passCookie || c.Path != path || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Domain != "" || c.Expires.IsZero() || c.Secure != tt.secure {
				t.Errorf("%+v", c)
			}
			if again := ask(t, public, "GET "+path+"?stream=true&ticket="+ticket, by(c)); again.Code != http.StatusOK || len(again.Result().Cookies()) != 0 {
				t.Errorf("by the cookie: status %d, cookies %v", again.Code, again.Result().Cookies())
			}
			changed := *c
			changed.Value = changed.Value[:len(changed.Value)-2] + "AA"
			if w := ask(t, public, "GET "+path, by(&changed)); w.Code != http.StatusUnauthorized || len(w.Result().Cookies()) != 0 {
				t.Errorf("by a changed cookie: status %d", w.Code)
			}
			if w := ask(t, public, "GET "+path, func(r *http.Request) { by(c)(r); r.Header.Set("Authorization", "wrong") }); w.Code != http.StatusUnauthorized {
				t.Errorf("by the cookie and a wrong key: status %d", w.Code)
			}
		})
	}
}
