package httpapi

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/openai"
	"github.com/pawstream/pawstream/edge/internal/relay"
)

// maxEventID bounds Last-Event-ID: no id of ours is longer.
const maxEventID = 128

// follow handles GET /v1/chat/completions/{id}: as a stream where the client asks for
// one, as JSON else.
func (a *api) follow(gateway http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		stream, fault := wantsStream(r)
		switch {
		case fault != nil:
			answer.Error(w, fault)
		case stream && r.Method != http.MethodHead:
			a.slot(func(w http.ResponseWriter, r *http.Request) { a.resume(w, r, r.PathValue("id")) })(w, r)
		default:
			gateway.ServeHTTP(w, r)
		}
	}
}

// resume serves what follows the client's cursor. An empty id is that of the cursor.
func (a *api) resume(w http.ResponseWriter, r *http.Request, id string) {
	at, fault := cursorOf(r, id)
	if fault != nil {
		answer.Error(w, fault)
		return
	}
	v := visitorOf(r.Context())
	opts := relay.Options{Named: acceptsNamed(r), EventSource: isEventSource(r), Until: v.Expires, Deadline: v.deadline}
	a.streamed(r, a.relay.Resume(w, r, at.id, at.after, opts))
}

// isEventSource reports whether a client may be an EventSource, which gives up for good
// at any status but 200 and 204.
func isEventSource(r *http.Request) bool {
	return r.Method == http.MethodGet && accepts(r, "text/event-stream")
}

// wantsStream reports whether a GET asks for a stream: by ?stream=true or by naming
// text/event-stream in Accept, as every EventSource does.
func wantsStream(r *http.Request) (bool, *openai.Error) {
	text := r.URL.Query().Get("stream")
	if text == "" {
		return accepts(r, "text/event-stream"), nil
	}
	stream, err := strconv.ParseBool(text)
	if err != nil {
		return false, openai.InvalidValue("stream", "must be 'true' or 'false'")
	}
	return stream, nil
}

func accepts(r *http.Request, want string) bool {
	for accepted := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		mediaType, params, err := mime.ParseMediaType(accepted)
		if err == nil && mediaType == want && !unwanted(params["q"]) {
			return true
		}
	}
	return false
}

// unwanted reports whether a weight is zero: RFC 9110, section 12.4.2.
func unwanted(q string) bool { return q != "" && strings.Trim(q, "0.") == "" }

// A cursor is a place in a completion: after the event of that sequence, or, where
// after is nil, its start.
type cursor struct {
	id    string
	after *uint64
}

func lastEventID(r *http.Request) string { return r.Header.Get("Last-Event-ID") }

// cursorOf returns where a client wants to go on: Last-Event-ID, which a reconnecting
// EventSource sends, wins over ?starting_after, which stays in its URL.
func cursorOf(r *http.Request, id string) (cursor, *openai.Error) {
	if last := lastEventID(r); last != "" {
		at, ok := parseEventID(last)
		if !ok || id != "" && at.id != id {
			return cursor{}, openai.InvalidEventID()
		}
		return at, nil
	}
	at := cursor{id: id}
	if text := r.URL.Query().Get("starting_after"); text != "" {
		after, ok := parseSequence(text)
		if !ok {
			return cursor{}, openai.InvalidValue("starting_after", "must be a sequence number")
		}
		at.after = &after
	}
	return at, nil
}

// parseEventID takes an event id of ours apart: "<completion id>.<sequence>".
func parseEventID(s string) (cursor, bool) {
	if len(s) > maxEventID {
		return cursor{}, false
	}
	dot := strings.LastIndexByte(s, '.')
	if dot <= 0 || strings.ContainsFunc(s[:dot], notInID) {
		return cursor{}, false
	}
	after, ok := parseSequence(s[dot+1:])
	return cursor{id: s[:dot], after: &after}, ok
}

func notInID(c rune) bool {
	letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	return !letter && (c < '0' || c > '9') && c != '_' && c != '-'
}

// parseSequence takes a sequence number in the one way in which we write it.
func parseSequence(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, 63)
	return n, err == nil && strconv.FormatUint(n, 10) == s
}
