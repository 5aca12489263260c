// Package answer writes the JSON answers of the public API, with the headers that belong to them. Dialects
// decide what the JSON contains.
package answer

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/internal/header"
)

// JSON answers with status 200 and the JSON of v, a dialect's view. It panics if v cannot be JSON.
func JSON(w http.ResponseWriter, v any) {
	body, err := AppendJSON(nil, v)
	if err != nil {
		panic(fmt.Errorf("body that cannot be JSON: %w", err))
	}
	write(w, http.StatusOK, body)
}

// Error answers with a failure, and tells the client whether and when to try again.
func Error(w http.ResponseWriter, d dialect.Failures, e *failure.Error) {
	h := w.Header()
	if e.RetryAfter > 0 {
		h.Set(header.RetryAfter, strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds())))) // RFC 9110, section 10.2.3
		h.Set(header.RetryAfterMs, strconv.FormatInt(int64(e.RetryAfter/time.Millisecond), 10))
	}
	if e.Final {
		h.Set(header.ShouldRetry, "false")
	}
	status, body := d.Failure(e)
	write(w, status, body)
}

func write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set(header.ContentType, header.JSON)
	h.Set(header.CacheControl, "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // if this fails, the client has left
}
