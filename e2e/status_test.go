package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// A refusal is an answer without what was asked for.
type refusal struct {
	Status            int
	Type, Code, Param string // "": null
}

// refused takes an error answer apart. It has to have the one form that all have.
func refused(t *testing.T, x exchange) refusal {
	t.Helper()
	if got := x.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q", got)
	}
	if got := x.Header.Get("X-Request-Id"); !requestID.MatchString(got) {
		t.Errorf("X-Request-Id is %q", got)
	}
	if got := x.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options is %q", got)
	}
	checkDiscretion(t, string(x.Body))
	told := decode(t, string(x.Body))
	inside, _ := told["error"].(object)
	if _, p := inside["param"]; len(told) != 1 || len(inside) != 4 || !p {
		t.Fatalf("status %d, body %s", x.Status, x.Body)
	}
	if message, _ := inside["message"].(string); message == "" {
		t.Errorf("no message in %s", x.Body)
	}
	got := refusal{Status: x.Status}
	for name, field := range map[string]*string{"type": &got.Type, "code": &got.Code, "param": &got.Param} {
		switch value := inside[name].(type) {
		case nil:
		case string:
			*field = value
			if value == "" {
				t.Errorf("%s is empty instead of null in %s", name, x.Body)
			}
		default:
			t.Errorf("%s is no string in %s", name, x.Body)
		}
	}
	return got
}

// checkDiscretion looks for what only we should see: Go's types and traces, files,
// addresses, and the words of libraries.
func checkDiscretion(t *testing.T, text string) {
	t.Helper()
	for _, leak := range []string{
		"goroutine", ".go:", "0x", "panic", "rpc error", "grpc", "protobuf", "proto:", "jsontext", "json: ",
		"strconv", "unmarshal", "*completionv1", "struct", "interface", "nil", "127.0.0.1", "localhost", "/root", "/home", "/tmp",
	} {
		if strings.Contains(text, leak) {
			t.Errorf("the answer tells %q: %s", leak, text)
		}
	}
}

// bad is a refusal because of the request.
func bad(status int, code, param string) refusal {
	return refusal{Status: status, Type: "invalid_request_error", Code: code, Param: param}
}

// TestStatusOfAResume is the table of what a cursor can be.
func TestStatusOfAResume(t *testing.T) {
	t.Parallel()
	url := fast(t).URL()
	done := record(t, url, nil)
	head := len(done.Events) - 1
	unknown := "chatcmpl-" + strings.Repeat("A", 26)
	for _, test := range []struct {
		name, path, last string
		want             refusal
	}{
		{"unknown completion", unknown + "?stream=true", "", bad(http.StatusNotFound, "completion_not_found", "")},
		{"unknown completion, known form", unknown + "?stream=true", eventID(unknown, 0), bad(http.StatusNotFound, "completion_not_found", "")},
		{"unknown completion, not streamed", unknown, "", bad(http.StatusNotFound, "completion_not_found", "")},
		{"no id at all", "x?stream=true", "", bad(http.StatusNotFound, "completion_not_found", "")},
		{"ahead of the head", done.ID + "?stream=true", eventID(done.ID, head+1), bad(http.StatusBadRequest, "invalid_cursor", "")},
		{"far ahead of the head", done.ID + "?stream=true", done.ID + ".9223372036854775807", bad(http.StatusBadRequest, "invalid_cursor", "")},
		{"ahead by the query", done.ID + "?stream=true&starting_after=999", "", bad(http.StatusBadRequest, "invalid_cursor", "")},
		{"another completion's", done.ID + "?stream=true", eventID(unknown, 0), bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"malformed", done.ID + "?stream=true", "nonsense", bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"without a sequence", done.ID + "?stream=true", done.ID, bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"with an empty sequence", done.ID + "?stream=true", done.ID + ".", bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"negative", done.ID + "?stream=true", done.ID + ".-1", bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"with a sign", done.ID + "?stream=true", done.ID + ".+1", bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"with a leading zero", done.ID + "?stream=true", done.ID + ".01", bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"hexadecimal", done.ID + "?stream=true", done.ID + ".0x1", bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"past all numbers", done.ID + "?stream=true", done.ID + ".99999999999999999999", bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"with blanks inside", done.ID + "?stream=true", done.ID + " .1", bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"not ASCII", done.ID + "?stream=true", "é" + eventID(done.ID, 1), bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"10 kB", done.ID + "?stream=true", eventID(done.ID+strings.Repeat("A", 10_000), 1), bad(http.StatusBadRequest, "invalid_event_id", "")},
		{"malformed query", done.ID + "?stream=true&starting_after=x", "", bad(http.StatusBadRequest, "invalid_value", "starting_after")},
		{"negative query", done.ID + "?stream=true&starting_after=-1", "", bad(http.StatusBadRequest, "invalid_value", "starting_after")},
	} {
		t.Run(test.name, func(t *testing.T) {
			var headers []string
			if test.last != "" {
				headers = append(headers, "Last-Event-ID: "+test.last)
			}
			if diff := cmp.Diff(test.want, refused(t, get(t, url, test.path, headers...))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if test.last == "" {
				return
			}
			want := test.want
			if test.name == "another completion's" { // a POST follows whatever completion the cursor names
				want = bad(http.StatusNotFound, "completion_not_found", "")
			}
			if diff := cmp.Diff(want, refused(t, post(t, url, streamed(nil), headers...))); diff != "" {
				t.Errorf("by POST (-want +got)\n%s", diff)
			}
		})
	}
}

// TestExpired waits until a completion is retained no longer.
func TestExpired(t *testing.T) {
	t.Parallel()
	for _, log := range []string{"jetstream", "memory"} {
		t.Run(log, func(t *testing.T) {
			t.Parallel()
			s := own(t, stack.Options{Completion: []string{"--log=" + log, "--log-retention=4s", "--total-timeout=4s"}})
			done := record(t, s.URL(), nil)
			want := bad(http.StatusGone, "completion_expired", "")
			for _, path := range []string{done.ID + "?stream=true", done.ID} {
				eventually(t, 15*time.Second, func() error {
					x := get(t, s.URL(), path)
					if x.Status < http.StatusBadRequest {
						return errNotYet
					}
					if diff := cmp.Diff(want, refused(t, x)); diff != "" {
						t.Errorf("(-want +got)\n%s", diff)
					}
					return nil
				})
			}
		})
	}
}
