package httpapi

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/edge/internal/limit"
)

// comesBackLater fails the test unless a refusal says when to retry, consistently in both headers.
func comesBackLater(t *testing.T, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	seconds, err := strconv.Atoi(w.Header().Get("Retry-After"))
	ms, err2 := strconv.Atoi(w.Header().Get("Retry-After-Ms"))
	if err != nil || err2 != nil || ms < 1 || ms > int(failure.MaxRetryAfter/time.Millisecond) || seconds != int(math.Ceil(float64(ms)/1000)) {
		t.Errorf("%s: Retry-After %q, Retry-After-Ms %q", name, w.Header().Get("Retry-After"), w.Header().Get("Retry-After-Ms"))
	}
	if got := w.Header().Get("X-Should-Retry"); got != "" {
		t.Errorf("%s: X-Should-Retry is %q", name, got)
	}
}

// several are four callers: two keys of one principal, one of another, and one with its own limit.
func several() knownCallers {
	all, models := auth.All[auth.Scope](), auth.All[string]()
	return knownCallers{
		"key":      {Principal: owner, Scopes: all, Models: models},
		"second":   {Principal: owner, Scopes: all, Models: models},
		"other":    {Principal: "other", Scopes: all, Models: models},
		"generous": {Principal: "generous", Scopes: all, Models: models, RequestsPerMinute: 4, Streams: 2},
	}
}

func by(key string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", key) }
}

// TestRequestLimit makes callers exceed their request limit, and checks what they are told.
func TestRequestLimit(t *testing.T) {
	public, behind := opened(t, Config{Auth: several(), Limiter: limit.New(limit.Config{RequestsPerMinute: 2})})
	for i, tt := range []struct {
		key              string
		bound, remaining string // in the headers
		refused          bool
	}{
		{"key", "2", "1", false},
		{"second", "2", "0", false}, // the same principal
		{"key", "2", "0", true},
		{"second", "2", "0", true},
		{"other", "2", "1", false},
		{"generous", "4", "3", false},
		{"generous", "4", "2", false},
		{"generous", "4", "1", false},
		{"generous", "4", "0", false},
		{"generous", "4", "0", true},
		{"other", "2", "0", false},
		{"other", "2", "0", true},
	} {
		name := strconv.Itoa(i) + ", " + tt.key
		behind.taken()
		w := ask(t, public, "GET /v1/models", by(tt.key))
		h := w.Header()
		if h.Get("X-Ratelimit-Limit-Requests") != tt.bound || h.Get("X-Ratelimit-Remaining-Requests") != tt.remaining {
			t.Errorf("%s: header %v", name, h)
		}
		if reset, err := time.ParseDuration(h.Get("X-Ratelimit-Reset-Requests")); err != nil || reset <= 0 || reset > 2*time.Minute {
			t.Errorf("%s: all is there again after %q", name, h.Get("X-Ratelimit-Reset-Requests"))
		}
		if !tt.refused {
			if w.Code != http.StatusOK {
				t.Errorf("%s: status %d", name, w.Code)
			}
			continue
		}
		if want := "you may send " + tt.bound + " a minute"; !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s, want %q", name, w.Body, want)
		}
		refusedAs(t, name, w, refusal429)
		comesBackLater(t, name, w)
		if got := behind.taken(); len(got) > 0 {
			t.Errorf("%s: it calls %v", name, got)
		}
	}
}

// TestEveryAnswerTellsTheLimit calls every route, in every form. Every answer must have the headers of the caller's limit:
// 200, 204, a refusal by the route, and one for too many open streams.
func TestEveryAnswerTellsTheLimit(t *testing.T) {
	const many = 100_000
	for _, streams := range []int{0, 1} {
		limiter := limit.New(limit.Config{RequestsPerMinute: many, Streams: streams})
		public, _ := opened(t, Config{Auth: several(), Limiter: limiter})
		if streams == 1 { // already taken
			release, refused := limiter.Open(owner, limit.Share{})
			if refused != nil {
				t.Fatal(refused)
			}
			defer release()
		}
		seen := map[int]int{}
		for pattern, list := range forms() {
			for _, f := range list {
				r := f.new(t)
				by("key")(r)
				w := through(public, r)
				seen[w.Code]++
				h := w.Header()
				remaining, err := strconv.Atoi(h.Get("X-Ratelimit-Remaining-Requests"))
				reset, err2 := time.ParseDuration(h.Get("X-Ratelimit-Reset-Requests"))
				if err != nil || err2 != nil || h.Get("X-Ratelimit-Limit-Requests") != strconv.Itoa(many) || remaining < 0 || remaining >= many || reset <= 0 {
					t.Errorf("%s, %s: status %d, header %v", pattern, f.name, w.Code, h)
				}
			}
		}
		if seen[http.StatusOK] == 0 || (streams == 1) != (seen[http.StatusTooManyRequests] > 0) {
			t.Errorf("with %d streams: statuses %v", streams, seen)
		}
	}
}

// TestWhatCounts sends requests that end in different ways, and checks which of them count towards their
// caller's limit of two.
func TestWhatCounts(t *testing.T) {
	known := several()
	known["narrow"] = &auth.Caller{Principal: owner}
	public, _ := opened(t, Config{Auth: known, Hosts: []string{"example.com"}})
	const completions = "/v1/chat/completions"
	for _, tt := range []struct {
		request string
		change  func(*http.Request)
		status  int
		counts  bool
	}{
		{"GET /v1/models", nil, 200, true},
		{"HEAD /v1/models", nil, 200, true},
		{"GET " + completions + "/" + completion + "?stream=true", nil, 200, true},
		{"GET " + completions + "/none", nil, 404, true},
		{"GET " + completions + "?limit=x", nil, 400, true},
		{"POST " + completions, nil, 415, true},
		{"GET /v1/models", by("wrong"), 401, false},
		{"GET /v1/models", func(r *http.Request) { r.Header.Del("Authorization") }, 401, false},
		{"GET " + completions, by("narrow"), 403, false},
		{"GET /v1/models", func(r *http.Request) { r.Host = "evil.example" }, 403, false},
		{"GET /v1/models", func(r *http.Request) { r.Header.Set("X-Request-Timeout-Ms", "0") }, 400, false},
		{"GET /v1/nothing", nil, 404, false},
		{"PUT /v1/models", nil, 405, false},
		{"OPTIONS /v1/models", func(r *http.Request) { r.Header.Set("Access-Control-Request-Method", "GET") }, 204, false},
		{"GET /", nil, 200, false},
		{"GET /docs", nil, 200, false},
		{"GET /openapi.json", nil, 200, false},
	} {
		public.api.limiter = limit.New(limit.Config{RequestsPerMinute: 2})
		w := ask(t, public, tt.request, tt.change)
		if w.Code != tt.status {
			t.Errorf("%s: status %d, want %d", tt.request, w.Code, tt.status)
		}
		if told := w.Header().Get("X-Ratelimit-Remaining-Requests") != ""; told != tt.counts {
			t.Errorf("%s, status %d: header %v", tt.request, w.Code, w.Header())
		}
		want := "1"
		if tt.counts {
			want = "0"
		}
		if got := ask(t, public, "GET /v1/models", nil).Header().Get("X-Ratelimit-Remaining-Requests"); got != want {
			t.Errorf("%s, status %d: %s are left, want %s", tt.request, w.Code, got, want)
		}
	}
}

// TestNoLimit checks that there are no headers about a limit if there is none.
func TestNoLimit(t *testing.T) {
	public, _ := opened(t, Config{})
	for name := range ask(t, public, "GET /v1/models", nil).Header() {
		if strings.HasPrefix(name, "X-Ratelimit") || strings.HasPrefix(name, "Retry") {
			t.Errorf("there is a %s", name)
		}
	}
}

// TestLimitByAddress counts callers without a key by address. Only our proxies may report the address of
// others.
func TestLimitByAddress(t *testing.T) {
	public, _ := opened(t, Config{Auth: auth.None{}, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	const near, far, further = "10.0.0.1:1", "192.0.2.1:1", "192.0.2.2:1"
	for _, tt := range []struct {
		name          string
		first, second http.Header
		from, then    string // RemoteAddr
		shared        bool
	}{
		{"two addresses", nil, nil, far, further, false},
		{"two ports of one", nil, nil, far, "192.0.2.1:2", true},
		{"one network of IPv6", nil, nil, "[2001:db8::1]:1", "[2001:db8::2]:1", true},
		{"two networks of IPv6", nil, nil, "[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
		{"two behind a proxy", http.Header{"X-Forwarded-For": {"192.0.2.7"}}, http.Header{"X-Forwarded-For": {"192.0.2.8"}}, near, near, false},
		{"one behind two proxies", http.Header{"X-Forwarded-For": {"192.0.2.7"}}, http.Header{"X-Forwarded-For": {"192.0.2.7, 10.0.0.1"}}, near, "10.0.0.2:1", true},
		{"one that makes hops up", http.Header{"X-Forwarded-For": {"1.1.1.1, 192.0.2.7"}}, http.Header{"X-Forwarded-For": {"2.2.2.2, 192.0.2.7"}}, near, near, true},
		{"one that is no proxy of ours", http.Header{"X-Forwarded-For": {"1.1.1.1"}}, http.Header{"X-Forwarded-For": {"2.2.2.2"}}, far, far, true},
		{"by headers that are not believed", http.Header{"X-Real-Ip": {"1.1.1.1"}, "Forwarded": {"for=1.1.1.1"}}, http.Header{"X-Real-Ip": {"2.2.2.2"}, "Forwarded": {"for=2.2.2.2"}}, near, near, true},
		{"with keys that mean nothing", http.Header{"Authorization": {"Bearer a"}}, http.Header{"Authorization": {"Bearer b"}}, far, far, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			public.api.limiter = limit.New(limit.Config{RequestsPerMinute: 1})
			as := func(from string, h http.Header) *httptest.ResponseRecorder {
				return ask(t, public, "GET /v1/models", func(r *http.Request) { r.RemoteAddr, r.Header = from, h.Clone() })
			}
			if w := as(tt.from, tt.first); w.Code != http.StatusOK {
				t.Fatalf("status %d", w.Code)
			}
			w := as(tt.then, tt.second)
			if tt.shared {
				refusedAs(t, tt.name, w, refusal429)
				comesBackLater(t, tt.name, w)
			} else if w.Code != http.StatusOK {
				t.Errorf("the second: status %d", w.Code)
			}
		})
	}
}

// TestStreamLimit holds streams open, and checks which callers may open another one.
func TestStreamLimit(t *testing.T) {
	const create, follow = "POST /v1/chat/completions", "GET /v1/chat/completions/" + completion + "?stream=true"
	behind := &service{waits: make(chan string), goOn: make(chan struct{})}
	known := several()
	known["generous"].RequestsPerMinute = 0
	public, err := New(Config{Conn: serve(t, behind), Auth: known, Limiter: limit.New(limit.Config{Streams: 1, AllStreams: 3})})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan int)
	running := 0
	begin := func(key string, streamed bool) {
		t.Helper()
		r := jsonRequest(t, create)
		if streamed {
			setBody(r, fmt.Sprintf(asking, "?"))
		}
		by(key)(r)
		go func() { ended <- through(public, r).Code }()
		<-behind.waits
		running++
	}
	refuse := func(key string, want refused) {
		t.Helper()
		for _, request := range []string{create, follow} {
			r := jsonRequest(t, request)
			by(key)(r)
			w := through(public, r)
			if want == refusal429 && !strings.Contains(w.Body.String(), "you may have 1 open") {
				t.Errorf("%s, %s: %s does not say which limit", key, request, w.Body)
			}
			refusedAs(t, key+", "+request, w, want)
			comesBackLater(t, key, w)
		}
		w := ask(t, public, follow, func(r *http.Request) { by(key)(r); r.Header.Set("Accept", "text/event-stream") })
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "retry: ") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") {
			t.Errorf("%s: an EventSource is told %d, %q", key, w.Code, w.Body)
		}
	}
	begin("key", false) // a whole answer counts as long as it runs
	refuse("key", refusal429)
	refuse("second", refusal429)
	begin("generous", true)
	begin("generous", true)
	refuse("generous", refusal503) // all three are taken
	refuse("other", refusal503)
	close(behind.goOn)
	for range running {
		if code := <-ended; code != http.StatusOK {
			t.Errorf("one that was let in: status %d", code)
		}
	}
	behind.waits = nil
	for key := range known {
		r := jsonRequest(t, create)
		by(key)(r)
		if w := through(public, r); w.Code != http.StatusOK {
			t.Errorf("%s, when all have ended: status %d", key, w.Code)
		}
	}
}

// TestBusyTicket opens an EventSource with a ticket when there is no room for a stream. The ticket is
// used up, so the client gets the pass to come back with.
func TestBusyTicket(t *testing.T) {
	public, _ := opened(t, Config{Auth: several(), Limiter: limit.New(limit.Config{RequestsPerMinute: 1})})
	ask(t, public, "GET /v1/models", nil)
	ticket, _ := public.api.tickets.Issue(several()["key"], completion)
	w := ask(t, public, "GET /v1/chat/completions/"+completion+"?ticket="+ticket, func(r *http.Request) {
		r.Header.Del("Authorization")
		r.Header.Set("Accept", "text/event-stream")
	})
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "retry: ") || len(w.Result().Cookies()) != 1 {
		t.Errorf("status %d, header %v, %q", w.Code, w.Header(), w.Body)
	}
}

// TestDraining calls a draining edge.
func TestDraining(t *testing.T) {
	public, behind := opened(t, Config{})
	if left := public.Drain(t.Context()); left != 0 {
		t.Errorf("%d streams are handed over", left)
	}
	for pattern, list := range forms() {
		for _, f := range list {
			r := f.new(t)
			by("key")(r)
			w := through(public, r)
			if got := behind.taken(); len(got) > 0 {
				t.Errorf("%s, %s: it calls %v", pattern, f.name, got)
			}
			if (pattern == followRoute || pattern == followResponse) && isEventSource(r) {
				if w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "retry: ") {
					t.Errorf("%s, %s: status %d, %q", pattern, f.name, w.Code, w.Body)
				}
				continue
			}
			refusedAs(t, pattern, w, refusal503)
			comesBackLater(t, pattern, w)
		}
	}
	if w := ask(t, public, "GET /docs", nil); w.Code != http.StatusOK {
		t.Errorf("a page: status %d", w.Code)
	}
}

// TestDeadlineHeader makes clients say how long they wait.
func TestDeadlineHeader(t *testing.T) {
	known := full()
	known["by another name"] = &auth.Caller{Principal: owner, Scopes: auth.All[auth.Scope](), Models: auth.Only("x")}
	public, behind := opened(t, Config{Auth: known})
	const completions = "/v1/chat/completions"
	requests := []string{"GET /v1/models", "GET " + completions + "/" + completion, "POST " + completions, "DELETE " + completions + "/" + completion}
	send := func(request, value string) *httptest.ResponseRecorder {
		r := jsonRequest(t, request)
		r.Header.Set("X-Request-Timeout-Ms", value)
		return through(public, r)
	}
	for _, request := range requests {
		for value, fine := range map[string]bool{
			"60000": true, "9223372036854": true, "": true,
			"0": false, "-1": false, "soon": false, "1.5": false, "1e3": false, "9223372036855": false, "99999999999999999999": false, "0x10": false,
		} {
			behind.taken()
			w := send(request, value)
			if fine {
				if w.Code != http.StatusOK {
					t.Errorf("%s, %q: status %d", request, value, w.Code)
				}
				continue
			}
			refusedAs(t, request+" "+value, w, refused{http.StatusBadRequest, "invalid_request_error", "invalid_value", ""})
			if !strings.Contains(w.Body.String(), timeoutHeader) || len(behind.taken()) > 0 {
				t.Errorf("%s, %q: %s", request, value, w.Body)
			}
		}
	}
	behind.waits = make(chan string, 10) // from now on it does not answer
	for _, tt := range []struct{ key, request string }{
		{"key", requests[0]},
		{"key", requests[1]},
		{"key", requests[2]},
		{"key", requests[3]},
		{"key", "POST /v1/stream_tickets"},
		{"by another name", "GET /v1/models/" + modelA}, // its name is looked up in the service before access is decided
		{"by another name", "POST " + completions},
	} {
		r := jsonRequest(t, tt.request)
		by(tt.key)(r)
		r.Header.Set("X-Request-Timeout-Ms", "1")
		w := refusedAs(t, tt.request+" "+tt.key, through(public, r), refused{http.StatusGatewayTimeout, "server_error", "deadline_exceeded", ""})
		if w.Header().Get("X-Should-Retry") != "false" {
			t.Errorf("%s: header %v", tt.request, w.Header())
		}
	}
}
