package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
)

// How long the tickets, passes and shares of [Tickets] are valid.
const (
	TicketLife = time.Minute // until its only use
	PassLife   = time.Hour   // of an EventSource that reconnects
	// MostShareLife is the maximum lifetime of a share.
	MostShareLife = 30 * 24 * time.Hour
)

// clockSkew is how far the clocks of edges may differ. A ticket that expires later than any issued
// now could was issued by a clock that was ahead, and is invalid.
const clockSkew = time.Minute

// maxUsed bounds how many used tickets are remembered. At that number, no ticket is
// accepted until the oldest have expired.
const maxUsed = 100_000

// Tickets let a caller pass on the right to follow one completion, as part of a URL. A ticket is valid for one
// use within a minute, so that a URL in a log or a history is worthless; its use returns a pass, for a cookie,
// with which an EventSource that lost its connection can reconnect.
//
// A share is for people: anyone who has it may read the completion, any number of times, until it expires. It
// names a nonce, and is valid only while its nonce is stored elsewhere, so that it can be revoked.
//
// All of these are sealed, not stored: every edge with the same secret accepts them. Only the use of a
// ticket is remembered: by the edge that saw it and, if edges share uses, by
// the others. Tickets is safe for concurrent use.
type Tickets struct {
	secret []byte
	spend  Spend

	mu   sync.Mutex
	used map[string]time.Time // until when a nonce must be remembered
}

// Spend reports whether a ticket's nonce is used for the first time at all edges.
type Spend func(ctx context.Context, nonce string) (first bool)

// NewTickets returns tickets that are sealed with a secret; nil: a random one that only this
// process knows. spend detects uses at other edges; nil: there are no others.
func NewTickets(secret []byte, spend Spend) *Tickets {
	if secret == nil {
		secret = make([]byte, sha256.Size)
		_, _ = rand.Read(secret) // crypto/rand.Read never fails
	}
	return &Tickets{secret: secret, spend: spend, used: make(map[string]time.Time)}
}

// kind keeps a pass from being used as a ticket, and vice versa.
type kind string

const (
	ticketKind kind = "ticket"
	passKind   kind = "pass"
	shareKind  kind = "share"
)

// grant is the sealed content.
type grant struct {
	Kind       kind      `json:"k"`
	Completion string    `json:"c"`
	Principal  string    `json:"p"`
	PerMinute  int       `json:"m,omitempty"`
	Streams    int       `json:"s,omitempty"`
	Until      time.Time `json:"u"`
	Ends       time.Time `json:"e,omitzero"` // the issuer's own right
	Nonce      string    `json:"n,omitempty"`
}

// Issue returns a ticket for the caller's completion, and when it expires. It does not
// check whether the completion exists.
func (t *Tickets) Issue(c *Caller, completion string) (ticket string, expires time.Time) {
	return t.seal(c, grant{Kind: ticketKind, Completion: completion, Until: time.Now().Add(TicketLife), Nonce: rand.Text()})
}

// Redeem returns the issuer of a ticket for the completion, with the right to
// read it. It accepts each ticket once. Errors: [ErrInvalid], [ErrExpired].
func (t *Tickets) Redeem(ctx context.Context, ticket, completion string) (*Caller, error) {
	g, err := t.open(ticket, ticketKind, completion)
	if err != nil {
		return nil, err
	}
	if !t.first(g.Nonce) || t.spend != nil && !t.spend(ctx, g.Nonce) {
		return nil, fmt.Errorf("%w: the ticket was used before", ErrInvalid)
	}
	return g.caller(), nil
}

// Pass returns a pass with which the caller can follow the completion again, and when it expires.
func (t *Tickets) Pass(c *Caller, completion string) (pass string, expires time.Time) {
	return t.seal(c, grant{Kind: passKind, Completion: completion, Until: time.Now().Add(PassLife)})
}

// Check returns the caller to whom a pass for the completion belongs. Errors: [ErrInvalid], [ErrExpired].
func (t *Tickets) Check(pass, completion string) (*Caller, error) {
	g, err := t.open(pass, passKind, completion)
	if err != nil {
		return nil, err
	}
	return g.caller(), nil
}

// Share returns a ticket for many uses of the caller's completion, and when it expires: after life, but at most
// after [MostShareLife]. The ticket is valid as long as the caller stores nonce.
func (t *Tickets) Share(c *Caller, completion, nonce string, life time.Duration) (share string, expires time.Time) {
	return t.seal(c, grant{Kind: shareKind, Completion: completion, Until: time.Now().Add(min(life, MostShareLife)), Nonce: nonce})
}

// Shared returns a guest of the caller who shared the completion. Errors: [ErrExpired], or [ErrInvalid], which
// includes tickets of another kind. Callers of Shared must check that the guest's nonce is still stored.
func (t *Tickets) Shared(share, completion string) (*Caller, error) {
	g, err := t.open(share, shareKind, completion)
	if err != nil {
		return nil, err
	}
	caller := g.caller()
	caller.Share = g.Nonce
	return caller, nil
}

// seal seals a grant of the caller. The grant expires no later than the caller's own right.
func (t *Tickets) seal(c *Caller, g grant) (string, time.Time) {
	if !c.Expires.IsZero() && c.Expires.Before(g.Until) {
		g.Until = c.Expires
	}
	g.Until = g.Until.Truncate(time.Second).UTC()
	g.Principal, g.PerMinute, g.Streams, g.Ends = c.Principal, c.RequestsPerMinute, c.Streams, c.Expires
	text, _ := json.Marshal(g) // strings and numbers always marshal
	payload := base64.RawURLEncoding.EncodeToString(text)
	return payload + "." + base64.RawURLEncoding.EncodeToString(t.mac(payload)), g.Until
}

func (t *Tickets) mac(payload string) []byte {
	h := hmac.New(sha256.New, t.secret)
	h.Write([]byte(payload))
	return h.Sum(nil)
}

func (t *Tickets) open(sealed string, want kind, completion string) (*grant, error) {
	payload, tag, _ := strings.Cut(sealed, ".")
	mac, err := base64.RawURLEncoding.DecodeString(tag)
	if err != nil || len(sealed) > maxCredentials || !hmac.Equal(mac, t.mac(payload)) {
		return nil, fmt.Errorf("%w: not sealed by us", ErrInvalid)
	}
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	var g grant
	switch err := json.Unmarshal(text, &g); {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	case g.Kind != want || g.Completion != completion:
		return nil, fmt.Errorf("%w: for something else", ErrInvalid)
	case !time.Now().Before(g.Until), time.Until(g.Until) > life(want)+clockSkew:
		return nil, ErrExpired
	}
	return &g, nil
}

// caller returns the issuer with the right to read. A stream may outlast the ticket or pass
// that opened it, but not the issuer's right.
func (g *grant) caller() *Caller {
	return &Caller{
		Principal: g.Principal, Scopes: Only(ScopeRead),
		RequestsPerMinute: g.PerMinute, Streams: g.Streams, Expires: g.Ends,
	}
}

// life returns the lifetime of grants of a kind.
func life(k kind) time.Duration {
	switch k {
	case passKind:
		return PassLife
	case shareKind:
		return MostShareLife
	case ticketKind:
	}
	return TicketLife
}

// first reports whether a nonce is new here, and remembers it as long as its ticket may be valid.
func (t *Tickets) first(nonce string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.used[nonce]; ok {
		return false
	}
	if len(t.used) >= maxUsed {
		now := time.Now()
		for nonce, until := range t.used {
			if now.After(until) {
				delete(t.used, nonce)
			}
		}
		if len(t.used) >= maxUsed {
			return false
		}
	}
	t.used[nonce] = time.Now().Add(TicketLife + clockSkew)
	return true
}
