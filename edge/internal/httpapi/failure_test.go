package httpapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A refused is a failure as it appears on the wire.
type refused struct {
	status            int
	kind, code, param string
}

var (
	refusal401 = refused{http.StatusUnauthorized, "invalid_request_error", "invalid_api_key", ""}
	refusal404 = refused{http.StatusNotFound, "invalid_request_error", "unknown_url", ""}
	refusal405 = refused{http.StatusMethodNotAllowed, "invalid_request_error", "method_not_allowed", ""}
	refusal413 = refused{http.StatusRequestEntityTooLarge, "invalid_request_error", "request_too_large", ""}
	refusal415 = refused{http.StatusUnsupportedMediaType, "invalid_request_error", "unsupported_media_type", ""}
	refusal429 = refused{http.StatusTooManyRequests, "rate_limit_error", "rate_limit_exceeded", ""}
	refusal503 = refused{http.StatusServiceUnavailable, "server_error", "overloaded", ""}
)

// refusedAs fails the test unless a request was refused in that way, with a body that has all four keys.
func refusedAs(t *testing.T, name string, w *httptest.ResponseRecorder, want refused) *httptest.ResponseRecorder {
	t.Helper()
	got := refusalOf(t, w)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(refused{})); diff != "" {
		t.Errorf("%s: (-want +got)\n%s%s", name, diff, w.Body)
	}
	return w
}

// refusalOf decodes an error answer, and checks its form: see docs/errors.md.
func refusalOf(t *testing.T, w *httptest.ResponseRecorder) refused {
	t.Helper()
	var body struct{ Error map[string]*string }
	decoder := json.NewDecoder(w.Body)
	decoder.DisallowUnknownFields()
	text := w.Body.String()
	if err := decoder.Decode(&body); err != nil {
		t.Errorf("status %d, %v in %q", w.Code, err, text)
		return refused{status: w.Code}
	}
	if got := slices.Sorted(maps.Keys(body.Error)); !slices.Equal(got, []string{"code", "message", "param", "type"}) {
		t.Errorf("the body has %v: %s", got, text)
	}
	value := func(name string) string {
		if s := body.Error[name]; s != nil {
			return *s
		}
		return ""
	}
	h := w.Header()
	if value("message") == "" || h.Get("Content-Type") != "application/json" || h.Get("Content-Length") != strconv.Itoa(len(text)) {
		t.Errorf("%q, header %v", text, h)
	}
	if param := body.Error["param"]; param != nil && *param == "" {
		t.Errorf("an empty param, in place of null: %s", text)
	}
	w.Body.WriteString(text) // for later readers
	return refused{w.Code, value("type"), value("code"), value("param")}
}
