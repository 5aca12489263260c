package apidocs

import (
	"html"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/examples"
)

func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	docs, err := New()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	docs.Mount(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// TestProtocolShowsEveryExample looks for each file as it is, on the page and below it.
func TestProtocolShowsEveryExample(t *testing.T) {
	t.Parallel()
	page := html.UnescapeString(get(t, "/docs/protocol").Body.String())
	seen := 0
	err := fs.WalkDir(examples.Files(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		seen++
		text, err := fs.ReadFile(examples.Files(), name)
		if !strings.Contains(page, ">"+name+"</a></figcaption><pre tabindex=\"0\"><code>"+string(text)+"</code>") {
			t.Errorf("/docs/protocol does not show %s", name)
		}
		w := get(t, "/docs/examples/"+name)
		if w.Code != http.StatusOK || w.Body.String() != string(text) || w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("/docs/examples/%s: status %d", name, w.Code)
		}
		return err
	})
	if err != nil || seen < 12 {
		t.Errorf("%d examples, %v", seen, err)
	}
}

// TestProtocolNamesTrueErrors holds the page's codes against those of docs/errors.md.
func TestProtocolNamesTrueErrors(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("../../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(get(t, "/docs/protocol").Body.String(), `<table id="codes">`)
	table, _, _ = strings.Cut(table, "</table>")
	rows := regexp.MustCompile(`<td class="narrow">(\d+)</td><td><code>(\w+)</code>`).FindAllStringSubmatch(table, -1)
	if len(rows) < 10 || len(rows) != strings.Count(table, "<td class=") {
		t.Fatalf("%d rows in %s", len(rows), table)
	}
	for _, row := range rows {
		if !strings.Contains(string(list), "\n| "+row[2]+" | "+row[1]+" |") {
			t.Errorf("docs/errors.md has no %s with status %s", row[2], row[1])
		}
	}
}

// TestProtocolLinksLead follows the page's links to itself.
func TestProtocolLinksLead(t *testing.T) {
	t.Parallel()
	page := get(t, "/docs/protocol").Body.String()
	links := regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 10 {
		t.Fatalf("%d links", len(links))
	}
	for _, link := range links {
		if !strings.Contains(page, `id="`+link[1]+`"`) {
			t.Errorf("#%s leads nowhere", link[1])
		}
	}
}

func TestDocsWithASlash(t *testing.T) {
	t.Parallel()
	if w := get(t, "/docs/"); w.Code != http.StatusMovedPermanently || w.Header().Get("Location") != "/docs" {
		t.Errorf("status %d, to %q", w.Code, w.Header().Get("Location"))
	}
	if w := get(t, "/docs/nothing"); w.Code != http.StatusNotFound {
		t.Errorf("status %d", w.Code)
	}
}
