package openaibackend

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// TestARefusalIsReadInAnyForm makes a server refuse with the bodies of different servers. The
// status counts, whatever the body says.
func TestARefusalIsReadInAnyForm(t *testing.T) {
	type read struct {
		code    chat.Code
		message string
		told    bool // the server reported what is wrong, so it is healthy
	}
	const (
		refused = "The model refused the request."
		because = "The model refused the request: because."
	)
	for body, want := range map[string]read{
		``:                                  {chat.CodeInvalidValue, refused, false},
		`Bad Request`:                       {chat.CodeInvalidValue, refused, false},
		`<html>`:                            {chat.CodeInvalidValue, refused, false},
		`{}`:                                {chat.CodeInvalidValue, refused, false},
		`[]`:                                {chat.CodeInvalidValue, refused, false},
		`[{"error":{"message":"because"}}]`: {chat.CodeInvalidValue, because, true}, // Gemini
		`{"message":"because"}`:             {chat.CodeInvalidValue, because, true}, // Cohere
		`{"detail":"because"}`:              {chat.CodeInvalidValue, because, true}, // FastAPI
		`{"detail":[{"loc":["body"],"msg":"because","type":"missing"}]}`:                             {chat.CodeInvalidValue, because, true},
		`{"object":"error","message":"because","type":"BadRequestError","param":null,"code":400}`:    {chat.CodeInvalidValue, because, true}, // vLLM, SGLang
		`{"object":"error","message":{"detail":[{"msg":"because"}]},"type":"invalid_request_error"}`: {chat.CodeInvalidValue, because, true}, // Mistral
		`{"code":"Client specified an invalid argument","error":"because"}`:                          {chat.CodeInvalidValue, because, true}, // xAI
		`{"errors":[{"code":5006,"message":"because"}],"success":false}`:                             {chat.CodeInvalidValue, because, true}, // Cloudflare
		`{"error":{"code":400,"message":"because","type":"exceed_context_size_error"}}`: {
			chat.CodeContextLengthExceeded, "The messages are longer than the model takes. Please shorten them.", true, // llama.cpp
		},
		`{"error":{}}`:                       {chat.CodeInvalidValue, refused, true},
		`{"error":{"message":"because."}}`:   {chat.CodeInvalidValue, because, true},
		`{"error":{"message":"because"}} x`:  {chat.CodeInvalidValue, because, true},
		`{"error":{"message":7,"param":[]}}`: {chat.CodeInvalidValue, "The model refused the request: 7.", true},
		`{"error":{"code":"context_length_exceeded"}}`: {
			chat.CodeContextLengthExceeded, "The messages are longer than the model takes. Please shorten them.", true,
		},
		`{"error":"because"}`:   {chat.CodeInvalidValue, because, true},
		`{"error":["because"]}`: {chat.CodeInvalidValue, refused, true},
		`{"error":true}`:        {chat.CodeInvalidValue, refused, true},
		`{"error":` + strings.Repeat(`{"error":`, 1000) + `1` + strings.Repeat("}", 1001): {chat.CodeInvalidValue, refused, true},
	} {
		words := strings.TrimSuffix(strings.TrimPrefix(want.message, refused[:len(refused)-1]), ".")
		for status, other := range map[int]chat.Code{
			http.StatusBadRequest: "", http.StatusUnprocessableEntity: "", http.StatusUnauthorized: chat.CodeUpstreamError,
			http.StatusTooManyRequests: chat.CodeOverloaded, http.StatusInternalServerError: chat.CodeUpstreamError,
		} {
			want := want
			if other != "" && want.code != chat.CodeContextLengthExceeded {
				want.code = other
				want.message = map[int]string{
					http.StatusUnauthorized:        route.Denied(nil).Because("it answered 401").Shown.Message,
					http.StatusTooManyRequests:     route.Busy(nil, 0).Because("it answered 429" + words).Shown.Message,
					http.StatusInternalServerError: route.Broken(nil).Because("it answered 500" + words).Shown.Message,
				}[status]
			}
			want.told = want.told || status == http.StatusTooManyRequests
			err := attempted(t, Config{}, func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(body))}, nil
			})
			var f *route.Failure
			if !errors.As(err, &f) {
				t.Errorf("%d %s: error %v", status, body, err)
				continue
			}
			if got := (read{f.Shown.Code, f.Shown.Message, f.Reported}); got != want {
				t.Errorf("%d %.80s: %+v, want %+v", status, body, got, want)
			}
		}
	}
}

// TestWhatIsSent tests the headers of a request: the operator's settings take precedence.
func TestWhatIsSent(t *testing.T) {
	var got http.Header
	var url, sent string
	transport := func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		got, url, sent = r.Header, r.Method+" "+r.URL.String(), string(body)
		return nil, errors.Join(err, errCut)
	}
	for _, base := range []string{"http://upstream.test/v1", "http://upstream.test/v1/"} {
		_ = attempted(t, Config{
			BaseURL: base, Model: "a<b>&c", Key: "k", Headers: map[string]string{"accept": "x/y", "authorization": "Basic z", "X-Team": "pets"},
		}, transport)
		if url != "POST http://upstream.test/v1/chat/completions" || !strings.HasPrefix(sent, `{"model":"a<b>&c","messages":[`) {
			t.Errorf("%s: %s", url, sent)
		}
		want := http.Header{
			"Accept": {"x/y"}, "Authorization": {"Bearer k"}, "Content-Type": {"application/json"},
			"Accept-Encoding": {"identity"}, "User-Agent": {"pawstream"}, "X-Team": {"pets"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	_ = attempted(t, Config{}, transport)
	if got.Get("Accept") != "text/event-stream" || got.Values("Authorization") != nil {
		t.Errorf("headers %v", got)
	}
}

// attempted returns the error of one call.
func attempted(t *testing.T, cfg Config, transport plays) error {
	t.Helper()
	if cfg.BaseURL == "" {
		cfg.BaseURL = "http://upstream.test/v1"
	}
	cfg.Transport = transport
	for _, err := range New(cfg).Complete(t.Context(), &route.Call{Request: question1(), Shown: make([]route.Shown, 1)}) {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestWhatAStatusComesTo tests how a route may react to a refusal.
func TestWhatAStatusComesTo(t *testing.T) {
	at := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	for _, test := range []struct {
		status          int
		after, afterMS  string
		code            chat.Code
		failover, retry bool
		least, most     time.Duration // how long it asks to be left alone
	}{
		{status: 400, code: chat.CodeInvalidValue},
		{status: 401, code: chat.CodeUpstreamError, failover: true},
		{status: 403, code: chat.CodeUpstreamError, failover: true},
		{status: 404, code: chat.CodeUpstreamError, failover: true},
		{status: 408, code: chat.CodeUpstreamError, failover: true, retry: true},
		{status: 413, code: chat.CodeRequestTooLarge, failover: true},
		{status: 422, code: chat.CodeInvalidValue},
		{status: 429, code: chat.CodeOverloaded, failover: true, retry: true},
		{status: 429, after: "2", code: chat.CodeOverloaded, failover: true, retry: true, least: 2 * time.Second, most: 2 * time.Second},
		{status: 429, after: "1", afterMS: "1500", code: chat.CodeOverloaded, failover: true, retry: true, least: 1500 * time.Millisecond, most: 1500 * time.Millisecond},
		{status: 429, after: at, code: chat.CodeOverloaded, failover: true, retry: true, least: 59 * time.Minute, most: time.Hour},
		{status: 429, after: "soon", code: chat.CodeOverloaded, failover: true, retry: true},
		{status: 429, after: "-5", code: chat.CodeOverloaded, failover: true, retry: true},
		{status: 500, code: chat.CodeUpstreamError, failover: true, retry: true},
		{status: 503, after: "7", code: chat.CodeUpstreamError, failover: true, retry: true, least: 7 * time.Second, most: 7 * time.Second},
	} {
		err := attempted(t, Config{Key: "sk-secret"}, func(r *http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: test.status, Header: http.Header{"Retry-After": {test.after}, "Retry-After-Ms": {test.afterMS}}, Request: r,
				Body: io.NopCloser(strings.NewReader(`{"error":{"message":"because of sk-secret","param":"tools"}}`)),
			}, nil
		})
		var f *route.Failure
		if !errors.As(err, &f) || f.Shown.Code != test.code || f.Failover != test.failover || f.Retry != test.retry ||
			f.RetryAfter < test.least || f.RetryAfter > test.most || strings.Contains(err.Error(), "sk-secret") {
			t.Errorf("%d, %q, %q: %+v, %+v", test.status, test.after, test.afterMS, f, err)
		}
	}
}
