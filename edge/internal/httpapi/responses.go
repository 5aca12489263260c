package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/edge/internal/feed"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/header"
)

// followResponse is the route that an EventSource follows in this dialect.
const followResponse = "GET /v1/responses/{id}"

// in makes a route answer in a dialect.
func in(d dialect.Dialect, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recordOf(r).dialect = d
		next.ServeHTTP(w, r)
	})
}

// A responseAPI has the handlers of responses, which do not use grpc-gateway.
type responseAPI struct {
	*api
	dialect dialect.Folding
}

// calls yields the routes.
func (a *responseAPI) calls(handle func(pattern string, handler http.Handler)) {
	route := func(pattern string, scope need, next http.HandlerFunc) {
		handle(pattern, in(a.dialect, a.guard(scope, next)))
	}
	read := func(next http.HandlerFunc) http.HandlerFunc { return bodyless(bounded(a.inTurn(a.turns.reads, next))) }
	route("POST /v1/responses", needOfPost, a.slot(a.create))
	route("POST /v1/responses/input_tokens", always(auth.ScopeCreate), bounded(a.inTurn(a.turns.reads, http.HandlerFunc(a.countInput))).ServeHTTP)
	route(followResponse, always(auth.ScopeRead), streamInBody(a.follow(read(a.retrieve))))
	route("DELETE /v1/responses/{id}", always(auth.ScopeManage), read(a.remove))
	route("GET /v1/responses/{id}/input_items", always(auth.ScopeRead), read(a.listInput))
	route("POST /v1/responses/{id}/cancel", always(auth.ScopeManage), bodyless(bounded(a.inTurn(a.turns.cancels, http.HandlerFunc(a.cancel)))))
}

// streamInBody reads the wish for a stream from the body of a GET, where openai-go 3 puts it.
func streamInBody(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if r.Method == http.MethodGet && 0 < r.ContentLength && r.ContentLength <= maxWish && !query.Has("stream") {
			var wish struct{ Stream bool }
			if text, err := io.ReadAll(r.Body); err == nil && json.Unmarshal(text, &wish) == nil && wish.Stream {
				query.Set("stream", "true")
				r.URL.RawQuery = query.Encode()
			}
			r.Body, r.ContentLength = http.NoBody, 0
		}
		next(w, r)
	}
}

// maxWish is the longest body of a GET that is read.
const maxWish = 256

// publicID returns the id of a completion in the request's dialect.
func publicID(r *http.Request, id string) string { return recordOf(r).dialect.PublicID(id) }

// formOfID is what the id of a completion looks like.
const formOfID = "chatcmpl-…"

// pathID returns the completion that the path names.
func pathID(r *http.Request) (string, *failure.Error) {
	id, ok := recordOf(r).dialect.CompletionID(r.PathValue("id"))
	if !ok {
		return "", failure.NotAnID(r.PathValue("id"), publicID(r, formOfID))
	}
	return id, nil
}

// createFolded answers with a response that is the sum of its events: finished, or just begun if it is to
// continue in the background.
func (a *responseAPI) createFolded(req *completionv1.StreamCompletionRequest, share *budget.Share) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.folded(w, r, func(ctx context.Context, f dialect.Fold) error {
			err := a.relay.CreateFor(ctx, req, f, share.Release)
			if failed := f.Failed(); err == nil && failed != nil {
				note(r, f.ID(), "")
				w.Header().Set(header.CompletionID, publicID(r, f.ID()))
				return failure.FromEvent(failed)
			}
			return err
		})
	}
}

// folded answers with the response that a fold results in.
func (a *responseAPI) folded(w http.ResponseWriter, r *http.Request, fill func(context.Context, dialect.Fold) error) {
	share := a.share(r)
	defer share.Release()
	f := a.dialect.Fold(func(bytes int) *failure.Error { return noRoom(share.Grow(bytes)) })
	if err := fill(r.Context(), f); err != nil {
		refuseFold(a.api, w, r, err)
		return
	}
	note(r, f.ID(), f.Model())
	w.Header().Set(header.CompletionID, publicID(r, f.ID()))
	held := a.hold(w, r, func() {})
	defer held.release()
	answer.JSON(held, f.Response())
}

// refuseFold answers a request if the existing part of a completion could not be read.
func refuseFold(a *api, w http.ResponseWriter, r *http.Request, err error) {
	var told *failure.Error
	switch {
	case errors.As(err, &told):
		a.refuseBody(w, r, told)
	case errors.Is(err, feed.ErrLost):
		fail(w, r, failure.CompletionLost())
	default:
		refuse(w, r, err)
	}
}

// retrieve handles GET /v1/responses/{id}: as a stream if the client asks for one, otherwise as JSON.
func (a *responseAPI) retrieve(w http.ResponseWriter, r *http.Request) {
	id, fault := pathID(r)
	if fault != nil {
		fail(w, r, fault)
		return
	}
	a.folded(w, r, func(ctx context.Context, f dialect.Fold) error { return a.relay.Fold(ctx, id, f) })
}

// cancel handles POST /v1/responses/{id}/cancel.
func (a *responseAPI) cancel(w http.ResponseWriter, r *http.Request) {
	id, fault := pathID(r)
	if fault != nil {
		fail(w, r, fault)
		return
	}
	if _, err := a.completions.CancelCompletion(r.Context(), &completionv1.CancelCompletionRequest{CompletionId: id}); err != nil {
		refuse(w, r, err)
		return
	}
	a.folded(w, r, func(ctx context.Context, f dialect.Fold) error { return a.relay.Fold(ctx, id, f) })
}

// remove handles DELETE /v1/responses/{id}.
func (a *responseAPI) remove(w http.ResponseWriter, r *http.Request) {
	id, fault := pathID(r)
	if fault != nil {
		fail(w, r, fault)
		return
	}
	resp, err := a.completions.DeleteCompletion(r.Context(), &completionv1.DeleteCompletionRequest{CompletionId: id})
	if err != nil {
		refuse(w, r, err)
		return
	}
	note(r, id, "")
	view, _ := recordOf(r).dialect.View(resp) // there is one
	answer.JSON(w, view)
}

// listInput handles GET /v1/responses/{id}/input_items. A message may be several items, so the items are
// counted here.
func (a *responseAPI) listInput(w http.ResponseWriter, r *http.Request) {
	id, fault := pathID(r)
	var page listing
	if fault == nil {
		page, fault = parseListing(r.URL.Query())
	}
	if fault != nil {
		fail(w, r, fault)
		return
	}
	var messages []*completionv1.StoredMessage
	for after, more := "", true; more; {
		resp, err := a.completions.ListCompletionMessages(r.Context(), &completionv1.ListCompletionMessagesRequest{
			CompletionId: id, After: after, Limit: maxPage,
		})
		if err != nil {
			refuse(w, r, err)
			return
		}
		messages = append(messages, resp.GetMessages()...)
		if more = resp.GetHasMore() && len(resp.GetMessages()) > 0; more {
			after = messages[len(messages)-1].GetId()
		}
	}
	list, fault := a.dialect.InputList(messages, dialect.Page{
		After: page.after, Limit: int(page.limit), Ascending: page.order == completionv1.SortOrder_SORT_ORDER_ASC,
	})
	if fault != nil {
		fail(w, r, fault)
		return
	}
	note(r, id, "")
	answer.JSON(w, list)
}

// maxPage is how many messages the service returns at once.
const maxPage = 100

// countInput handles POST /v1/responses/input_tokens.
func (a *responseAPI) countInput(w http.ResponseWriter, r *http.Request) {
	share := a.share(r)
	defer share.Release()
	body, fault := a.readJSON(w, r, share)
	var req *dialect.Request
	if fault == nil {
		req, fault = recordOf(r).dialect.Decode(body, func(bytes int) *failure.Error { return noRoom(share.Grow(bytes)) })
	}
	if fault != nil {
		a.refuseBody(w, r, fault)
		return
	}
	recordOf(r).failures = failuresFor(r, req.Failures)
	if !a.admits(w, r, req.Params) {
		return
	}
	resp, err := a.completions.CountPromptTokens(r.Context(), &completionv1.CountPromptTokensRequest{Params: req.Params})
	if err != nil {
		refuse(w, r, err)
		return
	}
	view, _ := recordOf(r).dialect.View(resp) // there is one
	answer.JSON(w, view)
}
