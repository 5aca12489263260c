package page

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	files, err := Load(fstest.MapFS{
		"index.html":  {Data: []byte("<!doctype html>")},
		"js/page.mjs": {Data: []byte("export {}")},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	files.Mount(mux, "/a/")
	ask := func(method, path, etag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("If-None-Match", etag)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	first := ask(http.MethodGet, "/a/js/page.mjs", "")
	for name, want := range map[string]string{
		"Content-Type":            "text/javascript; charset=utf-8",
		"Cache-Control":           "no-cache",
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "no-referrer",
		"Content-Security-Policy": policy,
		"Content-Length":          "9",
	} {
		if got := first.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, c := range []struct {
		method, path, etag string
		want               int
	}{
		{http.MethodGet, "/a/index.html", "", http.StatusOK},
		{http.MethodHead, "/a/index.html", "", http.StatusOK},
		{http.MethodGet, "/a/js/page.mjs", first.Header().Get("ETag"), http.StatusNotModified},
		{http.MethodGet, "/a/index.html", first.Header().Get("ETag"), http.StatusOK},
		{http.MethodGet, "/a/", "", http.StatusNotFound},
		{http.MethodGet, "/a/js", "", http.StatusNotFound},
		{http.MethodPost, "/a/index.html", "", http.StatusMethodNotAllowed},
	} {
		if got := ask(c.method, c.path, c.etag).Code; got != c.want {
			t.Errorf("%s %s (%s): %d, want %d", c.method, c.path, c.etag, got, c.want)
		}
	}
}

func TestPolicyRunsNothingInline(t *testing.T) {
	t.Parallel()
	for _, lax := range []string{"unsafe", "http:", "https:", "*"} {
		if strings.Contains(policy, lax) {
			t.Errorf("the policy allows %s", lax)
		}
	}
}

func TestLoadRefusesUnknownTypes(t *testing.T) {
	t.Parallel()
	if _, err := Load(fstest.MapFS{"a.exe": {}}); err == nil {
		t.Error("a file of an unknown type was taken")
	}
}

// TestCompressed requests a file in each coding.
func TestCompressed(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("A line of a script.\n", 1000)
	file, small := NewFile("text/javascript", []byte(text)), NewFile("text/plain", []byte("short"))
	ask := func(file *File, header http.Header) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header = header
		w := httptest.NewRecorder()
		file.ServeHTTP(w, r)
		return w
	}
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "br, gzip;q=0.5": "gzip", "GZIP": "gzip", "deflate": "", "gzip;q=0": "", "gzip; q=0.000": "", "x-gzip": "", "*": "", "gzip;q=?": "gzip",
	} {
		w := ask(file, http.Header{"Accept-Encoding": {accept}})
		if got := w.Header().Get("Content-Encoding"); got != want || w.Code != http.StatusOK || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: status %d, coding %q, want %q; Vary %q", accept, w.Code, got, want, w.Header().Get("Vary"))
			continue
		}
		var body io.Reader = w.Body
		if want == "gzip" {
			if w.Body.Len() > len(text)/5 {
				t.Errorf("%q: %d bytes of %d", accept, w.Body.Len(), len(text))
			}
			unpacked, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = unpacked
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != text {
			t.Errorf("%q: %d bytes, %v", accept, len(got), err)
		}
		again := ask(file, http.Header{"Accept-Encoding": {accept}, "If-None-Match": {w.Header().Get("ETag")}})
		if again.Code != http.StatusNotModified {
			t.Errorf("%q: status %d for its own tag, want 304", accept, again.Code)
		}
	}
	plain, packed := ask(file, nil).Header().Get("ETag"), ask(file, http.Header{"Accept-Encoding": {"gzip"}}).Header().Get("ETag")
	if plain == packed {
		t.Errorf("both codings have the tag %s", plain)
	}
	if got := ask(small, http.Header{"Accept-Encoding": {"gzip"}}).Header().Get("Content-Encoding"); got != "" {
		t.Errorf("what does not get smaller has the coding %q", got)
	}
}
