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

	"github.com/google/go-cmp/cmp"

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

// TestCodes holds what docs/errors.md says of each code, and of asking again after it, against the
// page about streams and the description.
func TestCodes(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("../../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`[a-z]+(_[a-z]+)+`)
	// Groups of rows: codes, retry, and status where there is one.
	codes := func(text, rows string) map[string]string {
		row, all := regexp.MustCompile(rows), make(map[string]string)
		for _, found := range row.FindAllStringSubmatchIndex(text, -1) {
			for _, code := range name.FindAllString(string(row.ExpandString(nil, "$codes", text, found)), -1) {
				all[code] = string(row.ExpandString(nil, "$retry $status", text, found))
			}
		}
		return all
	}
	want := codes(string(list), `(?m)^\| (?<codes>[a-z_, ]+?)(?: \(reason \w+\))? \| (?<status>\d+)[^|]* \| (?<retry>\w+) \|`)
	if len(want) < 35 {
		t.Fatalf("%d codes", len(want))
	}
	_, table, _ := strings.Cut(get(t, "/docs/protocol").Body.String(), `<table id="codes">`)
	table, _, _ = strings.Cut(table, "</table>")
	got := codes(table, `<td class="narrow">(?<status>\d+)</td><td>(?<codes>.+?)</td><td>(?<retry>\w+)</td>`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/errors.md and /docs/protocol (-want +got)\n%s", diff)
	}
	for code, said := range want {
		want[code] = strings.TrimRight(said, "0123456789")
	}
	got = codes(string(description), `(?m)^ +\*\*(?<retry>no|wait|anew)\*\*.+\n(?<codes>(?: +\x60.+\n)+)`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/errors.md and openapi.yaml (-want +got)\n%s", diff)
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
	for _, page := range []string{"/docs", "/docs/protocol"} {
		if w := get(t, page+"/"); w.Code != http.StatusMovedPermanently || w.Header().Get("Location") != page {
			t.Errorf("%s/: status %d, to %q", page, w.Code, w.Header().Get("Location"))
		}
	}
	if w := get(t, "/docs/nothing"); w.Code != http.StatusNotFound {
		t.Errorf("status %d", w.Code)
	}
}
