package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/openai"
	"github.com/pawstream/pawstream/edge/internal/relay"
)

// A record is what the access line of one request will say.
type record struct {
	requestID         string
	principal         string
	completion, model string
	refused           string // why the request went no further
	stream            *relay.Result
	err               error // the cause of a failure that is not the client's
}

type recordKey struct{}

func recordOf(r *http.Request) *record {
	rec, ok := r.Context().Value(recordKey{}).(*record)
	if !ok { // a handler that is tested by itself
		return &record{}
	}
	return rec
}

// note tells the access line which completion a request was about.
func note(r *http.Request, completion, model string) {
	rec := recordOf(r)
	rec.completion, rec.model = completion, model
}

// refuse answers with the failure of a call to the completion service.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	told := openai.FromStatus(status.Convert(err))
	if errors.Is(r.Context().Err(), context.DeadlineExceeded) {
		told = openai.DeadlineExceeded()
	}
	if told.Status >= http.StatusInternalServerError {
		recordOf(r).err = err
	}
	answer.Error(w, told)
}

// streamed tells the access line how a stream ended, and aborts a response that must
// not look complete.
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
		rec := &record{requestID: "req_" + hex.EncodeToString(id[:])}
		w.Header().Set("X-Request-Id", rec.requestID)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", strictTransport)
		}
		if len(r.TransferEncoding) > 0 {
			// There may have been a Content-Length too, which net/http takes away. What follows on
			// the connection may then be a request by one hop's count and not by another's
			// (RFC 9112, section 6.1).
			w.Header().Set("Connection", "close")
		}
		ctx := context.WithValue(r.Context(), recordKey{}, rec)
		ctx = metadata.AppendToOutgoingContext(ctx, "x-request-id", rec.requestID)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// strictTransport has browsers use HTTPS alone for half a year (RFC 6797). It says nothing
// of other names below this one, which are not ours.
const strictTransport = "max-age=15552000"

// limitBody gives a request with a body so long to send it. Who reads the body takes the
// deadline away again: left in place, it would end the response too. Where nobody
// reads it, net/http does so before it answers, and must not wait for ever either.
func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			setReadDeadline(w, time.Now().Add(bodyTimeout))
		}
		next.ServeHTTP(w, r)
	})
}

// bodyless has next answer without the body that a request should not have: it does not
// wait for it, and the connection ends with the answer.
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

// bodyTimeout is how long a client may take to send a request body.
const bodyTimeout = 30 * time.Second

func setReadDeadline(w http.ResponseWriter, at time.Time) {
	_ = http.NewResponseController(w).SetReadDeadline(at) // a test's recorder has none
}

// clean makes a path that can travel on as text: bytes that are not UTF-8 become
// U+FFFD, so that what they name does not exist.
func clean(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !utf8.ValidString(r.URL.Path) {
			r.URL.Path, r.URL.RawPath = strings.ToValidUTF8(r.URL.Path, "\uFFFD"), ""
		}
		// A base URL that ends in a slash gives two in a row.
		for strings.Contains(r.URL.Path, "//") {
			r.URL.Path, r.URL.RawPath = strings.ReplaceAll(r.URL.Path, "//", "/"), ""
		}
		if path := r.URL.EscapedPath() + "/"; strings.Contains(path, "/./") || strings.Contains(path, "/../") {
			answer.Error(w, openai.UnknownURL()) // no client of ours climbs, and the mux would send it elsewhere
			return
		}
		next.ServeHTTP(w, r)
	})
}

// observe writes one line for each request, at its end, however it ends.
func (a *api) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		counted := &countingWriter{ResponseWriter: w}
		defer func() { a.logAccess(r, counted, time.Since(begun)) }()
		next.ServeHTTP(counted, r)
	})
}

func (a *api) logAccess(r *http.Request, w *countingWriter, took time.Duration) {
	rec := recordOf(r)
	attrs := []slog.Attr{
		slog.String("request_id", rec.requestID),
		slog.String("method", r.Method),
		slog.String("path", r.URL.Path),
		slog.Int("status", w.status),
		slog.Int64("bytes", w.bytes),
		slog.Duration("took", took),
	}
	for _, known := range []struct{ name, value string }{
		{"principal", rec.principal}, {"refused", rec.refused}, {"completion", rec.completion}, {"model", rec.model},
	} {
		if known.value != "" {
			attrs = append(attrs, slog.String(known.name, known.value))
		}
	}
	attrs = append(attrs, slog.String("outcome", string(outcome(r, rec, w.status))))
	if s := rec.stream; s != nil {
		attrs = append(attrs, slog.Int("events", s.Events),
			slog.Int64("first_event_ms", s.FirstEvent.Milliseconds()))
		rec.err = s.Err
	}
	level := slog.LevelInfo
	if rec.err != nil {
		attrs = append(attrs, slog.Any("error", rec.err))
	}
	if w.status == http.StatusInternalServerError || errors.Is(rec.err, relay.ErrOurs) {
		level = slog.LevelError
	}
	a.logger.LogAttrs(r.Context(), level, "request", attrs...)
}

// outcome tells how a request ended.
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
			if counted, ok := w.(*countingWriter); ok && counted.status != 0 {
				panic(http.ErrAbortHandler) // a clean end would pass for success
			}
			answer.Error(w, openai.Internal())
		}()
		next.ServeHTTP(w, r)
	})
}

// refuseUnknown answers in our own form where no route matches. Which methods a path
// has is for the mux to tell, by its Allow header.
func refuseUnknown(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		refusal := &discardedAnswer{header: make(http.Header)}
		handler.ServeHTTP(refusal, r)
		if refusal.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", refusal.header.Get("Allow"))
			answer.Error(w, openai.MethodNotAllowed())
			return
		}
		answer.Error(w, openai.UnknownURL())
	})
}

// A discardedAnswer keeps the head of an answer that is given in another form.
type discardedAnswer struct {
	header http.Header
	status int
}

func (d *discardedAnswer) Header() http.Header         { return d.header }
func (d *discardedAnswer) WriteHeader(status int)      { d.status = status }
func (d *discardedAnswer) Write(b []byte) (int, error) { return len(b), nil }

// A countingWriter sees what a handler answers.
type countingWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Unwrap lets http.ResponseController reach the connection.
func (c *countingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (c *countingWriter) WriteHeader(status int) {
	c.begin(status)
	c.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (c *countingWriter) Write(b []byte) (int, error) {
	c.begin(http.StatusOK)
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// begin notes the status, and gives the client so long to take the answer. A stream
// sets a deadline of its own for each of its writes.
func (c *countingWriter) begin(status int) {
	if c.status != 0 {
		return
	}
	c.status = status
	_ = http.NewResponseController(c.ResponseWriter).SetWriteDeadline(time.Now().Add(answerTimeout)) // a test's recorder has none
}

// answerTimeout is how long a client may take to read an answer that is no stream.
const answerTimeout = time.Minute
