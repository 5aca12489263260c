package openaibackend

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"iter"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/pawstream/pawstream/internal/header"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/openaibackend/accent"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// Config is the configuration of a [Backend]. BaseURL and Model are required.
type Config struct {
	BaseURL string // the part of the URL before "/chat/completions" or "/responses"
	Model   string // the server's name for the model
	Key     string // bearer token; empty: none
	// Headers are sent too. Only the server ever sees them and the key.
	Headers map[string]string
	// Connect bounds how long the server may take to accept a connection; 0: no bound.
	Connect      time.Duration
	Continuation Continuation
	// API is the API that the server is called by; "": [APIChat].
	API API
	// Strict says that the server refuses unknown members of a request.
	Strict bool
	// Unknown is called for every unknown finish reason; nil: they are not counted.
	Unknown func(reason string)
	// Transport makes the calls; nil: the backend creates one.
	Transport http.RoundTripper

	deaf map[accent.Accent]bool // see accent.Reader
}

// An API is one of OpenAI's APIs that a server may have.
type API string

// The APIs.
const (
	APIChat      API = "chat"
	APIResponses API = "responses"
)

// A Backend calls one model of one server. It is safe for concurrent use.
type Backend struct {
	cfg     Config
	secrets secrets
	client  *client
}

var _ route.Backend = (*Backend)(nil)

// Bounds of a server's responses.
const (
	maxEvent   = 4 << 20
	maxRefusal = 64 << 10
	drainTime  = 20 * time.Millisecond
)

// New returns a backend. It connects at the first call.
func New(cfg Config) *Backend {
	if cfg.Continuation == "" {
		cfg.Continuation = ContinueNone
	}
	return &Backend{cfg: cfg, secrets: newSecrets(cfg.Key, cfg.Headers), client: newClient(&cfg)}
}

// CanContinue implements [route.Backend].
func (b *Backend) CanContinue(call *route.Call) bool { return b.cfg.Continuation.can(call) }

// Complete implements [route.Backend].
func (b *Backend) Complete(ctx context.Context, call *route.Call) iter.Seq2[[]chat.Event, error] {
	return func(yield func([]chat.Event, error) bool) {
		if err := b.complete(ctx, call, yield); err != nil && !errors.Is(err, errGone) {
			yield(nil, b.secrets.withhold(err))
		}
	}
}

// errGone says that the loop over an answer ended early.
var errGone = errors.New("openaibackend: the reader has gone")

// complete makes one call. It returns nil when the answer is complete.
func (b *Backend) complete(ctx context.Context, call *route.Call, yield func([]chat.Event, error) bool) error {
	body, answer, err := b.prepare(call, yield)
	if err != nil {
		return err
	}
	res, err := b.client.post(ctx, body)
	var why *refusal
	if asked, ok := body.(*responseRequest); ok && errors.As(err, &why) && asked.onlyReadable(why) {
		res, err = b.client.post(ctx, asked)
	}
	switch {
	case errors.As(err, &why):
		return why.failure(b.secrets)
	case err != nil:
		return connection(err)
	}
	defer func() { _ = res.Body.Close() }()
	return answer.read(res.Body, res.Header.Get(header.ContentEncoding))
}

// A reader reads one answer, and yields it as it arrives.
type reader interface {
	read(body io.ReadCloser, coding string) error
}

// prepare returns the body of the request to the server, and the reader of its answer.
func (b *Backend) prepare(call *route.Call, yield func([]chat.Event, error) bool) (body any, answer reader, err error) {
	n := call.Request.Choices()
	from := accent.Reader{Choices: n, Logprobs: call.Request.Logprobs, Unknown: b.cfg.Unknown, Deaf: b.cfg.deaf}
	if b.cfg.API == APIResponses {
		body, err := newResponseRequest(b.cfg.Model, b.cfg.Strict, call.Request)
		return body, &responseSession{secrets: b.secrets, yield: yield, reader: from, unknown: b.cfg.Unknown}, err
	}
	asked, err := newRequest(b.cfg.Model, b.cfg.Strict, call.Request)
	if err != nil {
		return nil, nil, err
	}
	s := &session{secrets: b.secrets, yield: yield, opened: make([]bool, n), ended: make([]bool, n), reader: from}
	if call.Continues() {
		b.cfg.Continuation.extend(asked, &call.Shown[0])
		if b.cfg.Continuation == ContinueMistral {
			s.echo.want = call.Shown[0].Text
		}
	}
	return asked, s, nil
}

// connection returns the failure that an error of the transport stands for.
func connection(err error) *route.Failure {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return route.Late(err)
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return route.Unreachable(err).Because(why(err))
	}
	return route.Broken(err).Because(why(err))
}

// why describes a connection's error without naming hosts or addresses.
func why(err error) string {
	var name *net.DNSError
	var unknown x509.UnknownAuthorityError
	var other x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route to it"
	case errors.As(err, &name):
		return "its name cannot be resolved"
	case errors.As(err, &unknown), errors.As(err, &other), errors.As(err, &invalid):
		return "its certificate is not accepted"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it closed the connection"
	case errors.Is(err, http.ErrSchemeMismatch):
		return "it speaks HTTP and not HTTPS"
	case errors.As(err, &record), errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"):
		return "the TLS handshake failed"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return "the proxy does not let it be reached"
	case errors.As(err, &op):
		return "the connection failed"
	}
	return "the call failed" // as where the server does not keep to HTTP, or its proxy refuses: net/http has no types for these
}
