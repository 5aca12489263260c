package httpapi

import (
	"cmp"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/edge/internal/relay"
	"github.com/pawstream/pawstream/internal/header"
)

// follow handles GET /v1/chat/completions/{id}: as a stream if the client asks for one, otherwise as JSON.
func (a *api) follow(gateway http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		stream, fault := wantsStream(r)
		switch {
		case fault != nil:
			fail(w, r, fault)
		case stream && r.Method != http.MethodHead:
			a.slot(a.resumePath)(w, r)
		default:
			gateway.ServeHTTP(w, r)
		}
	}
}

// resumePath serves what follows the client's cursor of the completion that the path names.
func (a *api) resumePath(w http.ResponseWriter, r *http.Request) {
	id, fault := pathID(r)
	if fault != nil {
		fail(w, r, fault)
		return
	}
	a.resume(w, r, id)
}

// resume serves what follows the client's cursor. An empty id is that of the cursor.
func (a *api) resume(w http.ResponseWriter, r *http.Request, id string) {
	at, fault := cursorOf(r, id)
	if fault != nil {
		fail(w, r, fault)
		return
	}
	v := visitorOf(r.Context())
	reader := acceptedReader(r)
	reader.After, reader.EventSource = at.After, isEventSource(r)
	kept := a.share(r)
	defer kept.Release()
	reader.Hold = func(bytes int) *failure.Error { return noRoom(kept.Grow(bytes)) }
	a.streamed(r, a.relay.Resume(w, r, at.ID, relay.Options{
		Dialect: recordOf(r).dialect, Failures: cursorFailures{recordOf(r).dialect, at.After != nil && lastEventID(r) == ""}, Reader: reader,
		EventSource: reader.EventSource, Until: v.Expires, Deadline: v.deadline,
	}))
}

// cursorFailures report an invalid cursor under the parameter that has it.
type cursorFailures struct {
	dialect.Failures
	inQuery bool // whether starting_after does
}

// Failure implements [dialect.Failures].
func (f cursorFailures) Failure(e *failure.Error) (status int, body []byte) {
	if f.inQuery && e.Code == failure.InvalidCursor().Code {
		named := *e
		named.Param = "starting_after"
		e = &named
	}
	return f.Failures.Failure(e)
}

// isEventSource reports whether a client may be an EventSource, which gives up for good
// at any status but 200 and 204.
func isEventSource(r *http.Request) bool {
	return r.Method == http.MethodGet && accepts(r, header.EventStream)
}

// wantsStream reports whether a GET asks for a stream: by ?stream=true or by naming
// text/event-stream in Accept, as every EventSource does.
func wantsStream(r *http.Request) (bool, *failure.Error) {
	text := r.URL.Query().Get("stream")
	if text == "" {
		return accepts(r, header.EventStream), nil
	}
	stream, err := strconv.ParseBool(text)
	if err != nil {
		return false, failure.InvalidValue("stream", "must be 'true' or 'false'")
	}
	return stream, nil
}

func accepts(r *http.Request, want string) bool {
	for accepted := range strings.SplitSeq(r.Header.Get(header.Accept), ",") {
		mediaType, params, err := mime.ParseMediaType(accepted)
		if err == nil && mediaType == want && !unwanted(params["q"]) {
			return true
		}
	}
	return false
}

// acceptedReader returns what a client wants to be shown by its Accept header: the parameters of
// text/event-stream are events=named, and profile=plain or profile=full.
func acceptedReader(r *http.Request) dialect.Reader {
	plain := acceptsParam(r, "profile", "plain")
	return dialect.Reader{Named: acceptsParam(r, "events", "named") && !plain, Plain: plain}
}

// acceptsParam reports whether a client accepts text/event-stream with that parameter.
func acceptsParam(r *http.Request, name, value string) bool {
	for accepted := range strings.SplitSeq(r.Header.Get(header.Accept), ",") {
		mediaType, params, err := mime.ParseMediaType(accepted)
		if err == nil && mediaType == header.EventStream && params[name] == value {
			return true
		}
	}
	return false
}

// unwanted reports whether a weight is zero: RFC 9110, section 12.4.2.
func unwanted(q string) bool { return q != "" && strings.Trim(q, "0.") == "" }

// lastEventID returns the id of the last event that a client has: its header or, of clients that
// cannot set one when they reconnect, the last one in its query.
func lastEventID(r *http.Request) string {
	if last := r.Header.Get(header.LastEventID); last != "" {
		return last
	}
	last := ""
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err != nil || !meansLastEventID(name) {
			continue
		}
		text, err := url.QueryUnescape(value)
		if err != nil {
			text = value // which is no id of ours: it has a percent sign
		}
		last = cmp.Or(text, last)
	}
	return last
}

// meansLastEventID reports whether a parameter stands for Last-Event-ID. Mercure's clients and the polyfills of
// EventSource each spell it differently.
func meansLastEventID(name string) bool {
	spelled := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
	return spelled == "lasteventid" || spelled == "evslasteventid" // the latter: amvtek's polyfill
}

// cursorOf returns where a client wants to resume: Last-Event-ID, which a reconnecting EventSource sends, wins
// over ?starting_after, which stays in its URL.
func cursorOf(r *http.Request, id string) (dialect.Cursor, *failure.Error) {
	if last := lastEventID(r); last != "" {
		at, ok := recordOf(r).dialect.ParseEventID(last)
		if !ok || id != "" && at.ID != id {
			return dialect.Cursor{}, failure.InvalidEventID(publicID(r, formOfID) + ".50")
		}
		return at, nil
	}
	at := dialect.Cursor{ID: id}
	if text := r.URL.Query().Get("starting_after"); text != "" {
		after, ok := dialect.ParseSequence(text)
		if !ok {
			return dialect.Cursor{}, failure.InvalidValue("starting_after", "must be a sequence number")
		}
		at.After = &after
	}
	return at, nil
}
