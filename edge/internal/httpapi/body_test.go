package httpapi

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/edge/internal/limit"
)

// setBody replaces a request's body with one of known length.
func setBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

// withBodies are the routes that read a body.
var withBodies = []string{"/v1/chat/completions", "/v1/chat/completions/" + completion, "/v1/stream_tickets"}

// TestMediaTypes claims that a body is of several types, to every route that reads one.
func TestMediaTypes(t *testing.T) {
	public, behind := opened(t, Config{})
	for _, tt := range []struct {
		name           string
		types, codings []string
		may            bool
		says           string
	}{
		{"JSON", []string{"application/json"}, nil, true, ""},
		{"in another case", []string{"Application/JSON"}, nil, true, ""},
		{"with a charset", []string{"application/json; charset=utf-8"}, nil, true, ""},
		{"with a charset in capitals, quoted", []string{`application/json;charset="UTF-8"`}, nil, true, ""},
		{"with something else", []string{"application/json; profile=x"}, nil, true, ""},
		{"as it is", []string{"application/json"}, []string{"identity"}, true, ""},
		{"no type", nil, nil, false, "without a type"},
		{"an empty type", []string{""}, nil, false, "without a type"},
		{"a form", []string{"application/x-www-form-urlencoded"}, nil, false, "as 'application/x-www-form-urlencoded'"}, // a foreign page may send it without a preflight
		{"text", []string{"text/plain"}, nil, false, ""},
		{"text that names JSON", []string{"text/plain; application/json"}, nil, false, "as 'text/plain'"},
		{"parts", []string{"multipart/form-data; boundary=x"}, nil, false, ""},
		{"like JSON", []string{"application/json5"}, nil, false, ""},
		{"more of JSON", []string{"application/ld+json"}, nil, false, ""},
		{"two types in one", []string{"text/plain, application/json"}, nil, false, "as something else"},
		// A parameter has no effect on JSON, which is UTF-8 (RFC 8259, section 11).
		{"another spelling", []string{"application/json; charset=utf8"}, nil, true, ""},
		{"another charset", []string{"application/json; charset=iso-8859-1"}, nil, true, ""},
		{"a narrower charset", []string{"application/json;charset=us-ascii"}, nil, true, ""},
		{"an empty charset", []string{"application/json; charset="}, nil, true, ""},
		{"a malformed parameter", []string{"application/json; charset"}, nil, true, ""},
		{"a parameter twice", []string{"application/json; charset=utf-8; charset=utf-8"}, nil, true, ""},
		{"an end without a parameter", []string{"application/json;"}, nil, true, ""},
		{"spaces", []string{" application/json ;charset=utf-8"}, nil, true, ""},
		{"as it is, twice", []string{"application/json"}, []string{"identity, Identity"}, true, ""},
		{"an empty coding", []string{"application/json"}, []string{""}, true, ""},
		{"another coding", []string{"application/json"}, []string{"br"}, false, ""},
		{"an unknown coding", []string{"application/json"}, []string{"x"}, false, ""},
		{"compressed twice", []string{"application/json"}, []string{"gzip, gzip"}, false, ""},
		{"compressed in two ways", []string{"application/json"}, []string{"gzip", "zstd"}, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, path := range withBodies {
				r := jsonRequest(t, "POST "+path)
				r.Header["Content-Type"], r.Header["Content-Encoding"] = tt.types, tt.codings
				behind.taken()
				switch w := through(public, r); {
				case tt.may && w.Code != http.StatusOK:
					t.Errorf("%s: status %d, %s", path, w.Code, w.Body)
				case !tt.may:
					refusedAs(t, path, w, refusal415)
					if tt.types == nil || tt.codings == nil {
						if got := w.Header().Get("Accept"); got != "application/json" {
							t.Errorf("%s: Accept is %q", path, got)
						}
						if told := messageOf(w); tt.says != "" && !strings.Contains(told, "must be of type application/json; it came "+tt.says+". Send the header 'Content-Type: application/json'") {
							t.Errorf("%s: it says %q", path, told)
						}
					} else if got := w.Header().Get("Accept-Encoding"); got != "gzip, deflate, zstd" { // RFC 9110, section 15.5.16
						t.Errorf("%s: Accept-Encoding is %q", path, got)
					}
					if got := behind.taken(); len(got) > 0 {
						t.Errorf("%s: it calls %v", path, got)
					}
				}
			}
		})
	}
}

// TestBodySize sends bodies of the maximum size, and of one byte more.
func TestBodySize(t *testing.T) {
	const most = 512
	public, _ := opened(t, Config{Bodies: Bodies{Max: most}})
	for _, path := range withBodies {
		for name, length := range map[string]int64{"of known length": 0, "in chunks": -1} {
			for _, size := range []int{most, most + 1, 100 * most} {
				r := jsonRequest(t, "POST "+path)
				text, err := io.ReadAll(r.Body)
				if err != nil {
					t.Fatal(err)
				}
				setBody(r, string(text)+strings.Repeat(" ", size-len(text)))
				r.ContentLength += length * (r.ContentLength + 1) // -1, or what it is
				w := through(public, r)
				if size <= most {
					if w.Code != http.StatusOK {
						t.Errorf("%s, %d bytes %s: status %d, %s", path, size, name, w.Code, w.Body)
					}
					continue
				}
				refusedAs(t, path+" "+name, w, refusal413)
				if !strings.Contains(w.Body.String(), "512 bytes") {
					t.Errorf("it does not say how much may be sent: %s", w.Body)
				}
			}
		}
	}
}

// A broken body fails with its error.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// TestBodiesThatDoNotCome sends bodies that fail, are empty, or are not JSON.
func TestBodiesThatDoNotCome(t *testing.T) {
	public, behind := opened(t, Config{})
	invalid := func(code string) refused { return refused{http.StatusBadRequest, "invalid_request_error", code, ""} }
	for _, tt := range []struct {
		name string
		body io.Reader
		want refused
	}{
		{"too slow", broken{os.ErrDeadlineExceeded}, refused{http.StatusRequestTimeout, "invalid_request_error", "request_timeout", ""}},
		{"the client leaves", broken{io.ErrUnexpectedEOF}, invalid("invalid_value")},
		{"malformed chunks", broken{errors.New("malformed chunked encoding")}, invalid("invalid_value")},
		{"empty", strings.NewReader(""), invalid("invalid_json")},
		{"space", strings.NewReader(" \n"), invalid("invalid_json")},
		{"cut", strings.NewReader(`{`), invalid("invalid_json")},
		{"two", strings.NewReader(`{}{}`), invalid("invalid_json")},
		{"a list", strings.NewReader(`[]`), invalid("invalid_type")},
		{"null", strings.NewReader(`null`), invalid("invalid_type")},
		{"not UTF-8", strings.NewReader("{\"\xff\":1}"), invalid("invalid_json")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, path := range withBodies {
				r := jsonRequest(t, "POST "+path)
				if s, ok := tt.body.(*strings.Reader); ok {
					_, _ = s.Seek(0, io.SeekStart)
				}
				r.Body, r.ContentLength = io.NopCloser(tt.body), -1
				behind.taken()
				w := refusedAs(t, path, through(public, r), tt.want)
				if got := behind.taken(); len(got) > 0 || strings.Contains(w.Body.String(), "chunked") {
					t.Errorf("%s: it calls %v, %s", path, got, w.Body)
				}
			}
		})
	}
}

// An unread body fails the test if it is read.
type unread struct {
	t    *testing.T
	name string
}

func (u unread) Read([]byte) (int, error) {
	u.t.Errorf("%s: its body is read", u.name)
	return 0, io.EOF
}

// TestBodiesThatNobodyReads sends requests that are refused or served without reading their bodies: an
// answer must not wait for a body that may never arrive.
func TestBodiesThatNobodyReads(t *testing.T) {
	public, _ := opened(t, Config{Limiter: limit.New(limit.Config{RequestsPerMinute: 100})})
	busy, _ := opened(t, Config{Limiter: limit.New(limit.Config{RequestsPerMinute: 1})})
	ask(t, busy, "GET /v1/models", nil)
	const completions = "/v1/chat/completions"
	for _, tt := range []struct {
		name, request string
		to            http.Handler
		change        func(*http.Request)
		status        int
	}{
		{"no key", "POST " + completions, public, func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		{"too many", "POST " + completions, busy, nil, 429},
		{"not JSON", "POST " + completions, public, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
		{"no such path", "POST /v1/completions", public, nil, 404},
		{"no such method", "PUT " + completions, public, nil, 405},
		{"cancel", "POST " + completions + "/" + completion + "/cancel", public, nil, 200},
		{"delete", "DELETE " + completions + "/" + completion, public, nil, 200},
		{"get", "GET " + completions + "/" + completion, public, nil, 200},
		{"follow", "GET " + completions + "/" + completion + "?stream=true", public, nil, 200},
		{"list", "GET " + completions, public, nil, 200},
		{"models", "GET /v1/models", public, nil, 200},
		{"a page", "GET /docs", public, nil, 200},
	} {
		for name, length := range map[string]int64{"known length": 10, "chunks": -1} {
			w := ask(t, tt.to, tt.request, func(r *http.Request) {
				r.Header.Set("Content-Type", "application/json")
				r.Body, r.ContentLength = io.NopCloser(unread{t, tt.name + ", " + name}), length
				if tt.change != nil {
					tt.change(r)
				}
			})
			if w.Code != tt.status {
				t.Errorf("%s, %s: status %d, want %d, %s", tt.name, name, w.Code, tt.status, w.Body)
			}
		}
	}
}
