package httpapi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/limit"
	"github.com/pawstream/pawstream/edge/internal/openai"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// principalKey names, in the metadata of a call to the completion service, on whose
// behalf it is made.
const principalKey = "pawstream-principal"

// A visitor is who sent one request.
type visitor struct {
	*auth.Caller
	key      string // of the caller's share
	share    limit.Share
	deadline time.Time // when the client wants to wait no longer; zero: never
}

type visitorKey struct{}

// visitorOf returns who sent a request that has passed guard.
func visitorOf(ctx context.Context) *visitor {
	v, ok := ctx.Value(visitorKey{}).(*visitor)
	if !ok { // a handler that is tested by itself
		caller, _ := auth.None{}.Authenticate(nil)
		return &visitor{Caller: caller}
	}
	return v
}

// A need tells which scope a request takes, by what it comes to.
type need func(*http.Request) auth.Scope

// always is the need of a route that does one thing.
func always(s auth.Scope) need { return func(*http.Request) auth.Scope { return s } }

// guard lets a request through to a route that takes a scope: if the edge takes new
// work, the caller is somebody, may do this, and has not asked too often.
func (a *api) guard(scope need, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.draining.Load() {
			a.turnAway(w, r, "draining", openai.Overloaded(drainRetry))
			return
		}
		if a.hosts != nil && r.TLS == nil && !a.hosts.Allows(r) {
			a.turnAway(w, r, "forbidden", openai.ForeignHost())
			return
		}
		caller, err := a.authenticate(w, r)
		if err != nil {
			recordOf(r).err = err
			challenge(w, err)
			a.turnAway(w, r, "unauthenticated", openai.InvalidAPIKey())
			return
		}
		recordOf(r).principal = caller.Principal
		if needed := scope(r); !caller.May(needed) {
			lacks(w, needed)
			a.turnAway(w, r, "forbidden", openai.PermissionDenied(string(needed)))
			return
		}
		v := &visitor{Caller: caller, key: caller.Principal, share: limit.Share{
			RequestsPerMinute: caller.RequestsPerMinute, Streams: caller.Streams,
		}}
		if caller.Principal == auth.Anonymous {
			v.key = a.address(r)
		}
		var fault *openai.Error
		if v.deadline, fault = deadline(r.Header); fault != nil {
			answer.Error(w, fault)
			return
		}
		quota, refused := a.limiter.Request(v.key, v.share)
		tellQuota(w, quota)
		if refused != nil {
			a.turnAway(w, r, string(refused.Reason), refusal(refused))
			return
		}
		ctx := context.WithValue(r.Context(), visitorKey{}, v)
		next(w, r.WithContext(metadata.AppendToOutgoingContext(ctx, principalKey, caller.Principal)))
	})
}

// timeoutHeader is how long a client wants to wait for an answer, in milliseconds.
const timeoutHeader = "X-Request-Timeout-Ms"

// deadline returns when a client wants to wait no longer; zero: it does not say.
func deadline(h http.Header) (time.Time, *openai.Error) {
	text := h.Get(timeoutHeader)
	if text == "" {
		return time.Time{}, nil
	}
	const longest = math.MaxInt64 / int64(time.Millisecond)
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ms < 1 || ms > longest {
		return time.Time{}, openai.InvalidHeader(timeoutHeader, "must be a number of milliseconds")
	}
	return time.Now().Add(time.Duration(ms) * time.Millisecond), nil
}

// bounded ends a unary call when its client wants to wait no longer.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if at := visitorOf(r.Context()).deadline; !at.IsZero() {
			ctx, cancel := context.WithDeadline(r.Context(), at)
			defer cancel()
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}

// drainRetry is the hint of an edge that is about to stop.
const drainRetry = time.Second

// turnAway answers a request that goes no further.
func (a *api) turnAway(w http.ResponseWriter, r *http.Request, reason string, told *openai.Error) {
	recordOf(r).refused = reason
	a.metrics.Refused(reason)
	if told.RetryAfter > 0 && r.Pattern == followRoute && isEventSource(r) {
		a.relay.ComeBack(w, r) // it would give up for good at any other status
		return
	}
	answer.Error(w, told)
}

func refusal(r *limit.Refusal) *openai.Error {
	if r.Reason == limit.ReasonFull {
		return openai.Overloaded(r.RetryAfter)
	}
	return openai.RateLimited(r.RetryAfter)
}

// challenge tells a caller how to say who they are (RFC 6750, section 3).
func challenge(w http.ResponseWriter, err error) {
	value := `Bearer realm="pawstream"`
	if !errors.Is(err, auth.ErrMissing) {
		value += `, error="invalid_token"`
	}
	w.Header().Set("WWW-Authenticate", value)
}

// lacks tells a caller which scope would do (RFC 6750, section 3.1).
func lacks(w http.ResponseWriter, s auth.Scope) {
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="pawstream", error="insufficient_scope", scope="%s"`, s))
}

// tellQuota sets OpenAI's headers about a caller's requests, where there is a bound.
func tellQuota(w http.ResponseWriter, q limit.Quota) {
	if q.Limit == 0 {
		return
	}
	h := w.Header()
	h.Set("X-Ratelimit-Limit-Requests", strconv.Itoa(q.Limit))
	h.Set("X-Ratelimit-Remaining-Requests", strconv.Itoa(q.Remaining))
	h.Set("X-Ratelimit-Reset-Requests", q.Reset.Round(time.Millisecond).String())
}

// slot has next answer while it holds one of the caller's streams.
func (a *api) slot(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := visitorOf(r.Context())
		release, refused := a.limiter.Open(v.key, v.share)
		if refused != nil {
			a.turnAway(w, r, string(refused.Reason), refusal(refused))
			return
		}
		defer release()
		next(w, r)
	}
}

// passCookie holds the pass of an EventSource for one completion: the cookie's path.
const passCookie = "pawstream_pass"

// authenticate tells who sends a request. One that follows a completion may have a
// ticket or, once that was used, a pass in place of what the others need.
func (a *api) authenticate(w http.ResponseWriter, r *http.Request) (*auth.Caller, error) {
	caller, err := a.auth.Authenticate(r.Header)
	id := r.PathValue("id")
	if !errors.Is(err, auth.ErrMissing) || r.Method != http.MethodGet || r.Pattern != followRoute {
		return caller, err
	}
	if cookie, missing := r.Cookie(passCookie); missing == nil {
		if caller, err := a.tickets.Check(cookie.Value, id); err == nil && a.known(caller) {
			return caller, nil
		}
	}
	ticket := r.URL.Query().Get("ticket")
	if ticket == "" {
		return nil, err
	}
	if caller, err = a.tickets.Redeem(r.Context(), ticket, id); err != nil {
		return nil, err
	}
	if !a.known(caller) {
		return nil, fmt.Errorf("%w: the ticket is of somebody who has no key any more", auth.ErrInvalid)
	}
	pass, expires := a.tickets.Pass(caller, id)
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // without TLS a secure cookie would never come back
		Name: passCookie, Value: pass, Path: r.URL.Path, Expires: expires,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: a.encrypted(r),
	})
	return caller, nil
}

// encrypted reports whether a client speaks TLS, to us or to a proxy of ours.
func (a *api) encrypted(r *http.Request) bool {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return r.TLS != nil || err == nil && a.trusted(at.Addr().Unmap()) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// known reports whether who issued a ticket might still do so, so far as that can be told: a
// token's end is in what it has issued.
func (a *api) known(c *auth.Caller) bool {
	keys, ok := a.auth.(interface{ Knows(principal string) bool })
	return !ok || keys.Knows(c.Principal)
}

// issueTicket handles POST /v1/stream_tickets: the right to follow one completion, for
// an EventSource, which cannot send a header.
func (a *api) issueTicket(w http.ResponseWriter, r *http.Request) {
	share := a.share(r)
	defer share.Release()
	body, fault := a.readJSON(w, r, share)
	var id string
	if fault == nil {
		id, fault = openai.DecodeTicketRequest(body)
	}
	if fault != nil {
		a.refuseBody(w, r, fault)
		return
	}
	if err := a.exists(r.Context(), id); err != nil {
		refuse(w, r, err)
		return
	}
	ticket, expires := a.tickets.Issue(visitorOf(r.Context()).Caller, id)
	note(r, id, "")
	answer.JSON(w, openai.NewTicket(id, ticket, expires))
}

// exists tells whether the caller has a completion of that id, by the error of a call
// that asks for it.
func (a *api) exists(ctx context.Context, id string) error {
	_, err := a.completions.GetCompletion(ctx, &completionv1.GetCompletionRequest{CompletionId: id})
	return err
}

// address returns where a request comes from: the network that one subscriber has, a
// single address of IPv4 or 64 bits of IPv6. Proxies of ours say where theirs come from.
func (a *api) address(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	address := at.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !a.trusted(address) {
			break
		}
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		address = before.Unmap()
	}
	if address.Is6() {
		prefix, _ := address.Prefix(64) // an IPv6 address has as many bits
		return prefix.String()
	}
	return address.String()
}

func (a *api) trusted(address netip.Addr) bool { return within(a.proxies, address) }

func within(networks []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(address) })
}

// cameFrom tells whether a request's connection is from one of the networks.
func cameFrom(networks []netip.Prefix) func(*http.Request) bool {
	return func(r *http.Request) bool {
		at, err := netip.ParseAddrPort(r.RemoteAddr)
		return err == nil && within(networks, at.Addr().Unmap())
	}
}
