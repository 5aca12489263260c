package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/edge/internal/dialect"
)

// TestUnknownParameters configures what an API does with unknown members.
func TestUnknownParameters(t *testing.T) {
	for unknown, want := range map[dialect.Unknown]int{
		"": http.StatusBadRequest, dialect.RefuseUnknown: http.StatusBadRequest, dialect.IgnoreUnknown: http.StatusOK, dialect.ForwardUnknown: http.StatusOK,
	} {
		public, _ := opened(t, Config{Requests: Requests{Unknown: unknown}})
		for path, conversation := range map[string]string{
			"POST /v1/chat/completions": `"messages":[{"role":"user","content":"?"}]`, "POST /v1/responses": `"input":"?"`,
		} {
			r := jsonRequest(t, path)
			setBody(r, `{"model":"`+modelA+`","top_k":40,`+conversation+`}`)
			w := through(public, r)
			if w.Code != want || want == http.StatusBadRequest && !strings.Contains(w.Body.String(), "'top_k'") {
				t.Errorf("%s, %q: status %d, %s", path, unknown, w.Code, w.Body)
			}
		}
	}
}

// TestSentBefore tests the header in which SDKs count how often they have sent a request.
func TestSentBefore(t *testing.T) {
	for _, tt := range []struct {
		header []string
		want   string // as the service is told; "-": nothing
	}{
		{nil, "-"},
		{[]string{"0"}, "0"},
		{[]string{"1"}, "1"},
		{[]string{" 2 "}, "2"},
		{[]string{"1", "2"}, "1"},
		{[]string{"4294967296"}, "-"},
		{[]string{""}, "-"},
		{[]string{"-1"}, "-"},
		{[]string{"1.0"}, "-"},
		{[]string{"many"}, "-"},
	} {
		for _, alone := range []bool{false, true} {
			public, behind := opened(t, Config{Requests: Requests{SeparateRetries: alone}})
			want := tt.want
			if alone {
				want = "-"
			}
			for _, body := range []string{fmt.Sprintf(asking, "?"), `{"model":"` + modelA + `","messages":[{"role":"user","content":"?"}]}`} {
				r := jsonRequest(t, "POST /v1/chat/completions")
				setBody(r, body)
				r.Header["X-Stainless-Retry-Count"] = tt.header
				if w := through(public, r); w.Code != http.StatusOK {
					t.Fatalf("status %d, %s", w.Code, w.Body)
				}
			}
			if got := strings.Join(behind.sent, " "); got != want+" "+want {
				t.Errorf("%q, apart %t: the service is told %q, want %q twice", tt.header, alone, got, want)
			}
		}
	}
}
