// Package answer writes the JSON answers of the public API, with the headers that
// belong to them.
package answer

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/pawstream/pawstream/edge/internal/openai"
)

// JSON answers with status 200 and a body of package openai.
func JSON(w http.ResponseWriter, v any) {
	body, err := openai.AppendJSON(nil, v)
	if err != nil {
		panic(fmt.Errorf("body that cannot be JSON: %w", err))
	}
	write(w, http.StatusOK, body)
}

// Error answers with a failure, and tells the client whether and when to try again.
func Error(w http.ResponseWriter, e *openai.Error) {
	h := w.Header()
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds())))) // RFC 9110, section 10.2.3
		h.Set("Retry-After-Ms", strconv.FormatInt(int64(e.RetryAfter/time.Millisecond), 10))
	}
	if e.Final {
		h.Set("X-Should-Retry", "false")
	}
	write(w, e.Status, e.AppendJSON(nil))
}

func write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has left if this fails
}
