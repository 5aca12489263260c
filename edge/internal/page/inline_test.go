package page

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestWhole(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a.css": "p { color: red }", "b.css": "q { color: blue }", "c.js": "let c = '$1 %s';", "ends.js": "let e = '</SCRIPT>';"}
	read := func(name string) ([]byte, error) {
		if body, ok := files[name]; ok {
			return []byte(body), nil
		}
		return nil, fs.ErrNotExist
	}
	const head, tail = `<!doctype html><link rel="icon" href="i.svg">`, `<script type="module" src="m.js"></script>`
	file, err := NewWhole([]byte(head+`<link rel="stylesheet" href="a.css"><link rel="stylesheet" href="b.css"><script src="c.js"></script>`+tail), read)
	if err != nil {
		t.Fatal(err)
	}
	Files{"": file}.Restrict("more 'x'")
	w := httptest.NewRecorder()
	file.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	want := head + "<style>" + files["a.css"] + "</style><style>" + files["b.css"] + "</style><script>" + files["c.js"] + "</script>" + tail
	if got := w.Body.String(); got != want {
		t.Errorf("the page is\n%s\nwant\n%s", got, want)
	}
	hash := func(name string) string {
		sum := sha256.Sum256([]byte(files[name]))
		return " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	got := w.Header().Get("Content-Security-Policy")
	for _, directive := range []string{
		"script-src 'self'" + hash("c.js") + ";", "style-src 'self'" + hash("a.css") + hash("b.css") + ";", "default-src 'none';", "; more 'x'",
	} {
		if !strings.Contains(got, directive) {
			t.Errorf("the policy %q lacks %q", got, directive)
		}
	}
	if strings.Count(got, "sha256") != 3 || strings.Contains(got, "unsafe") {
		t.Errorf("the policy is %q", got)
	}
	if _, err := NewWhole([]byte(`<script src="none.js"></script>`), read); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without its file: %v", err)
	}
	if _, err := NewWhole([]byte(`<script src="ends.js"></script>`), read); err == nil {
		t.Error("a script that ends its own element was taken")
	}
}
