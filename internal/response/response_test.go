package response_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pawstream/pawstream/internal/response"
)

func TestWriter(t *testing.T) {
	four := func(w http.ResponseWriter) { _, _ = io.WriteString(w, "four") }
	for _, test := range []struct {
		name   string
		heads  []int
		bodies int // of four bytes each
		status int
		bytes  int64
		begins int
	}{
		{"nothing", nil, 0, 0, 0, 0},
		{"a body alone", nil, 1, http.StatusOK, 4, 1},
		{"a body in pieces", nil, 2, http.StatusOK, 8, 1},
		{"a status", []int{http.StatusNotFound}, 1, http.StatusNotFound, 4, 1},
		{"the first status counts", []int{http.StatusNotFound, http.StatusGone}, 0, http.StatusNotFound, 0, 1},
		{"an informational answer first", []int{http.StatusEarlyHints, http.StatusNoContent}, 0, http.StatusNoContent, 0, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			begins := 0
			under := httptest.NewRecorder()
			w := &response.Writer{ResponseWriter: under}
			w.Begins = func() { begins++ }
			for _, status := range test.heads {
				w.WriteHeader(status)
			}
			for range test.bodies {
				four(w)
			}
			if w.Status != test.status || w.Bytes != test.bytes || begins != test.begins {
				t.Errorf("status %d, %d bytes, begun %d times; want %d, %d, %d", w.Status, w.Bytes, begins, test.status, test.bytes, test.begins)
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Errorf("the connection cannot be reached: %v", err)
			}
		})
	}
}
