package door

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// exchangeRaw sends bytes on a new connection, and returns everything received until its end.
func exchangeRaw(t *testing.T, url, raw string) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(conn, raw) }() // a refused request may not be read to its end
	got, err := io.ReadAll(conn)
	if err != nil && len(got) == 0 {
		t.Fatal(err)
	}
	if err != nil && strings.Contains(err.Error(), "timeout") {
		t.Errorf("the connection stays open after %q", got)
	}
	return got
}

// TestDoubtfulRequests sends requests about whose end two servers may disagree, each followed by another one, which
// must never be answered.
func TestDoubtfulRequests(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	const smuggled = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n"
	post := func(headers string) string {
		return "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + headers + "\r\n"
	}
	whole := api.Body(api.Object{"max_tokens": 3})
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(whole), whole)
	for _, test := range []struct {
		name, raw string
		status    int
	}{
		{"length and chunks", post(fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n", len(chunked)+len(smuggled))) + chunked, http.StatusOK},
		{"chunks and a shorter length", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n") + chunked, http.StatusOK},
		{"two lengths", post("Content-Length: 4\r\nContent-Length: 5\r\n") + "abcd", http.StatusBadRequest},
		{"two lengths in one", post("Content-Length: 4, 5\r\n") + "abcd", http.StatusBadRequest},
		{"signed length", post("Content-Length: +4\r\n") + "abcd", http.StatusBadRequest},
		{"negative length", post("Content-Length: -4\r\n"), http.StatusBadRequest},
		{"unknown coding", post("Transfer-Encoding: xchunked\r\n") + chunked, http.StatusNotImplemented},
		{"chunks, not last", post("Transfer-Encoding: chunked, identity\r\n") + chunked, http.StatusNotImplemented},
		{"two codings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n") + chunked, http.StatusNotImplemented},
		{"chunk of no length", post("Transfer-Encoding: chunked\r\n") + "-1\r\n\r\n0\r\n\r\n", http.StatusBadRequest},
		{"space before the colon", post("Content-Length : 4\r\n") + "abcd", http.StatusBadRequest},
		{"carriage return alone", post("X-A: b\rContent-Length: 4\r\n") + "abcd", http.StatusBadRequest},
		{"NUL", post("X-A: b\x00\r\n"), http.StatusBadRequest},
		{"two hosts", post("Host: elsewhere\r\n"), http.StatusBadRequest},
		{"no host", "GET /v1/models HTTP/1.1\r\n\r\n", http.StatusBadRequest},
		{"old version with chunks", strings.Replace(post("Transfer-Encoding: chunked\r\n"), "HTTP/1.1", "HTTP/1.0", 1) + chunked, http.StatusBadRequest},
		{"large header", post("X-A: " + strings.Repeat("a", 80<<10) + "\r\n"), http.StatusRequestHeaderFieldsTooLarge},
		{"long path", "GET /" + strings.Repeat("a", 80<<10) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", http.StatusRequestHeaderFieldsTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := exchangeRaw(t, url, test.raw+smuggled)
			var status int
			if _, err := fmt.Sscanf(string(got), "HTTP/1.%1d %d ", new(int), &status); err != nil || status != test.status {
				t.Errorf("want status %d, got %q", test.status, got)
			}
			if n := bytes.Count(got, []byte("HTTP/1.")); n != 1 {
				t.Errorf("%d answers: %q", n, got)
			}
		})
	}
}

// TestNothingIsReflected sends markup wherever there is room for it.
func TestNothingIsReflected(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	const mark = "<script>alert(7)</script>"
	for name, raw := range map[string]string{
		"path":        "GET /v1/" + mark + " HTTP/1.1\r\nHost: localhost\r\n",
		"method":      "ALERT7 /v1/models HTTP/1.1\r\nHost: localhost\r\n",
		"model":       "GET /v1/models/" + mark + " HTTP/1.1\r\nHost: localhost\r\n",
		"completion":  "GET /v1/chat/completions/" + mark + " HTTP/1.1\r\nHost: localhost\r\n",
		"query":       "GET /v1/chat/completions?order=" + mark + "&" + mark + "=1 HTTP/1.1\r\nHost: localhost\r\n",
		"stream":      "GET /v1/chat/completions/x?stream=" + mark + " HTTP/1.1\r\nHost: localhost\r\n",
		"event id":    "GET /v1/chat/completions/x?stream=true HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: " + mark + "\r\n",
		"deadline":    "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX-Request-Timeout-Ms: " + mark + "\r\n",
		"host":        "GET /v1/models HTTP/1.1\r\nHost: " + mark + "\r\n",
		"header name": "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n" + mark + ": x\r\n",
		"media type":  "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + mark + "\r\nContent-Length: 0\r\n",
		"request id":  "GET /v1/nothing HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: " + mark + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := exchangeRaw(t, url, raw+"Connection: close\r\n\r\n")
			if bytes.Contains(bytes.ToLower(got), []byte("alert")) {
				t.Errorf("the answer has it: %s", got)
			}
			if !bytes.HasPrefix(got, []byte("HTTP/1.1 4")) {
				t.Errorf("it is not refused: %s", got)
			}
		})
	}
}
