package httpapi

import (
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	"github.com/pawstream/pawstream/edge/internal/dialect/responses"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

func TestCursorOf(t *testing.T) {
	const id = "chatcmpl-ABC"
	for _, tt := range []struct {
		name, path, last, query string
		want                    string // id@after, or an error code
	}{
		{"start", id, "", "", id + "@-"},
		{"header", id, id + ".7", "", id + "@7"},
		{"query", id, "", "starting_after=7", id + "@7"},
		{"header wins over query", id, id + ".9", "starting_after=7", id + "@9"},
		{"header alone names the completion", "", id + ".0", "", id + "@0"},
		{"another completion's", id, "chatcmpl-XYZ.7", "", "invalid_event_id"},
		{"no sequence", id, id, "", "invalid_event_id"},
		{"empty sequence", id, id + ".", "", "invalid_event_id"},
		{"no id", id, ".7", "", "invalid_event_id"},
		{"sign", id, id + ".+7", "", "invalid_event_id"},
		{"leading zero", id, id + ".07", "", "invalid_event_id"},
		{"too large a number", id, id + ".99999999999999999999", "", "invalid_event_id"},
		{"other characters", id, "chatcmpl-A/B.7", "", "invalid_event_id"},
		{"not ASCII", id, "chatcmpl-Ä.7", "", "invalid_event_id"},
		{"10 kB", id, strings.Repeat("x", 10_000) + ".7", "", "invalid_event_id"},
		{"query that is not a number", id, "", "starting_after=x", "invalid_value"},
		{"negative query", id, "", "starting_after=-1", "invalid_value"},
		{"event-source-polyfill, reconnecting-eventsource", id, "", "stream=true&lastEventId=" + id + ".7", id + "@7"},
		{"Mercure", id, "", "lastEventID=" + id + ".7", id + "@7"},
		{"as the header is called", id, "", "Last-Event-ID=" + id + ".7", id + "@7"},
		{"in small letters", id, "", "last-event-id=" + id + ".7", id + "@7"},
		{"with underscores", id, "", "last_event_id=" + id + ".7", id + "@7"},
		{"amvtek's polyfill", id, "", "evs_last_event_id=" + id + ".7", id + "@7"},
		{"in capitals", id, "", "LAST_EVENT_ID=" + id + ".7", id + "@7"},
		{"in a query, percent-encoded", id, "", "lastEventId=chatcmpl%2DABC%2E7", id + "@7"},
		{"in a query, for the URL has none", "", "", "lastEventId=" + id + ".7", id + "@7"},
		{"empty, before the first event", id, "", "lastEventId=", id + "@-"},
		{"empty, and where the page began", id, "", "lastEventId=&starting_after=3", id + "@3"},
		{"the page's own, and a later one behind it", id, "", "lastEventId=" + id + ".3&lastEventId=" + id + ".7", id + "@7"},
		{"a later one by another name", id, "", "last_event_id=" + id + ".3&lastEventId=" + id + ".7", id + "@7"},
		{"the page's own, and the browser's header", id, id + ".9", "lastEventId=" + id + ".3", id + "@9"},
		{"the page's own, and a broken header", id, "x", "lastEventId=" + id + ".3", "invalid_event_id"},
		{"in a query it wins over starting_after", id, "", "starting_after=3&lastEventId=" + id + ".7", id + "@7"},
		{"a bare number in a query", id, "", "lastEventId=7", "invalid_event_id"},
		{"another completion's in a query", id, "", "lastEventId=chatcmpl-XYZ.7", "invalid_event_id"},
		{"no UTF-8 in a query", id, "", "lastEventId=%ff", "invalid_event_id"},
		{"a broken name of another parameter", id, "", "%zz=1&lastEventId=" + id + ".7", id + "@7"},
		{"a name that only contains it", id, "", "mylastEventIdea=" + id + ".7", id + "@-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+tt.query, nil)
			if tt.last != "" {
				r.Header.Set("Last-Event-ID", tt.last)
			}
			at, fault := cursorOf(spokenIn(chat.New(), r), tt.path)
			got := at.ID + "@-"
			switch {
			case fault != nil:
				got = string(fault.Code)
			case at.After != nil:
				got = at.ID + "@" + strconv.FormatUint(*at.After, 10)
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got == "invalid_event_id" && !strings.Contains(fault.Message, "One looks like 'chatcmpl-….50'; ?starting_after=50 on a GET") {
				t.Errorf("it says %s", fault.Message)
			}
		})
	}
}

// TestCursorFailures checks that the error for an invalid cursor names the parameter that has it.
func TestCursorFailures(t *testing.T) {
	for _, tt := range []struct {
		name    string
		inQuery bool
		fault   *failure.Error
		want    string
	}{
		{"by starting_after", true, failure.InvalidCursor(), `"param":"starting_after","code":"invalid_cursor"`},
		{"by an id", false, failure.InvalidCursor(), `"param":null,"code":"invalid_cursor"`},
		{"of something else", true, failure.CompletionNotFound(), `"param":null,"code":"completion_not_found"`},
	} {
		for _, d := range []dialect.Dialect{chat.New(), responses.New()} {
			if _, body := (cursorFailures{d, tt.inQuery}).Failure(tt.fault); !strings.Contains(string(body), tt.want) {
				t.Errorf("%s: %s, want %s", tt.name, body, tt.want)
			}
		}
	}
}

func TestWantsStream(t *testing.T) {
	for _, tt := range []struct {
		accept, query string
		want          bool
	}{
		{"", "", false},
		{"application/json", "", false},
		{"*/*", "", false},
		{"text/event-stream", "", true},
		{"application/json, text/event-stream;q=0.9", "", true},
		{"text/event-stream; events=named", "", true},
		{"text/event-stream;q=0, */*", "", false},
		{"text/event-stream;q=0.000", "", false},
		{"text/event-stream;q=0.001", "", true},
		{"application/json", "stream=true", true},
		{"text/event-stream", "stream=false", false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+tt.query, nil)
		r.Header.Set("Accept", tt.accept)
		if got, fault := wantsStream(r); got != tt.want || fault != nil {
			t.Errorf("Accept %q, query %q: %v, %v, want %v", tt.accept, tt.query, got, fault, tt.want)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?stream=maybe", nil)
	if _, fault := wantsStream(r); fault == nil || fault.Param != "stream" {
		t.Errorf("stream=maybe: %v, want a fault of stream", fault)
	}
}

func TestParseListing(t *testing.T) {
	for _, tt := range []struct {
		query string
		want  listing
		fault string // param at fault
	}{
		{"", listing{}, ""},
		{"limit=5&after=a&model=m&order=desc", listing{limit: 5, after: "a", model: "m", order: completionv1.SortOrder_SORT_ORDER_DESC}, ""},
		{"order=asc&metadata[k]=v&metadata[k2]=v2", listing{
			order: completionv1.SortOrder_SORT_ORDER_ASC, metadata: map[string]string{"k": "v", "k2": "v2"},
		}, ""},
		{"limit=x", listing{}, "limit"},
		{"limit=0", listing{}, "limit"},
		{"limit=-1", listing{}, "limit"},
		{"limit=99999999999999999999", listing{limit: math.MaxInt32}, ""}, // for the service to refuse
		{"order=up", listing{}, "order"},
		{"after=%ff", listing{}, "after"},
		{"metadata[%ff]=v", listing{}, "metadata"},
	} {
		query, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		got, fault := parseListing(query)
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(listing{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.query, diff)
		}
		if (fault != nil) != (tt.fault != "") || fault != nil && fault.Param != tt.fault {
			t.Errorf("%q: fault %v, want one about %q", tt.query, fault, tt.fault)
		}
	}
}
