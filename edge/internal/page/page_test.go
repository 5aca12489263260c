package page

import (
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
