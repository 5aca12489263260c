package httpapi

import (
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"

	"github.com/google/go-cmp/cmp"
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
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+tt.query, nil)
			if tt.last != "" {
				r.Header.Set("Last-Event-ID", tt.last)
			}
			at, fault := cursorOf(r, tt.path)
			got := at.id + "@-"
			switch {
			case fault != nil:
				got = fault.Code
			case at.after != nil:
				got = at.id + "@" + strconv.FormatUint(*at.after, 10)
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
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

func FuzzParseEventID(f *testing.F) {
	for _, seed := range []string{"chatcmpl-ABC.0", "chatcmpl-ABC.18446744073709551615", ".", "a.b.c", "a.-1", "\x00.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := parseEventID(s)
		if ok && at.id+"."+strconv.FormatUint(*at.after, 10) != s {
			t.Errorf("%q was taken for %s.%d", s, at.id, *at.after)
		}
	})
}
