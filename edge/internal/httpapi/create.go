package httpapi

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/asked"
	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/edge/internal/relay"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/header"
)

// maxModel bounds a model's name in the access line, in bytes: it may be anything until the
// completion service has seen it.
const maxModel = 128

// needOfPost is the need of POST /v1/chat/completions, which creates or, with a cursor, reads. It checks what
// create checks. [api.admits] knows which further scopes the body requires.
func needOfPost(r *http.Request) auth.Scope {
	if lastEventID(r) != "" {
		return auth.ScopeRead
	}
	return auth.ScopeCreate
}

// create handles POST /v1/chat/completions: a new completion, streamed or whole; or, with Last-Event-ID, the
// rest of an existing one, for clients that repeat their request after a lost connection.
func (a *api) create(w http.ResponseWriter, r *http.Request) {
	share := a.share(r)
	defer share.Release()
	body, fault := a.readJSON(w, r, share)
	if fault != nil {
		a.refuseBody(w, r, fault)
		return
	}
	if lastEventID(r) != "" {
		share.Release()
		a.resume(w, r, "")
		return
	}
	req, fault := recordOf(r).dialect.Decode(body, func(bytes int) *failure.Error { return noRoom(share.Grow(bytes)) })
	if fault != nil {
		a.refuseBody(w, r, fault)
		return
	}
	recordOf(r).failures = failuresFor(r, req.Failures)
	if deployment := r.PathValue("model"); deployment != "" { // of Azure's path
		req.Params.Model = deployment
	}
	v := visitorOf(r.Context())
	if !a.admits(w, r, req.Params) {
		return
	}
	if asked := req.Params.GetModel(); len(asked) <= maxModel {
		note(r, "", asked)
	}
	key := r.Header.Get(header.IdempotencyKey)
	if !utf8.ValidString(key) {
		fail(w, r, failure.InvalidHeader(header.IdempotencyKey, "must be UTF-8"))
		return
	}
	create := &completionv1.StreamCompletionRequest{Params: req.Params, IdempotencyKey: key, SentBefore: a.taken.sentBefore(r.Header)}
	if !req.Stream {
		bounded(a.createWhole(create, share)).ServeHTTP(w, r)
		return
	}
	reader := a.readerOf(r, req)
	if reader.Named {
		includeEvents(req.Params)
	}
	kept := a.share(r)
	defer kept.Release()
	reader.Hold = func(bytes int) *failure.Error { return noRoom(kept.Grow(bytes)) }
	result := a.relay.Create(w, r, create, relay.Options{
		Dialect: recordOf(r).dialect, Failures: recordOf(r).failures, Reader: reader,
		Until: v.Expires, Deadline: v.deadline, Known: share.Release,
	})
	a.streamed(r, result)
}

// sentBefore returns how often a client has sent its request before, as counted by the SDKs that Stainless
// generates, including OpenAI's. nil: it does not say, or the edge ignores it.
func (taken Requests) sentBefore(h http.Header) *uint32 {
	n, err := strconv.ParseUint(strings.TrimSpace(h.Get("X-Stainless-Retry-Count")), 10, 32)
	if err != nil || taken.SeparateRetries {
		return nil
	}
	return new(uint32(n))
}

// createWhole answers with the finished completion, which replaces the request in its share.
func (a *api) createWhole(create *completionv1.StreamCompletionRequest, share *budget.Share) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if d, ok := recordOf(r).dialect.(dialect.Folding); ok {
			(&responseAPI{a, d}).createFolded(create, share)(w, r)
			return
		}
		req := &completionv1.CreateCompletionRequest{
			Params: create.GetParams(), IdempotencyKey: create.GetIdempotencyKey(), SentBefore: create.SentBefore,
		}
		var trailer metadata.MD
		resp, err := a.completions.CreateCompletion(r.Context(), req, grpc.Trailer(&trailer))
		asked.Take(r.Context(), trailer)
		if err != nil {
			refuse(w, r, err)
			return
		}
		note(r, resp.GetCompletion().GetId(), resp.GetCompletion().GetModel())
		w.Header().Set(header.CompletionID, resp.GetCompletion().GetId())
		share.Release()
		held := a.hold(w, r, func() {})
		defer held.release()
		view, _ := recordOf(r).dialect.View(resp) // every dialect has one
		answer.JSON(held, view)
	}
}

// includeEvents fixes at creation what the Accept header asks for, so that a replay
// shows the same.
func includeEvents(p *completionv1.CompletionParams) {
	if p.GetStreamOptions() == nil {
		p.StreamOptions = &completionv1.StreamOptions{}
	}
	p.StreamOptions.IncludeEvents = true
}

// readJSON returns a body that claims to be JSON, once there is room for it and what it is decoded into. A
// compressed body may be as large, decoded, as any other.
func (a *api) readJSON(w http.ResponseWriter, r *http.Request, share *budget.Share) ([]byte, *failure.Error) {
	// Parameters have no effect: JSON is UTF-8 (RFC 8259, section 11).
	mediaType, _, _ := strings.Cut(r.Header.Get(header.ContentType), ";")
	mediaType = strings.TrimSpace(mediaType)
	if !strings.EqualFold(mediaType, header.JSON) {
		w.Header().Set(header.Accept, header.JSON)
		return nil, failure.UnsupportedMediaType(mediaType)
	}
	coding, fault := codingOf(r.Header)
	if fault != nil {
		w.Header().Set(header.AcceptEncoding, codings)
		return nil, fault
	}
	sent := http.MaxBytesReader(w, r.Body, a.maxBody)
	if coding == "" {
		body, err := readWithin(sent, min(r.ContentLength, a.maxBody), share)
		return body, a.unread(err, coding)
	}
	meanwhile := a.share(r)
	defer meanwhile.Release()
	text, err := decode(coding, sent, meanwhile)
	if err != nil {
		return nil, a.unread(err, coding)
	}
	defer text.close()
	body, err := readWithin(http.MaxBytesReader(w, io.NopCloser(text), a.maxBody), -1, share)
	return body, a.unread(err, coding)
}

// unread returns why a body could not be read; nil: it was.
func (a *api) unread(err error, coding string) *failure.Error {
	var tooLarge *http.MaxBytesError
	if full := noRoom(err); full != nil {
		return full
	}
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge):
		return failure.TooLarge(a.maxBody)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return failure.RequestTimeout()
	case errors.Is(err, errCoding):
		return failure.InvalidValue("", "is not what its Content-Encoding says: "+coding)
	}
	return failure.InvalidValue("", "could not be read")
}

// readerOf returns what a client that creates a completion wants to be shown: by its body, else by its Accept
// header, else by the edge's default. A client that asks for events can handle more than data.
func (a *api) readerOf(r *http.Request, req *dialect.Request) dialect.Reader {
	reader := acceptedReader(r)
	switch named := reader.Named || req.Params.GetStreamOptions().GetIncludeEvents(); {
	case req.IDs != nil:
		reader.Plain = !*req.IDs
	case !named && !acceptsParam(r, "profile", "full"):
		reader.Plain = reader.Plain || a.taken.PlainStreams
	}
	reader.Named = reader.Named && !reader.Plain
	return reader
}
