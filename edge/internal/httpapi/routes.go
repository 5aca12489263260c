// Package httpapi is the public HTTP surface: routes, handlers and what stands around
// them. Creating and following completions is the relay's work; the unary JSON calls
// are grpc-gateway's, with our JSON and our errors.
package httpapi

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/rs/cors"
	"google.golang.org/grpc"

	"github.com/pawstream/pawstream/edge/internal/relay"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// DefaultMaxBody is the largest request body, in bytes.
const DefaultMaxBody = 10 << 20

// Config is what the handler is made of. Conn is required.
type Config struct {
	// Conn leads to the completion service.
	Conn grpc.ClientConnInterface
	// Relay has the settings of streams; its Client is taken from Conn.
	Relay relay.Config
	// MaxBody bounds a request body, in bytes; 0: [DefaultMaxBody].
	MaxBody int64
	// Origins may call from a browser page: "*" for any; none: same-origin pages only.
	Origins []string
	// Logger takes one line per request; nil: discarded.
	Logger *slog.Logger
}

// api is what the handlers share.
type api struct {
	completions completionv1.CompletionServiceClient
	relay       *relay.Relay
	maxBody     int64
	logger      *slog.Logger
}

// New returns the handler of every public route.
func New(cfg Config) (http.Handler, error) {
	a := &api{completions: completionv1.NewCompletionServiceClient(cfg.Conn), maxBody: cfg.MaxBody, logger: cfg.Logger}
	cfg.Relay.Client = a.completions
	a.relay = relay.New(cfg.Relay)
	if a.maxBody == 0 {
		a.maxBody = DefaultMaxBody
	}
	if a.logger == nil {
		a.logger = slog.New(slog.DiscardHandler)
	}
	gateway, err := newGateway(cfg.Conn)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	return a.around(a.routes(gateway), cfg.Origins), nil
}

// routes is the whole public surface.
func (a *api) routes(gateway http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", a.create)
	mux.Handle("GET /v1/chat/completions", a.listing(gateway))
	mux.Handle("GET /v1/chat/completions/{id}", a.follow(gateway))
	mux.Handle("POST /v1/chat/completions/{id}", a.update(gateway))
	mux.Handle("DELETE /v1/chat/completions/{id}", gateway)
	mux.Handle("GET /v1/chat/completions/{id}/messages", a.listing(gateway))
	mux.Handle("POST /v1/chat/completions/{id}/cancel", gateway)
	mux.Handle("GET /v1/models", gateway)
	mux.Handle("GET /v1/models/{id...}", gateway)
	return refuseUnknown(mux)
}

// around puts what every request passes through about the routes, outermost first.
func (a *api) around(routes http.Handler, origins []string) http.Handler {
	cross := cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodPost, http.MethodDelete},
		AllowedHeaders: []string{"*"}, // SDKs send many of their own
		ExposedHeaders: []string{"X-Request-Id", "X-Completion-Id", "Retry-After", "Retry-After-Ms", "X-Should-Retry"},
		MaxAge:         600,
	})
	return a.identify(a.observe(a.recover(limit(cross.Handler(clean(routes))))))
}
