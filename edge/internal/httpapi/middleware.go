package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/apidocs"
	"github.com/pawstream/pawstream/edge/internal/asked"
	"github.com/pawstream/pawstream/edge/internal/chatpage"
	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/edge/internal/petpage"
	"github.com/pawstream/pawstream/edge/internal/relay"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/halfclose"
	"github.com/pawstream/pawstream/internal/header"
	"github.com/pawstream/pawstream/internal/protoname"
	"github.com/pawstream/pawstream/internal/response"
	"github.com/pawstream/pawstream/internal/telemetry"
)

// requestIDKey is the metadata key of a call's request id, as the contract names it.
var requestIDKey = protoname.Of(completionv1.MetadataKey_METADATA_KEY_REQUEST_ID) //nolint:gochecknoglobals // a constant

// A record is what the access line of one request will say, and the dialect that it is
// answered in.
type record struct {
	dialect           dialect.Dialect
	failures          dialect.Failures // the format of failures for this body; nil: the dialect's
	requestID         string
	upload            *upload
	principal         string
	completion, model string
	target            asked.Note // the target that was asked for the answer
	refused           string     // why the request was refused
	stream            *relay.Result
	err               error // the cause of a failure that is not the client's
}

type recordKey struct{}

func recordOf(r *http.Request) *record { return recordIn(r.Context()) }

// recordIn is recordOf for the context of a request.
func recordIn(ctx context.Context) *record {
	return ctx.Value(recordKey{}).(*record)
}

// fail answers with a failure, in the client's dialect.
func fail(w http.ResponseWriter, r *http.Request, told *failure.Error) {
	rec := recordOf(r)
	if rec.failures != nil {
		answer.Error(w, rec.failures, told)
		return
	}
	answer.Error(w, rec.dialect, told)
}

// note records for the access line which completion a request was about.
func note(r *http.Request, completion, model string) {
	rec := recordOf(r)
	rec.completion, rec.model = completion, model
}

// refuse answers with the failure of a call to the completion service.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	told := failure.FromStatus(status.Convert(err))
	// The service has the client's deadline too, and may say first that it has passed.
	at := visitorOf(r.Context()).deadline
	if errors.Is(r.Context().Err(), context.DeadlineExceeded) || !at.IsZero() && !time.Now().Before(at) {
		told = failure.DeadlineExceeded()
	}
	if told.Status >= http.StatusInternalServerError {
		recordOf(r).err = err
	}
	fail(w, r, told)
}

// streamed records for the access line how a stream ended, and aborts a response that must not look complete.
func (a *api) streamed(r *http.Request, result relay.Result) {
	if result.Completion != "" {
		note(r, result.Completion, result.Model)
	}
	recordOf(r).stream = &result
	if result.Aborted {
		panic(http.ErrAbortHandler)
	}
}

// identify gives every request an id, which its answer, its log lines and the calls
// behind it carry.
func (a *api) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var id [16]byte
		_, _ = rand.Read(id[:]) // crypto/rand.Read never fails
		rec := &record{dialect: a.surfaces[0].dialect, requestID: "req_" + hex.EncodeToString(id[:])}
		w.Header().Set("X-Request-Id", rec.requestID)
		w.Header().Set(header.ContentTypeOptions, "nosniff")
		w.Header().Set(header.CacheControl, "no-store")
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", strictTransport)
		}
		if len(r.TransferEncoding) > 0 {
			// There may have been a Content-Length too, which net/http takes away. What follows on
			// the connection may then be a request by one hop's count and not by another's
			// (RFC 9112, section 6.1).
			w.Header().Set("Connection", "close")
		}
		ctx := asked.With(context.WithValue(r.Context(), recordKey{}, rec), &rec.target)
		ctx = metadata.AppendToOutgoingContext(ctx, requestIDKey, rec.requestID)
		r = r.WithContext(ctx)
		if r.ProtoMajor == 1 && r.ProtoMinor == 1 {
			halfclose.Interim(ctx)
		}
		if r.ContentLength == 0 {
			next.ServeHTTP(w, r)
			return
		}
		rec.upload = newUpload(w, r, a.bodyRate)
		r.Body = rec.upload
		next.ServeHTTP(w, r)
		rec.upload.drop()
	})
}

// strictTransport makes browsers use only HTTPS for half a year (RFC 6797). It leaves out subdomains, which are
// not ours.
const strictTransport = "max-age=15552000"

// bodyless calls next without the body that a request should not have. It does not wait for the body, and the
// connection ends with the answer.
func bodyless(next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).EnableFullDuplex() // HTTP/2 is that by itself
			w.Header().Set("Connection", "close")
			r = r.Clone(r.Context())
			r.Body, r.ContentLength = http.NoBody, 0
		}
		next.ServeHTTP(w, r)
	}
}

// clean makes a path that can travel on as text: bytes that are not UTF-8 become
// U+FFFD, so that what they name does not exist. It takes the ends of segments from the path as written: a
// slash that is escaped is part of a name, and stays so for the next reader.
func clean(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		segments := strings.Split(r.URL.EscapedPath(), "/")
		kept := segments[:0]
		for i, segment := range segments {
			switch {
			case segment == "." || segment == "..":
				fail(w, r, failure.UnknownURL()) // legitimate clients send no dot segments, and the mux would redirect them
				return
			case segment == "" && i > 0 && i < len(segments)-1: // a base URL that ends in a slash gives two in a row
				continue
			}
			if name, _ := url.PathUnescape(segment); !utf8.ValidString(name) {
				segment = url.PathEscape(strings.ToValidUTF8(name, "\uFFFD"))
			}
			kept = append(kept, segment)
		}
		r.URL.RawPath = strings.Join(kept, "/")
		r.URL.Path, _ = url.PathUnescape(r.URL.RawPath)
		next.ServeHTTP(w, r)
	})
}

// observe writes one line for each request, at its end, however it ends.
func (a *api) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		seen := &response.Writer{ResponseWriter: w, Begins: func() {
			giveTime(w)
			if u := recordOf(r).upload; u != nil {
				u.answered(r, w.Header())
			}
		}}
		defer func() { a.logAccess(r, seen, time.Since(begun)) }()
		next.ServeHTTP(seen, r)
	})
}

func (a *api) logAccess(r *http.Request, w *response.Writer, took time.Duration) {
	rec := recordOf(r)
	attrs := []slog.Attr{
		slog.String("request_id", rec.requestID),
		slog.String("method", r.Method),
		slog.String("path", r.URL.Path),
		slog.Int("status", w.Status),
		slog.Int64("bytes", w.Bytes),
		slog.Float64("took_ms", float64(took.Microseconds())/1000),
	}
	for _, known := range []struct{ name, value string }{
		{"principal", rec.principal},
		{"refused", rec.refused},
		{"completion", rec.completion},
		{"model", rec.model},
		{"target", rec.target.Target()},
	} {
		if known.value != "" {
			attrs = append(attrs, slog.String(known.name, known.value))
		}
	}
	attrs = append(attrs, slog.String("outcome", string(outcome(r, rec, w.Status))))
	if s := rec.stream; s != nil {
		attrs = append(attrs, slog.Int("events", s.Events),
			slog.Int64("first_event_ms", s.FirstEvent.Milliseconds()))
		rec.err = s.Err
	}
	level := slog.LevelInfo
	if ofPage(r.Pattern) && w.Status < http.StatusBadRequest {
		level = slog.LevelDebug // a page is a dozen files, which say nothing of who uses the API
	}
	if rec.err != nil {
		attrs = append(attrs, slog.Any("error", rec.err))
	}
	if w.Status == http.StatusInternalServerError || errors.Is(rec.err, relay.ErrOurs) {
		level = slog.LevelError
	}
	if target := rec.target.Target(); target != "" {
		trace.SpanFromContext(r.Context()).SetAttributes(attribute.String(telemetry.TargetAttribute, target))
	}
	a.logger.LogAttrs(r.Context(), level, "request", attrs...)
}

// ofPage reports, by the route's pattern, whether a request was for a page, or one of its files.
func ofPage(pattern string) bool {
	_, path, _ := strings.Cut(pattern, " ")
	return path == "/{$}" || path == "/sw.js" || strings.HasPrefix(path, chatpage.Root) || strings.HasPrefix(path, apidocs.Root) || strings.HasPrefix(path, petpage.Root) || strings.HasPrefix(path, "/openapi.")
}

// outcome returns how a request ended.
func outcome(r *http.Request, rec *record, status int) relay.Outcome {
	switch {
	case rec.stream != nil:
		return rec.stream.Outcome
	case r.Context().Err() != nil:
		return relay.OutcomeDisconnected
	case status >= http.StatusBadRequest || status == 0:
		return relay.OutcomeError
	}
	return relay.OutcomeDone
}

// recover turns a panic into an internal error, unless it is the one that aborts a
// response or the response has begun.
func (a *api) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			switch p {
			case nil:
				return
			case http.ErrAbortHandler:
				panic(p)
			}
			a.logger.ErrorContext(r.Context(), "handler panicked", slog.String("request_id", recordOf(r).requestID),
				slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			if seen, ok := w.(*response.Writer); ok && seen.Status != 0 {
				panic(http.ErrAbortHandler) // a clean end would look like success
			}
			fail(w, r, failure.Internal())
		}()
		next.ServeHTTP(w, r)
	})
}

// refuseUnknown answers in our own form if no route matches. The mux says which methods a path has, in its
// Allow header. The answer names the existing path that was probably intended.
func refuseUnknown(mux *http.ServeMux, paths []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		refusal := &discardedAnswer{header: make(http.Header)}
		handler.ServeHTTP(refusal, r)
		switch {
		case refusal.status == http.StatusMethodNotAllowed && strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
			// Some clients try one first. Only after this status do they continue over HTTP at once.
			w.Header().Set("Upgrade", "HTTP/1.1") // RFC 9110, section 15.5.22
			w.Header().Set("Connection", "Upgrade")
			fail(w, r, failure.NoWebSocket())
			return
		case refusal.status == http.StatusMethodNotAllowed:
			w.Header().Set("Allow", refusal.header.Get("Allow"))
			fail(w, r, failure.MethodNotAllowed(refusal.header.Get("Allow")))
			return
		}
		fail(w, r, unknownURL(paths, r.URL.Path))
	})
}

// A discardedAnswer keeps the head of an answer that is sent in another form.
type discardedAnswer struct {
	header http.Header
	status int
}

func (d *discardedAnswer) Header() http.Header         { return d.header }
func (d *discardedAnswer) WriteHeader(status int)      { d.status = status }
func (d *discardedAnswer) Write(b []byte) (int, error) { return len(b), nil }

// giveTime bounds how long the client may take to read the answer. A stream sets its own deadline for each
// write.
func giveTime(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTimeout)) // a test's recorder has none
}

// answerTimeout is how long a client may take to read an answer that is no stream.
const answerTimeout = time.Minute
