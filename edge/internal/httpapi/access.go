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

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/edge/internal/limit"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/callers"
	"github.com/pawstream/pawstream/internal/hostname"
	"github.com/pawstream/pawstream/internal/protoname"
)

// principalKey returns the metadata key that names the principal of a call to the completion service.
func principalKey() string { return protoname.Of(completionv1.MetadataKey_METADATA_KEY_PRINCIPAL) }

// A door determines who sends a request, and from where.
type door struct {
	auth    auth.Authenticator
	hosts   *hostname.Guard // nil: any name is allowed
	tickets *auth.Tickets
	proxies []netip.Prefix
}

// A visitor is the sender of one request.
type visitor struct {
	*auth.Caller
	key      string // of the caller's share
	share    limit.Share
	deadline time.Time // when the client stops waiting; zero: never
}

type visitorKey struct{}

// visitorOf returns the sender of a request that has passed guard.
func visitorOf(ctx context.Context) *visitor {
	v, ok := ctx.Value(visitorKey{}).(*visitor)
	if !ok { // a handler that is tested by itself
		caller, _ := auth.None{}.Authenticate(nil)
		return &visitor{Caller: caller}
	}
	return v
}

// A need returns the scope that a request requires, depending on what it does.
type need func(*http.Request) auth.Scope

// always is the need of a route that does one thing.
func always(s auth.Scope) need { return func(*http.Request) auth.Scope { return s } }

// guard lets a request through to a route that requires a scope, if the edge accepts new work, and the caller
// is authenticated, may do this, and has not asked too often.
func (a *api) guard(scope need, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.draining.Load() {
			a.turnAway(w, r, "draining", failure.Overloaded(drainRetry))
			return
		}
		if !byOurName(a, w, r) {
			return
		}
		caller, err := a.authenticate(w, r)
		if err != nil {
			recordOf(r).err = err
			challenge(w, err)
			a.turnAway(w, r, "unauthenticated", unauthenticated(err))
			return
		}
		recordOf(r).principal = caller.Principal
		if needed := scope(r); !caller.May(needed) {
			lacks(w, needed)
			a.turnAway(w, r, "forbidden", failure.PermissionDenied(string(needed)))
			return
		}
		v := &visitor{Caller: caller, key: caller.Principal, share: limit.Share{
			RequestsPerMinute: caller.RequestsPerMinute, Streams: caller.Streams, Anybody: caller.Principal == callers.Anonymous,
		}}
		if caller.Principal == callers.Anonymous || caller.Share != "" { // a guest uses nothing of the owner's
			v.key = a.address(r)
		}
		var fault *failure.Error
		if v.deadline, fault = deadline(r.Header); fault != nil {
			fail(w, r, fault)
			return
		}
		if !counts(a, w, r, v) {
			return
		}
		ctx := context.WithValue(r.Context(), visitorKey{}, v)
		next(w, r.WithContext(metadata.AppendToOutgoingContext(ctx, principalKey(), caller.Principal)))
	})
}

// byOurName reports whether a request is for a host of ours. If not, it has answered.
func byOurName(a *api, w http.ResponseWriter, r *http.Request) bool {
	if a.foreign(r) {
		a.turnAway(w, r, "forbidden", failure.ForeignHost(hostname.Called(r)))
		return false
	}
	return true
}

// counts counts a request of a visitor, and reports whether it is within the quota. If not, it has
// answered.
func counts(a *api, w http.ResponseWriter, r *http.Request, v *visitor) bool {
	quota, refused := a.limiter.Request(v.key, v.share)
	tellQuota(w, quota)
	if refused != nil {
		a.turnAway(w, r, string(refused.Reason), refusal(refused))
		return false
	}
	return true
}

// timeoutHeader is how long a client wants to wait for an answer, in milliseconds.
const timeoutHeader = "X-Request-Timeout-Ms"

// deadline returns when a client stops waiting; zero: it does not say.
func deadline(h http.Header) (time.Time, *failure.Error) {
	text := h.Get(timeoutHeader)
	if text == "" {
		return time.Time{}, nil
	}
	const longest = math.MaxInt64 / int64(time.Millisecond)
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ms < 1 || ms > longest {
		return time.Time{}, failure.InvalidHeader(timeoutHeader, "must be a number of milliseconds")
	}
	return time.Now().Add(time.Duration(ms) * time.Millisecond), nil
}

// bounded ends a unary call when its client stops waiting.
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

// turnAway answers a refused request, and counts it by its reason.
func (a *api) turnAway(w http.ResponseWriter, r *http.Request, reason string, told *failure.Error) {
	recordOf(r).refused = reason
	a.metrics.Refused(reason)
	if told.RetryAfter > 0 && (r.Pattern == followRoute || r.Pattern == followResponse) && isEventSource(r) {
		a.relay.ComeBack(w, r) // an EventSource gives up for good at any other status
		return
	}
	fail(w, r, told)
}

func refusal(r *limit.Refusal) *failure.Error {
	switch r.Reason {
	case limit.ReasonRate:
		return failure.RateLimited(r.Limit, r.RetryAfter)
	case limit.ReasonStreams:
		return failure.TooManyStreams(r.Limit, r.RetryAfter)
	case limit.ReasonFull:
	}
	return failure.Overloaded(r.RetryAfter)
}

// Errors that wrap every problem with a ticket, or with a share.
var (
	errTicket = errors.New("httpapi: the ticket is not usable")
	errShared = errors.New("httpapi: this does not share the completion")
)

// unauthenticated returns the error for an unauthenticated caller. It is the same for everything that may be
// wrong with a well-formed key or ticket.
func unauthenticated(err error) *failure.Error {
	switch {
	case errors.Is(err, errTicket):
		return failure.UnusableTicket()
	case errors.Is(err, errShared):
		return failure.UnusableShare()
	case errors.Is(err, auth.ErrMissing):
		return failure.NoAPIKey()
	case errors.Is(err, auth.ErrMalformed):
		return failure.MalformedAPIKey()
	}
	return failure.UnknownAPIKey()
}

// challenge tells a caller how to authenticate (RFC 6750, section 3).
func challenge(w http.ResponseWriter, err error) {
	value := `Bearer realm="pawstream"`
	if !errors.Is(err, auth.ErrMissing) {
		value += `, error="invalid_token"`
	}
	w.Header().Set("WWW-Authenticate", value)
}

// lacks tells a caller which scope is missing (RFC 6750, section 3.1).
func lacks(w http.ResponseWriter, s auth.Scope) {
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="pawstream", error="insufficient_scope", scope="%s"`, s))
}

// tellQuota sets OpenAI's headers about a caller's requests, if they are limited.
func tellQuota(w http.ResponseWriter, q limit.Quota) {
	if q.Limit == 0 {
		return
	}
	h := w.Header()
	h.Set("X-Ratelimit-Limit-Requests", strconv.Itoa(q.Limit))
	h.Set("X-Ratelimit-Remaining-Requests", strconv.Itoa(q.Remaining))
	h.Set("X-Ratelimit-Reset-Requests", q.Reset.Round(time.Millisecond).String())
}

// slot calls next while it holds one of the caller's streams.
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

// authenticate determines who sends a request. A request that follows a completion may have a ticket, or, once
// that has been used, a pass instead of a key; one that reads it may have its owner's share.
func (d *door) authenticate(w http.ResponseWriter, r *http.Request) (*auth.Caller, error) {
	id := r.PathValue("id")
	if guest, err := d.guest(r, id); guest != nil || err != nil {
		return guest, err
	}
	caller, err := d.auth.Authenticate(r.Header)
	if !errors.Is(err, auth.ErrMissing) || r.Method != http.MethodGet || r.Pattern != followRoute {
		return caller, err
	}
	if cookie, missing := r.Cookie(passCookie); missing == nil {
		if caller, err := d.tickets.Check(cookie.Value, id); err == nil && d.known(caller) {
			return caller, nil
		}
	}
	ticket := r.URL.Query().Get("ticket")
	if ticket == "" {
		return nil, err
	}
	if caller, err = d.tickets.Redeem(r.Context(), ticket, id); err != nil {
		return nil, fmt.Errorf("%w: %w", errTicket, err)
	}
	if !d.known(caller) {
		return nil, fmt.Errorf("%w: its owner no longer has a key", errTicket)
	}
	pass, expires := d.tickets.Pass(caller, id)
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // without TLS a secure cookie would never come back
		Name: passCookie, Value: pass, Path: r.URL.Path, Expires: expires,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: d.encrypted(r),
	})
	return caller, nil
}

// foreign reports whether a request calls the edge by a name that it does not go by.
func (d *door) foreign(r *http.Request) bool {
	return d.hosts != nil && r.TLS == nil && !d.hosts.Allows(r)
}

// encrypted reports whether a client speaks TLS, to us or to a proxy of ours.
func (d *door) encrypted(r *http.Request) bool {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return r.TLS != nil || err == nil && d.trusted(at.Addr().Unmap()) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// known reports whether the caller who issued a ticket still has a key. Tokens are not checked: their tickets
// end when they do.
func (d *door) known(c *auth.Caller) bool {
	keys, ok := d.auth.(interface{ Knows(principal string) bool })
	return !ok || keys.Knows(c.Principal)
}

// address returns where a request comes from: the network of one subscriber, which is a
// single IPv4 address or 64 bits of IPv6. Our proxies report where their requests come from.
func (d *door) address(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	address := at.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !d.trusted(address) {
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

func (d *door) trusted(address netip.Addr) bool { return within(d.proxies, address) }

func within(networks []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(address) })
}

// cameFrom reports whether a request's connection is from one of the networks.
func cameFrom(networks []netip.Prefix) func(*http.Request) bool {
	return func(r *http.Request) bool {
		at, err := netip.ParseAddrPort(r.RemoteAddr)
		return err == nil && within(networks, at.Addr().Unmap())
	}
}
