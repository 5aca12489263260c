package httpapi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/header"
)

// shareKey is the metadata key with the nonce by which a completion is shared. So a share lasts as long as the
// completion, all edges know it, its owner sees it, and removing the key revokes it.
const shareKey = "pawstream_share"

// issueTicket handles POST /v1/stream_tickets: the right to follow one completion, for
// an EventSource, which cannot send a header, or for others.
func (a *api) issueTicket(w http.ResponseWriter, r *http.Request) {
	kept := a.share(r)
	defer kept.Release()
	body, fault := a.readJSON(w, r, kept)
	var asked *ticketRequest
	if fault == nil {
		asked, fault = decodeTicketRequest(body, auth.MostShareLife)
	}
	if fault != nil {
		a.refuseBody(w, r, fault)
		return
	}
	caller, id := visitorOf(r.Context()).Caller, asked.Completion
	if asked.Share && !caller.May(auth.ScopeManage) {
		lacks(w, auth.ScopeManage)
		a.turnAway(w, r, "forbidden", failure.PermissionDenied(string(auth.ScopeManage)))
		return
	}
	got, err := a.completions.GetCompletion(r.Context(), &completionv1.GetCompletionRequest{CompletionId: id})
	if err != nil {
		refuse(w, r, err)
		return
	}
	note(r, id, "")
	if !asked.Share {
		ticket, expires := a.tickets.Issue(caller, id)
		answer.JSON(w, newTicket(id, ticket, expires))
		return
	}
	nonce, err := setShared(r.Context(), a.completions, got.GetCompletion(), asked.ShareFor > 0)
	switch {
	case err != nil:
		refuse(w, r, err)
	case nonce == "":
		answer.JSON(w, newShare(id, "", time.Now()))
	default:
		ticket, expires := a.tickets.Share(caller, id, nonce, asked.ShareFor)
		answer.JSON(w, newShare(id, ticket, expires))
	}
}

// setShared shares a completion or ends that, and returns the nonce by which it is shared. An existing nonce
// stays, and so do existing links.
func setShared(ctx context.Context, client completionv1.CompletionServiceClient, c *completionv1.Completion, shared bool) (nonce string, err error) {
	nonce = c.GetMetadata()[shareKey]
	if shared == (nonce != "") {
		return nonce, nil
	}
	metadata := make(map[string]string)
	maps.Copy(metadata, c.GetMetadata())
	if shared {
		nonce = rand.Text()
		metadata[shareKey] = nonce
	} else {
		nonce = ""
		delete(metadata, shareKey)
	}
	_, err = client.UpdateCompletion(ctx, &completionv1.UpdateCompletionRequest{CompletionId: c.GetId(), Metadata: metadata})
	return nonce, err
}

// guest returns the guest who follows a completion through its owner's share, if that is still valid; nil:
// somebody else. Only the stream is shared: the rest of a completion is the owner's.
func (d *door) guest(r *http.Request, id string) (*auth.Caller, error) {
	if r.Method != http.MethodGet || r.Pattern != followRoute || len(r.Header.Values(header.Authorization)) > 0 {
		return nil, nil //nolint:nilnil // nobody, and no fault
	}
	if stream, fault := wantsStream(r); fault != nil || !stream {
		return nil, nil //nolint:nilerr,nilnil // as above: what is wrong with it is told later
	}
	guest, err := d.tickets.Shared(r.URL.Query().Get("ticket"), id)
	switch {
	case errors.Is(err, auth.ErrExpired):
		return nil, fmt.Errorf("%w: %w", errShared, err) // even without authentication
	case err != nil:
		return nil, nil //nolint:nilerr,nilnil // it is a ticket of another kind
	case !d.known(guest):
		return nil, fmt.Errorf("%w: its owner no longer has a key", errShared)
	}
	return guest, nil
}

// whileShared lets a guest through as long as the owner shares the completion, and everybody else.
func (a *api) whileShared(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		guest := visitorOf(r.Context()).Caller
		if guest.Share == "" || stillShared(a, w, r, guest) {
			next(w, r)
		}
	}
}

// stillShared reports whether a guest's share is still valid. If not, it has answered. All guests of an owner
// take turns as one caller, separate from the owner. The check reads only the metadata: in the completion
// service it takes no turn.
func stillShared(a *api, w http.ResponseWriter, r *http.Request, guest *auth.Caller) bool {
	end, ok := takeTurn(a, w, r, a.turns.reads, guestsOf+guest.Principal)
	if !ok {
		return false
	}
	metadata, err := a.relay.Metadata(r.Context(), r.PathValue("id"))
	end()
	switch {
	case err != nil:
		refuseFold(a, w, r, err)
	case metadata[shareKey] != guest.Share:
		err := fmt.Errorf("%w: it was withdrawn", errShared)
		recordOf(r).err = err
		challenge(w, err)
		a.turnAway(w, r, "unauthenticated", unauthenticated(err))
	default:
		return true
	}
	return false
}

// guestsOf precedes an owner in the key of the owner's guests. No principal begins like this: a principal is
// printable.
const guestsOf = "\x00"
