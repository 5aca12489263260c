package httpapi

import (
	"fmt"
	"net/url"
	"time"

	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
)

// A ticketRequest is the body of POST /v1/stream_tickets.
type ticketRequest struct {
	Completion string // which the ticket is for
	// ShareFor is how long others may read it; 0: no longer. Without Share the ticket is for an EventSource.
	ShareFor time.Duration
	Share    bool
}

// decodeTicketRequest decodes the body of POST /v1/stream_tickets. A completion is shared for no longer than most.
func decodeTicketRequest(text []byte, most time.Duration) (*ticketRequest, *failure.Error) {
	const shareFor = "share_for"
	var asked ticketRequest
	var seconds int64
	d := body.New(text, nil)
	err := d.Root(func(name []byte) *failure.Error {
		switch string(name) {
		case "completion_id":
			return d.Text(&asked.Completion)
		case shareFor:
			if d.Absent() {
				return nil
			}
			asked.Share = true
			return d.Int64(&seconds)
		}
		return d.Unknown()
	})
	switch longest := int64(most / time.Second); {
	case err != nil:
		return nil, err
	case asked.Completion == "":
		return nil, d.Missing("completion_id")
	case seconds < 0 || seconds > longest:
		return nil, failure.InvalidValue(shareFor, fmt.Sprintf("must be a number of seconds, 0 to %d", longest))
	}
	asked.ShareFor = time.Duration(seconds) * time.Second
	return &asked, nil
}

// A streamTicket is the right to follow one completion, for an EventSource: URL, relative to
// that of the API, is what it opens. ExpiresAt is in seconds since 1970.
type streamTicket struct {
	Object       string `json:"object"`
	CompletionID string `json:"completion_id"`
	Ticket       string `json:"ticket"`
	URL          string `json:"url"`
	ExpiresAt    int64  `json:"expires_at"`
}

// newTicket returns the answer to a request for a ticket.
func newTicket(completion, ticket string, expires time.Time) *streamTicket {
	return &streamTicket{
		Object: "stream_ticket", CompletionID: completion, Ticket: ticket, ExpiresAt: expires.Unix(),
		URL: "/v1/chat/completions/" + url.PathEscape(completion) + "?ticket=" + url.QueryEscape(ticket),
	}
}

// newShare returns the answer to a request to share a completion: a ticket that others may use, or none if it
// is no longer shared.
func newShare(completion, ticket string, expires time.Time) *streamTicket {
	if ticket == "" {
		return &streamTicket{Object: "stream_ticket", CompletionID: completion, ExpiresAt: expires.Unix()}
	}
	return newTicket(completion, ticket, expires)
}
