// Package httpapi is the public HTTP surface: routes, handlers and what stands around
// them. Creating and following completions is the relay's work; the unary JSON calls
// are grpc-gateway's, with our JSON and our errors.
package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"

	"github.com/rs/cors"
	"google.golang.org/grpc"

	"github.com/pawstream/pawstream/edge/internal/apidocs"
	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/chatpage"
	"github.com/pawstream/pawstream/edge/internal/limit"
	"github.com/pawstream/pawstream/edge/internal/metrics"
	"github.com/pawstream/pawstream/edge/internal/relay"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/hostname"
	"github.com/pawstream/pawstream/internal/telemetry"
)

// DefaultMaxBody is the largest request body, in bytes.
const DefaultMaxBody = 10 << 20

// Config is what an [API] is made of. Conn is required.
type Config struct {
	// Conn leads to the completion service.
	Conn grpc.ClientConnInterface
	// Relay has the settings of streams; its Client is taken from Conn.
	Relay relay.Config
	// MaxBody bounds a request body, in bytes; 0: [DefaultMaxBody].
	MaxBody int64
	// Memory bounds what bodies and answers that are no streams take together; nil: nothing does.
	Memory *budget.Budget
	// Origins may call from a browser page: "*" for any; none: same-origin pages only.
	Origins []string
	// Auth tells who sends a request; nil: everybody is the same anonymous caller.
	Auth auth.Authenticator
	// Local says that the API is for its own machine alone, and asks nobody who they are. It
	// has to be called by a loopback name then, or one of Hosts: a page of elsewhere whose name
	// has come to lead here passes for one of ours to its browser (DNS rebinding).
	Local bool
	// Hosts are names by which the API may be called, besides loopback names. Where there are
	// some, or with Local, it is called by no others: not Local, by IP addresses too. Over TLS
	// the name is the certificate's to say.
	Hosts []string
	// TicketSecret seals stream tickets; edges that serve the same clients share it. nil:
	// one of this API's own.
	TicketSecret []byte
	// SpendTicket tells of tickets that were used at other edges; nil: there are none.
	SpendTicket auth.Spend
	// Limiter bounds what callers may do; nil: nothing does.
	Limiter *limit.Limiter
	// Proxies are the networks of proxies that are believed where a request comes from.
	Proxies []netip.Prefix
	// Tracers are the networks of callers whose trace a request's spans are part of.
	Tracers []netip.Prefix
	// Telemetry takes one line per request, its span and its metrics; nil: discarded.
	Telemetry *telemetry.Telemetry
}

// An API is the handler of every public route.
type API struct {
	http.Handler
	api *api
}

// api is what the handlers share.
type api struct {
	completions completionv1.CompletionServiceClient
	models      completionv1.ModelServiceClient
	relay       *relay.Relay
	maxBody     int64
	memory      *budget.Budget
	reads       chan struct{} // turns of those that are no streams
	auth        auth.Authenticator
	hosts       *hostname.Guard // nil: it may be called by any name
	tickets     *auth.Tickets
	limiter     *limit.Limiter
	proxies     []netip.Prefix
	draining    atomic.Bool
	docs        *apidocs.Docs
	metrics     *metrics.Metrics
	logger      *slog.Logger
}

// New returns an API.
func New(cfg Config) (*API, error) {
	a := &api{
		completions: completionv1.NewCompletionServiceClient(cfg.Conn),
		models:      completionv1.NewModelServiceClient(cfg.Conn),
		maxBody:     cmp.Or(cfg.MaxBody, DefaultMaxBody),
		memory:      cmp.Or(cfg.Memory, budget.New(0)),
		reads:       make(chan struct{}, maxReads),
		auth:        cfg.Auth,
		tickets:     auth.NewTickets(cfg.TicketSecret, cfg.SpendTicket),
		limiter:     cfg.Limiter,
		proxies:     cfg.Proxies,
	}
	if cfg.Local || len(cfg.Hosts) > 0 {
		a.hosts = &hostname.Guard{Names: cfg.Hosts, Addresses: !cfg.Local}
	}
	reports := cfg.Telemetry
	if reports == nil {
		reports = telemetry.Discard()
	}
	a.logger = reports.Logger
	var err error
	if a.metrics, err = metrics.New(reports.Meters); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	cfg.Relay.Client, cfg.Relay.Metrics = a.completions, a.metrics
	a.relay = relay.New(cfg.Relay)
	if a.limiter == nil {
		a.limiter = limit.New(limit.Config{})
	}
	if a.auth == nil {
		a.auth = auth.None{}
	}
	if a.docs, err = apidocs.New(); err != nil {
		return nil, fmt.Errorf("documentation: %w", err)
	}
	gateway, err := newGateway(cfg.Conn)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	routes, err := a.routes(gateway)
	if err != nil {
		return nil, err
	}
	observed, err := reports.HTTP(a.around(routes, cfg.Origins), cameFrom(cfg.Tracers))
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return &API{Handler: a.identify(observed), api: a}, nil
}

// Drain refuses new work from now on, and returns when no stream is open; the streams
// that are when ctx ends have to part, as [relay.Relay.Drain] does it. It returns how many
// these were, and is called once.
func (a *API) Drain(ctx context.Context) (parted int) {
	a.api.draining.Store(true)
	return a.api.relay.Drain(ctx)
}

// followRoute is the one that a ticket opens.
const followRoute = "GET /v1/chat/completions/{id}"

// routes is the whole public surface.
func (a *api) routes(gateway http.Handler) (http.Handler, error) {
	mux := http.NewServeMux()
	a.calls(gateway, mux.Handle)
	a.docs.Mount(mux)
	if err := chatpage.Mount(mux); err != nil {
		return nil, err
	}
	return refuseUnknown(mux), nil
}

// calls hands out every route of the API, which openapi.yaml describes.
func (a *api) calls(gateway http.Handler, handle func(pattern string, handler http.Handler)) {
	models := bodyless(bounded(gateway)) // which hold no memory, and need no log
	gateway = bounded(a.reading(gateway))
	unary := bodyless(gateway)
	handle("POST /v1/chat/completions", a.guard(needOfPost, a.slot(a.create)))
	handle("GET /v1/chat/completions", a.guard(always(auth.ScopeRead), a.listing(unary)))
	handle(followRoute, a.guard(always(auth.ScopeRead), a.follow(unary)))
	handle("POST /v1/chat/completions/{id}", a.guard(always(auth.ScopeManage), a.update(gateway)))
	handle("DELETE /v1/chat/completions/{id}", a.guard(always(auth.ScopeManage), unary))
	handle("GET /v1/chat/completions/{id}/messages", a.guard(always(auth.ScopeRead), a.listing(unary)))
	handle("POST /v1/chat/completions/{id}/cancel", a.guard(always(auth.ScopeManage), unary))
	handle("POST /v1/stream_tickets", a.guard(always(auth.ScopeRead), bounded(a.reading(http.HandlerFunc(a.issueTicket))).ServeHTTP))
	handle("GET /v1/models", a.guard(always(auth.ScopeModels), models))
	handle("GET /v1/models/{id...}", a.guard(always(auth.ScopeModels), a.model(models)))
}

// exposed are the headers of ours that a browser page may read.
var exposed = []string{ //nolint:gochecknoglobals // a constant
	"X-Request-Id", "X-Completion-Id", "Retry-After", "Retry-After-Ms", "X-Should-Retry", "WWW-Authenticate",
	"X-Ratelimit-Limit-Requests", "X-Ratelimit-Remaining-Requests", "X-Ratelimit-Reset-Requests",
}

// around puts what every request passes through about the routes, outermost first.
func (a *api) around(routes http.Handler, origins []string) http.Handler {
	allowed := make(map[string]bool, len(origins))
	for _, origin := range origins {
		allowed[strings.ToLower(origin)] = true
	}
	cross := cors.New(cors.Options{
		// Not AllowedOrigins: none would be any there.
		AllowOriginFunc: func(origin string) bool { return allowed["*"] || allowed[strings.ToLower(origin)] },
		AllowedMethods:  []string{http.MethodGet, http.MethodPost, http.MethodDelete},
		AllowedHeaders:  []string{"*"}, // SDKs send many of their own
		ExposedHeaders:  exposed,
		MaxAge:          600,
	})
	return a.observe(a.recover(limitBody(cross.Handler(clean(routes)))))
}
