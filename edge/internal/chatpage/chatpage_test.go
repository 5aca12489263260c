package chatpage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, target string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	if err := Mount(mux); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, target, nil)
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

func TestFiles(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"/":                              "text/html; charset=utf-8",
		"/chat/chat.js":                  "text/javascript; charset=utf-8",
		"/chat/style.css":                "text/css; charset=utf-8",
		"/chat/icon.svg":                 "image/svg+xml",
		"/chat/vendor/marked.js":         "text/javascript; charset=utf-8",
		"/chat/vendor/vendored.json":     "application/json",
		"/chat/vendor/purify.js.LICENSE": "text/plain; charset=utf-8",
	} {
		resp := get(t, target, nil)
		if got := resp.Header().Get("Content-Type"); resp.Code != http.StatusOK || got != want {
			t.Errorf("%s: status %d, type %q, want %q", target, resp.Code, got, want)
		}
		policy := resp.Header().Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe-") {
			t.Errorf("%s: policy %q", target, policy)
		}
		if resp := get(t, target, http.Header{"If-None-Match": resp.Header()["Etag"]}); resp.Code != http.StatusNotModified {
			t.Errorf("%s: status %d for its own tag, want 304", target, resp.Code)
		}
	}
	for _, target := range []string{"/chat", "/chat/", "/chat/index.html", "/chat/vendor", "/chat/../chatpage.go", "/chat/nothing.js"} {
		if resp := get(t, target, nil); resp.Code == http.StatusOK {
			t.Errorf("%s is there", target)
		}
	}
}

// TestNothingInline looks at what the policy would refuse, and at what would leave the
// page's own origin.
func TestNothingInline(t *testing.T) {
	t.Parallel()
	text, err := assets.ReadFile("assets/index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{`<script>`, `<style`, ` style=`, `\son[a-z]+=`, `https?://`, `javascript:`} {
		if found := regexp.MustCompile(bad).Find(text); found != nil {
			t.Errorf("index.html has %q", found)
		}
	}
}

// TestVendored compares what is embedded with what vendor.mjs took, and that with what is
// locked.
func TestVendored(t *testing.T) {
	t.Parallel()
	var noted []struct{ File, Name, Version, Licence, Integrity, SHA256 string }
	text, err := assets.ReadFile("assets/vendor/vendored.json")
	if err == nil {
		err = json.Unmarshal(text, &noted)
	}
	if err != nil {
		t.Fatal(err)
	}
	lock, err := os.ReadFile("vendor/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"vendored.json": true}
	for _, n := range noted {
		known[n.File], known[n.File+".LICENSE"] = true, true
		body, err := assets.ReadFile("assets/vendor/" + n.File)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != n.SHA256 {
			t.Errorf("%s is not what was taken from npm: run vendor/vendor.mjs", n.File)
		}
		if n.Version == "" || n.Licence == "" || !strings.HasPrefix(n.Integrity, "sha512-") || !strings.Contains(string(lock), n.Integrity) {
			t.Errorf("%s: version %q, licence %q, integrity %q", n.File, n.Version, n.Licence, n.Integrity)
		}
	}
	entries, err := fs.ReadDir(assets, "assets/vendor")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !known[entry.Name()] {
			t.Errorf("nobody knows where %s is from", entry.Name())
		}
	}
}
