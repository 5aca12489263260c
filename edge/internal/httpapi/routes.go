// Package httpapi is the public HTTP surface: routes, handlers and middleware. The relay creates and follows
// completions. grpc-gateway makes the unary JSON calls, with our JSON and our errors.
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

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/demopage"
	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/limit"
	"github.com/pawstream/pawstream/edge/internal/metrics"
	"github.com/pawstream/pawstream/edge/internal/page"
	"github.com/pawstream/pawstream/edge/internal/relay"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/header"
	"github.com/pawstream/pawstream/internal/hostname"
	"github.com/pawstream/pawstream/internal/telemetry"
)

// DefaultMaxBody is the largest request body, in bytes.
const DefaultMaxBody = 10 << 20

// Config is the configuration of an [API]. Conn is required.
type Config struct {
	// Conn leads to the completion service.
	Conn grpc.ClientConnInterface
	// Relay has the settings of streams; its Client is taken from Conn.
	Relay relay.Config
	// Requests says how to handle requests that create a completion.
	Requests Requests
	// Bodies bounds request bodies.
	Bodies Bodies
	// Origins are the origins whose pages may call: "*" for any; none: only pages of the same origin.
	Origins []string
	// Auth authenticates callers; nil: all are one anonymous caller.
	Auth auth.Authenticator
	// Local says that the API is only for its own machine, without authentication. Then requests have to use a
	// loopback name, or one of Hosts: otherwise a browser would treat a foreign page whose name resolves to
	// this machine as one of ours (DNS rebinding).
	Local bool
	// Hosts are names by which the API may be called, besides loopback names. If there are any, or with Local,
	// no others are allowed, except IP addresses if not Local. Over TLS, the certificate decides about names.
	Hosts []string
	// TicketSecret seals stream tickets; edges that serve the same clients share it. nil: a random one.
	TicketSecret []byte
	// SpendTicket shares with other edges which tickets were used; nil: there are no others.
	SpendTicket auth.Spend
	// Limiter limits what callers may do; nil: no limits.
	Limiter *limit.Limiter
	// Proxies are the networks of proxies that are trusted to say where a request comes from.
	Proxies []netip.Prefix
	// Tracers are the networks of callers whose trace a request's spans are part of.
	Tracers []netip.Prefix
	// Demo is served at /demo; nil: no demo.
	Demo *demopage.Demo
	// Telemetry gets one log line per request, its span and its metrics; nil: discarded.
	Telemetry *telemetry.Telemetry
}

// Requests says how to handle requests that create a completion.
type Requests struct {
	// PlainStreams answers a POST that does not ask for more with data alone.
	PlainStreams bool
	// Unknown says what to do with unknown members of a request; "": refuse them.
	Unknown dialect.Unknown
	// SeparateRetries treats a request that an SDK sends again, by its own count, as a new one.
	SeparateRetries bool
}

// Bodies are the bounds of request bodies.
type Bodies struct {
	// Max bounds one body, in bytes; 0: [DefaultMaxBody].
	Max int64
	// Rate is the lowest rate of a body that takes long, in bytes per second; 0: [DefaultBodyRate]; negative:
	// none.
	Rate int64
	// Memory bounds the memory of all bodies and of answers that are not streams; nil: no limit.
	Memory *budget.Budget
}

// An API is the handler of every public route.
type API struct {
	http.Handler
	api *api
}

// api is what the handlers share.
type api struct {
	door
	completions completionv1.CompletionServiceClient
	models      completionv1.ModelServiceClient
	relay       *relay.Relay
	surfaces    []surface // the first one's dialect answers on the routes that are no surface's
	taken       Requests
	maxBody     int64
	bodyRate    int64
	memory      *budget.Budget
	turns       callTurns
	limiter     *limit.Limiter
	draining    atomic.Bool
	open        func(page.Mux) error // adds the routes without authentication
	metrics     *metrics.Metrics
	logger      *slog.Logger
}

// New returns an API.
func New(cfg Config) (*API, error) {
	a := &api{
		door:        door{auth: cfg.Auth, tickets: auth.NewTickets(cfg.TicketSecret, cfg.SpendTicket), proxies: cfg.Proxies},
		completions: completionv1.NewCompletionServiceClient(cfg.Conn),
		models:      completionv1.NewModelServiceClient(cfg.Conn),
		taken:       cfg.Requests,
		maxBody:     cmp.Or(cfg.Bodies.Max, DefaultMaxBody),
		bodyRate:    max(cmp.Or(cfg.Bodies.Rate, DefaultBodyRate), 0),
		memory:      cmp.Or(cfg.Bodies.Memory, budget.New(0)),
		turns:       newCallTurns(),
		limiter:     cfg.Limiter,
		surfaces:    surfaces(cfg.Requests.Unknown),
	}
	if cfg.Local || len(cfg.Hosts) > 0 {
		guard := hostname.New(cfg.Hosts, !cfg.Local)
		a.hosts = &guard
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
	if a.open, err = openRoutes(a, completionv1.NewPetServiceClient(cfg.Conn), cfg.Demo); err != nil {
		return nil, err
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

// Drain refuses new work from now on, and returns when no stream is open. Streams that are
// still open when ctx ends are handed over, as by [relay.Relay.Drain]. Drain returns how many these were.
// It must be called only once.
func (a *API) Drain(ctx context.Context) (handedOver int) {
	a.api.draining.Store(true)
	return a.api.relay.Drain(ctx)
}

// followRoute is the one that a ticket opens.
const followRoute = "GET /v1/chat/completions/{id}"

// routes is the whole public surface.
func (a *api) routes(gateway http.Handler) (http.Handler, error) {
	mux := http.NewServeMux()
	var paths []string // of the routes that are about no single thing
	a.calls(gateway, func(pattern string, handler http.Handler) {
		mux.Handle(pattern, handler)
		if _, path, _ := strings.Cut(pattern, " "); !strings.Contains(path, "{") {
			paths = append(paths, path)
		}
	})
	if err := a.open(mux); err != nil {
		return nil, err
	}
	return refuseUnknown(mux, paths), nil
}

// calls yields every route of the API, which openapi.yaml describes.
func (a *api) calls(gateway http.Handler, handle func(pattern string, handler http.Handler)) {
	for _, s := range a.surfaces {
		s.routes(a, s.dialect, gateway, handle)
	}
	models := bodyless(bounded(gateway)) // which hold no memory, and need no log
	handle("POST /v1/stream_tickets", a.guard(always(auth.ScopeRead), bounded(a.inTurn(a.turns.reads, http.HandlerFunc(a.issueTicket))).ServeHTTP))
	handle("GET /v1/models", a.guard(always(auth.ScopeModels), models))
	handle("GET /v1/models/{id...}", a.guard(always(auth.ScopeModels), a.model(models)))
}

// completionCalls yields the routes of chat completions, whose unary calls are grpc-gateway's.
func completionCalls(a *api, d dialect.Dialect, gateway http.Handler, handle func(pattern string, handler http.Handler)) {
	cancels := bodyless(byOneName(bounded(a.inTurn(a.turns.cancels, gateway))))
	inTurn := func(next http.Handler) http.Handler { return byOneName(bounded(a.inTurn(a.turns.reads, next))) }
	unary := bodyless(inTurn(gateway))
	handle("POST /v1/chat/completions", a.guard(needOfPost, a.slot(a.create)))
	handle(azureRoute, asAzure(a.guard(needOfPost, a.slot(a.create))))
	handle("GET /v1/chat/completions", a.guard(always(auth.ScopeRead), a.listing(unary)))
	handle(followRoute, a.guard(always(auth.ScopeRead), a.whileShared(a.follow(unary))))
	if updating, ok := d.(dialect.Updating); ok {
		handle("POST /v1/chat/completions/{id}", a.guard(always(auth.ScopeManage), inTurn(a.update(updating, gateway)).ServeHTTP))
	}
	handle("DELETE /v1/chat/completions/{id}", a.guard(always(auth.ScopeManage), unary))
	handle("GET /v1/chat/completions/{id}/messages", a.guard(always(auth.ScopeRead), a.listing(unary)))
	handle("POST /v1/chat/completions/{id}/cancel", a.guard(always(auth.ScopeManage), cancels))
}

// exposed are the headers of ours that a browser page may read.
var exposed = []string{ //nolint:gochecknoglobals // a constant
	"X-Request-Id", header.CompletionID, header.RetryAfter, header.RetryAfterMs, header.ShouldRetry, "WWW-Authenticate", "Allow",
	"X-Ratelimit-Limit-Requests", "X-Ratelimit-Remaining-Requests", "X-Ratelimit-Reset-Requests",
}

// around wraps the routes in what every request passes through, outermost first.
func (a *api) around(routes http.Handler, origins []string) http.Handler {
	allowed := make(map[string]bool, len(origins))
	for _, origin := range origins {
		allowed[strings.ToLower(origin)] = true
	}
	cross := cors.New(cors.Options{
		// Not AllowedOrigins: none would be any there.
		AllowOriginFunc: func(origin string) bool { return allowed["*"] || allowed[strings.ToLower(origin)] },
		AllowedMethods:  []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete},
		AllowedHeaders:  []string{"*"}, // SDKs send many of their own
		ExposedHeaders:  exposed,
		MaxAge:          600,
	})
	return a.observe(a.recover(cross.Handler(clean(routes))))
}
