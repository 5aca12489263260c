package httpapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/internal/callers"
)

// shared is the answer to a request for a ticket.
type shared struct {
	Ticket, URL string
	ExpiresAt   int64 `json:"expires_at"`
}

// askToShare returns a request for a ticket that others may use.
func askToShare(t *testing.T, key, completion, seconds string) *http.Request {
	t.Helper()
	r := jsonRequest(t, "POST /v1/stream_tickets")
	body := fmt.Sprintf(`{"completion_id":%q,"share_for":%s}`, completion, seconds)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	r.Header.Set("Authorization", "Bearer "+key)
	return r
}

// share returns the answer to a successful request for a ticket.
func share(t *testing.T, public *API, seconds string) shared {
	t.Helper()
	w := through(public, askToShare(t, "good", completion, seconds))
	var s shared
	if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil || w.Code != http.StatusOK {
		t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
	}
	return s
}

// TestShare shares a completion: with the ticket, anybody reads its stream, and nothing else, until it is revoked.
func TestShare(t *testing.T) {
	public, behind := opened(t, Config{Auth: keyed(t, map[string]string{"good": ", principal: " + owner, "other": ""})})
	request := func(method, target, key string) *httptest.ResponseRecorder {
		t.Helper()
		return ask(t, public, method+" "+target, func(r *http.Request) {
			r.Header.Del("Authorization")
			if key != "" {
				r.Header.Set("Authorization", "Bearer "+key)
			}
		})
	}
	get := func(target string) *httptest.ResponseRecorder { t.Helper(); return request(http.MethodGet, target, "") }
	link := share(t, public, "3600")
	if left := time.Until(time.Unix(link.ExpiresAt, 0)); left > time.Hour || left < 50*time.Minute {
		t.Errorf("an hour's ticket is good for %v", left)
	}
	const path = "/v1/chat/completions/"
	stream := link.URL + "&stream=true"
	for range 3 {
		behind.taken()
		if w := get(stream); w.Code != http.StatusOK || w.Header().Get("Set-Cookie") != "" || behind.made(owner) != 2 {
			t.Fatalf("status %d, header %v, calls %v", w.Code, w.Header(), behind.taken())
		}
	}
	if again := share(t, public, "60"); get(again.URL+"&stream=true").Code != http.StatusOK || get(stream).Code != http.StatusOK {
		t.Error("shared twice, one of the tickets is good no longer")
	}
	for what, w := range map[string]*httptest.ResponseRecorder{
		"the whole of it":    get(link.URL),
		"another completion": get(path + another + "?stream=true&ticket=" + link.Ticket),
		"its messages":       get(path + completion + "/messages?ticket=" + link.Ticket),
		"the list":           get("/v1/chat/completions?ticket=" + link.Ticket),
		"a changed ticket":   get(path + completion + "?stream=true&ticket=x" + link.Ticket),
		"a wrong key too":    request(http.MethodGet, stream, "bad"),
		"change":             request(http.MethodPost, link.URL, ""),
		"deletion":           request(http.MethodDelete, link.URL, ""),
	} {
		if w.Code != http.StatusUnauthorized {
			t.Errorf("%s: status %d, want 401", what, w.Code)
		}
	}
	if w := request(http.MethodGet, stream, "other"); w.Code != http.StatusNotFound {
		t.Errorf("with a key of somebody else's: status %d, want 404", w.Code)
	}
	if revoked := share(t, public, "0"); revoked.Ticket != "" || revoked.URL != "" {
		t.Errorf("revoked, it has a ticket: %v", revoked)
	}
	if told := messageOf(refusedAs(t, "revoked", get(stream), refusal401)); !strings.HasPrefix(told, "This link has expired, or") {
		t.Errorf("it says %q", told)
	}
	if renewed := share(t, public, "60"); get(renewed.URL+"&stream=true").Code != http.StatusOK {
		t.Error("shared anew it cannot be read")
	}
	refusedAs(t, "revoked, and shared anew", get(stream), refusal401)
}

// TestGuestsAreOneCaller sends many guests of two owners at once, each from another address, while the service does
// not answer. The lookups for one owner's guests share one caller's limit, and delay nobody else.
func TestGuestsAreOneCaller(t *testing.T) {
	const one, crowd = "/v1/chat/completions/" + completion, 3 * maxReads
	behind := &service{waits: make(chan string, 1000), goOn: make(chan struct{})}
	behind.share(true)
	public, err := New(Config{Conn: serve(t, behind), Auth: full()})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	defer all.Wait()
	defer close(behind.goOn)
	send := func(r *http.Request) { all.Go(func() { public.ServeHTTP(httptest.NewRecorder(), r) }) }
	come := func(whose string) {
		link, _ := public.api.tickets.Share(&auth.Caller{Principal: whose}, completion, nonce, time.Hour)
		for i := range crowd {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, one+"?stream=true&ticket="+link, nil)
			r.RemoteAddr = fmt.Sprintf("192.0.2.%d:1", i)
			send(r)
		}
	}
	reach := func(whose string, want int) {
		t.Helper()
		await(t, whose, func() bool { return behind.made(whose) == want })
	}
	come(owner)
	reach(owner, maxReads/2)
	await(t, "the others wait", func() bool { return public.api.turns.reads.Waiting() == crowd-maxReads/2 })
	if got := behind.made(owner); got != maxReads/2 {
		t.Errorf("%d guests look at once, want %d", got, maxReads/2)
	}
	come("other") // another owner's guests have their own limit
	reach("other", maxReads/4)
	for i, request := range []string{"GET " + one, "GET /v1/chat/completions", "DELETE " + one} {
		r := jsonRequest(t, request)
		by("key")(r)
		send(r)
		reach(owner, maxReads/2+i+1)
	}
	for _, call := range behind.taken()[:maxReads/2] {
		if want := owner + " CompletionService/ResumeCompletion"; call != want { // a stream, which is not one of the owner's unary calls
			t.Errorf("a guest's call is %q, want %q", call, want)
		}
	}
}

// TestShareBadInput sends invalid requests to share.
func TestShareBadInput(t *testing.T) {
	public, behind := opened(t, Config{Auth: keyed(t, map[string]string{"good": ", principal: " + owner, "reader": ", principal: " + owner + ", scopes: [completions.read]"})})
	for _, tt := range []struct {
		key, completion, seconds string
		want                     refused
	}{
		{"good", completion, `-1`, refused{400, "invalid_request_error", "invalid_value", "share_for"}},
		{"good", completion, `2592001`, refused{400, "invalid_request_error", "invalid_value", "share_for"}},
		{"good", completion, `"ever"`, refused{400, "invalid_request_error", "invalid_type", "share_for"}},
		{"good", "chatcmpl-NONE", `60`, refused{404, "invalid_request_error", "completion_not_found", ""}},
		{"reader", completion, `60`, refused{403, "permission_error", "permission_denied", ""}},
		{"reader", completion, `0`, refused{403, "permission_error", "permission_denied", ""}},
	} {
		refusedAs(t, tt.key+" "+tt.seconds, through(public, askToShare(t, tt.key, tt.completion, tt.seconds)), tt.want)
	}
	if behind.metadata != nil {
		t.Errorf("it is shared: %v", behind.metadata)
	}
}

// TestShareExpires uses an edge without authentication: links expire there, too, and guests count by address.
func TestShareExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tickets := auth.NewTickets(nil, nil)
		link, _ := tickets.Share(&auth.Caller{Principal: callers.Anonymous}, completion, "n", time.Hour)
		d := door{auth: auth.None{}, tickets: tickets}
		r := httptest.NewRequest(http.MethodGet, "/v1/chat/completions/"+completion+"?stream=true&ticket="+link, nil)
		r.Pattern = followRoute
		r.SetPathValue("id", completion)
		if caller, err := d.authenticate(httptest.NewRecorder(), r); err != nil || caller.Share != "n" || caller.May(auth.ScopeManage) {
			t.Errorf("%+v, %v", caller, err)
		}
		<-time.After(time.Hour)
		if caller, err := d.authenticate(httptest.NewRecorder(), r); err == nil {
			t.Errorf("an hour later it is read by %+v", caller)
		}
	})
}
