// Package response records the status and size of a handler's response.
package response

import "net/http"

// A Writer records the status and the size of a response. Like any [http.ResponseWriter] it is for one
// goroutine at a time.
type Writer struct {
	http.ResponseWriter
	// Begins, if not nil, is called once, before the head of the response is written.
	Begins func()

	Status int   // 0: nothing has been written; informational responses (1xx) do not count
	Bytes  int64 // of the body
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements [http.ResponseWriter].
func (w *Writer) WriteHeader(status int) {
	if status >= http.StatusOK {
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *Writer) Write(b []byte) (int, error) {
	w.begin(http.StatusOK)
	n, err := w.ResponseWriter.Write(b)
	w.Bytes += int64(n)
	return n, err
}

// begin records the first status, which is the one that counts.
func (w *Writer) begin(status int) {
	if w.Status != 0 {
		return
	}
	w.Status = status
	if w.Begins != nil {
		w.Begins()
	}
}
