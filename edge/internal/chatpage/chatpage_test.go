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
	"slices"
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

// TestKeeper checks that the service worker names every file that the page loads, and only existing ones.
func TestKeeper(t *testing.T) {
	t.Parallel()
	worker := get(t, "/sw.js", nil)
	found := regexp.MustCompile(`^const version = "[0-9a-f]{16}", files = (\[.*\]);\n`).FindSubmatch(worker.Body.Bytes())
	if worker.Code != http.StatusOK || found == nil {
		t.Fatalf("status %d, %.200s", worker.Code, worker.Body)
	}
	var kept []string
	if err := json.Unmarshal(found[1], &kept); err != nil {
		t.Fatal(err)
	}
	for _, file := range kept {
		if resp := get(t, file, nil); resp.Code != http.StatusOK {
			t.Errorf("%s: status %d", file, resp.Code)
		}
	}
	var loaded []string
	for _, attribute := range regexp.MustCompile(`(?:src|href)="(chat/[^"]+)"`).FindAllStringSubmatch(get(t, "/", nil).Body.String(), -1) {
		loaded = append(loaded, "/"+attribute[1])
	}
	for _, file := range kept {
		if strings.HasSuffix(file, ".js") {
			for _, from := range regexp.MustCompile(`(?m)^(?:import|export) .*"\./([^"]+)";$`).FindAllStringSubmatch(get(t, file, nil).Body.String(), -1) {
				loaded = append(loaded, "/chat/"+from[1])
			}
		}
	}
	for _, file := range loaded {
		if !slices.Contains(kept, file) && !strings.HasSuffix(file, ".webmanifest") {
			t.Errorf("%s is not kept", file)
		}
	}
	if len(loaded) < 40 || !slices.Contains(loaded, "/chat/pawstream.js") {
		t.Errorf("the page loads %d files", len(loaded))
	}
	if resp := get(t, "/chat/sw.js", nil); resp.Code == http.StatusOK {
		t.Error("the worker is at /chat/sw.js too, where it would keep nothing")
	}
	var manifest struct {
		Icons []struct{ Src, Type string }
	}
	if err := json.Unmarshal(get(t, "/chat/manifest.webmanifest", nil).Body.Bytes(), &manifest); err != nil || len(manifest.Icons) < 3 {
		t.Errorf("%d icons, %v", len(manifest.Icons), err)
	}
	for _, icon := range manifest.Icons {
		if resp := get(t, icon.Src, nil); resp.Code != http.StatusOK || resp.Header().Get("Content-Type") != icon.Type {
			t.Errorf("%s: status %d, %s", icon.Src, resp.Code, resp.Header().Get("Content-Type"))
		}
	}
}

// TestPreloaded compares the modules that the page preloads with those that its script imports, so that the browser
// fetches all of them at once and none after another. Modules that an import() loads are not needed at first.
func TestPreloaded(t *testing.T) {
	t.Parallel()
	index := get(t, "/", nil).Body.String()
	imports := regexp.MustCompile(`(?m)^(?:import|export)\b[^;]*?"\./([^"]+)";$`)
	needed := []string{"chat.js"}
	for i := 0; i < len(needed); i++ {
		for _, from := range imports.FindAllStringSubmatch(get(t, Root+needed[i], nil).Body.String(), -1) {
			if !slices.Contains(needed, from[1]) {
				needed = append(needed, from[1])
			}
		}
	}
	var named []string
	for _, link := range regexp.MustCompile(`(?:<script type="module" src|<link rel="modulepreload" href)="chat/([^"]+)">`).FindAllStringSubmatch(index, -1) {
		named = append(named, link[1])
	}
	slices.Sort(named)
	slices.Sort(needed)
	if !slices.Equal(named, needed) {
		t.Errorf("the page names\n%q\nand its script imports\n%q", named, needed)
	}
	if len(needed) < 20 || slices.Contains(needed, "markdown.js") {
		t.Errorf("the page loads %q, want what shows Markdown left out before the first answer", needed)
	}
}

// TestOneResponse checks that the box for the question needs only the document: the page is drawn, and takes a
// question, before any other file has arrived. What a browser needs later comes after the box.
func TestOneResponse(t *testing.T) {
	t.Parallel()
	resp := get(t, "/", nil)
	index := resp.Body.String()
	box := strings.Index(index, `id="question"`)
	takes := strings.Index(index, "globalThis.composer = ")
	if box < 0 || takes < box || strings.Count(index, "<style>") != 2 || strings.Count(index, "<script>") != 2 {
		t.Errorf("the page has its box at %d, and what takes a question at %d", box, takes)
	}
	if found := regexp.MustCompile(`rel="stylesheet"|<script src|@import|url\(`).FindString(index); found != "" {
		t.Errorf("the page waits for another file: %s", found)
	}
	if first := regexp.MustCompile(`<script type|modulepreload`).FindStringIndex(index); first == nil || first[0] < takes {
		t.Errorf("modules begin at %v, before the box", first)
	}
	if got := strings.Count(resp.Header().Get("Content-Security-Policy"), "'sha256-"); got != 4 {
		t.Errorf("the policy allows %d things inline", got)
	}
	// What a server sends before it waits for the browser's first acknowledgement (RFC 6928).
	if got := get(t, "/", http.Header{"Accept-Encoding": {"gzip"}}).Body.Len(); got > 10*1460 {
		t.Errorf("the page is %d bytes", got)
	}
}

// TestNothingInline checks that the page, as written, has nothing that the policy would refuse, or that is from
// another origin.
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

// TestVendored compares the embedded files with those that vendor.mjs copied, and these with the lock file.
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

// TestSmall adds up the sizes of all files that a browser loads at first.
func TestSmall(t *testing.T) {
	t.Parallel()
	const most = 200 << 10
	sum := 0
	err := fs.WalkDir(assets, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, ".LICENSE") || strings.HasSuffix(name, ".json") {
			return err
		}
		target := "/chat/" + strings.TrimPrefix(name, "assets/")
		if strings.HasSuffix(name, "/index.html") {
			target = "/"
		}
		sum += get(t, target, http.Header{"Accept-Encoding": {"gzip"}}).Body.Len()
		if text, err := assets.ReadFile(name); err != nil || strings.HasSuffix(name, ".js") && !strings.Contains(name, "/vendor/") && strings.Count(string(text), "\n") > 300 {
			t.Errorf("%s has more than 300 lines, or %v", name, err)
		}
		return nil
	})
	sum += get(t, "/chat/pawstream.js", http.Header{"Accept-Encoding": {"gzip"}}).Body.Len()
	if err != nil || sum > most || sum < most/10 {
		t.Errorf("the page is %d bytes, want at most %d; %v", sum, most, err)
	}
}
