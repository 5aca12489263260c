package httpapi

import (
	"cmp"
	"errors"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/openai"
	"github.com/pawstream/pawstream/edge/internal/relay"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/budget"
)

// maxModel bounds a model's name in the access line, in bytes: it may be anything until the
// completion service has seen it.
const maxModel = 128

// needOfPost is that of POST /v1/chat/completions, which creates or, by a cursor, reads. It
// looks at what create looks at.
func needOfPost(r *http.Request) auth.Scope {
	if lastEventID(r) != "" {
		return auth.ScopeRead
	}
	return auth.ScopeCreate
}

// create handles POST /v1/chat/completions: a new completion, streamed or whole; or,
// with Last-Event-ID, more of an old one, which is what clients send that repeat
// their own request after a lost connection.
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
	req, fault := openai.DecodeRequestHeld(body, func(bytes int) *openai.Error { return noRoom(share.Grow(bytes)) })
	if fault != nil {
		a.refuseBody(w, r, fault)
		return
	}
	v := visitorOf(r.Context())
	if !a.admitsModel(w, r, req.Params.GetModel()) {
		return
	}
	if asked := req.Params.GetModel(); len(asked) <= maxModel {
		note(r, "", asked)
	}
	key := r.Header.Get("Idempotency-Key")
	if !utf8.ValidString(key) {
		answer.Error(w, openai.InvalidHeader("Idempotency-Key", "must be UTF-8"))
		return
	}
	if !req.Stream {
		bounded(a.createWhole(&completionv1.CreateCompletionRequest{Params: req.Params, IdempotencyKey: key}, share)).ServeHTTP(w, r)
		return
	}
	named := acceptsNamed(r)
	if named {
		includeEvents(req.Params)
	}
	result := a.relay.Create(w, r, &completionv1.StreamCompletionRequest{Params: req.Params, IdempotencyKey: key}, relay.Options{
		Named: named, Until: v.Expires, Deadline: v.deadline, Known: share.Release,
	})
	a.streamed(r, result)
}

// createWhole answers with the finished completion, which takes the place of the request in
// its share.
func (a *api) createWhole(req *completionv1.CreateCompletionRequest, share *budget.Share) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		resp, err := a.completions.CreateCompletion(r.Context(), req)
		if err != nil {
			refuse(w, r, err)
			return
		}
		note(r, resp.GetCompletion().GetId(), resp.GetCompletion().GetModel())
		w.Header().Set("X-Completion-Id", resp.GetCompletion().GetId())
		share.Release()
		held := a.hold(w, r, func() {})
		defer held.release()
		answer.JSON(held, openai.NewCompletion(resp.GetCompletion()))
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

// readJSON returns a body that claims to be JSON, once there is room for it and what is made of it.
func (a *api) readJSON(w http.ResponseWriter, r *http.Request, share *budget.Share) ([]byte, *openai.Error) {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := cmp.Or(params["charset"], "utf-8")
	encoding := cmp.Or(r.Header.Get("Content-Encoding"), "identity")
	if err != nil || mediaType != "application/json" || !strings.EqualFold(charset, "utf-8") || !strings.EqualFold(encoding, "identity") {
		return nil, openai.UnsupportedMediaType()
	}
	body, err := readWithin(http.MaxBytesReader(w, r.Body, a.maxBody), min(r.ContentLength, a.maxBody), share)
	var tooLarge *http.MaxBytesError
	if full := noRoom(err); full != nil {
		return nil, full
	}
	switch {
	case errors.As(err, &tooLarge):
		return nil, openai.TooLarge(a.maxBody)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, openai.RequestTimeout()
	case err != nil:
		return nil, openai.InvalidValue("", "could not be read")
	}
	setReadDeadline(w, time.Time{})
	return body, nil
}

// acceptsNamed reports whether the client asks for named events by its Accept
// header: text/event-stream with the parameter events=named.
func acceptsNamed(r *http.Request) bool {
	for accepted := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		mediaType, params, err := mime.ParseMediaType(accepted)
		if err == nil && mediaType == "text/event-stream" && params["events"] == "named" {
			return true
		}
	}
	return false
}
