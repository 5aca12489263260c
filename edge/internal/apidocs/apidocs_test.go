package apidocs

import (
	"cmp"
	"html"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/examples"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

var mounted = sync.OnceValues(func() (http.Handler, error) {
	docs, err := New()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	docs.Mount(mux)
	return mux, nil
})

func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	docs, err := mounted()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	docs.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// TestProtocolShowsEveryExample checks that the page contains each file unchanged, and that /docs/examples/
// serves it.
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

// TestCodes compares each code and its retry advice in docs/errors.md with the page about streams and the
// description.
func TestCodes(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("../../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`[a-z]+(_[a-z]+)+`)
	// The groups of rows: codes, retry, and status if there is one.
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
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("docs/errors.md and /docs/protocol (-want +got)\n%s", diff)
	}
	for code, said := range want {
		want[code] = strings.TrimRight(said, "0123456789")
	}
	got = codes(string(description), `(?m)^ +\*\*(?<retry>no|wait|anew)\*\*.+\n(?<codes>(?: +\x60.+\n)+)`)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("docs/errors.md and openapi.yaml (-want +got)\n%s", diff)
	}
}

// documents are the paths of the pages.
func documents() []string {
	return []string{"/docs/protocol", "/docs/protocols", "/docs/grpc", "/docs/authentication"}
}

// TestLinksLead follows the links of the pages to themselves, to each other and to the examples.
func TestLinksLead(t *testing.T) {
	t.Parallel()
	for _, path := range documents() {
		page := get(t, path).Body.String()
		links := regexp.MustCompile(`href="((?:/docs[^"#]*)?)(?:#([^"]+))?"`).FindAllStringSubmatch(page, -1)
		if len(links) < 10 {
			t.Errorf("%s: %d links", path, len(links))
		}
		for _, link := range links {
			to := get(t, cmp.Or(link[1], path))
			if to.Code != http.StatusOK || link[2] != "" && !strings.Contains(to.Body.String(), `id="`+link[2]+`"`) {
				t.Errorf("%s: %s leads nowhere", path, link[0])
			}
		}
		for _, other := range append(documents(), "/docs", "/") {
			if !strings.Contains(page, `href="`+other+`"`) {
				t.Errorf("%s has no way to %s", path, other)
			}
		}
	}
}

// TestWhatThePagesSay checks that the flags, scopes and names on the pages exist.
func TestWhatThePagesSay(t *testing.T) {
	t.Parallel()
	config, err := os.ReadFile("../../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, path := range documents() {
		for _, flag := range regexp.MustCompile(`--[a-z]+(?:-[a-z]+)+`).FindAllString(get(t, path).Body.String(), -1) {
			seen[flag] = true
			if !strings.Contains(string(config), "`"+flag) {
				t.Errorf("%s tells of %s, which there is not", path, flag)
			}
		}
	}
	if len(seen) < 15 {
		t.Errorf("%d flags", len(seen))
	}
	scopes := get(t, "/docs/authentication").Body.String()
	for _, scope := range []auth.Scope{auth.ScopeCreate, auth.ScopeRead, auth.ScopeManage, auth.ScopeModels} {
		if !strings.Contains(scopes, `<td class="narrow"><code>`+string(scope)+`</code>`) {
			t.Errorf("/docs/authentication has no scope %s", scope)
		}
	}
	grpc := get(t, "/docs/grpc").Body.String()
	for _, name := range []string{
		protoname.Of(completionv1.MetadataKey_METADATA_KEY_PRINCIPAL), protoname.Of(completionv1.MetadataKey_METADATA_KEY_COMPLETION_ID),
		"CompletionService", "ModelService", "PetService",
	} {
		if !strings.Contains(grpc, "<code>"+name+"</code>") {
			t.Errorf("/docs/grpc has no %s", name)
		}
	}
}

func TestDocsWithASlash(t *testing.T) {
	t.Parallel()
	for _, page := range append(documents(), "/docs") {
		if w := get(t, page+"/"); w.Code != http.StatusMovedPermanently || w.Header().Get("Location") != page {
			t.Errorf("%s/: status %d, to %q", page, w.Code, w.Header().Get("Location"))
		}
	}
	if w := get(t, "/docs/nothing"); w.Code != http.StatusNotFound {
		t.Errorf("status %d", w.Code)
	}
}

// TestEveryParameterIsDescribed compares the description of a request with the contract's parameters.
func TestEveryParameterIsDescribed(t *testing.T) {
	t.Parallel()
	_, request, _ := strings.Cut(string(description), "\n    CreateRequest:\n")
	request, _, _ = strings.Cut(request, "\n    RequestMessage:\n")
	fields := (&completionv1.CompletionParams{}).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		name := string(fields.Get(i).Name())
		switch name {
		case "more": // members without a field, and so without a description
			continue
		case "instructions", "previous_completion_id", "background", "include_encrypted_reasoning", "function_calls", "truncate": // bodies of chat completions do not have them
			continue
		}
		if !strings.Contains(request, "\n        "+name+":") {
			t.Errorf("openapi.yaml has no %s", name)
		}
	}
}

// TestEnumerations compares the description with the contract's enumerations.
func TestEnumerations(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"Role": protoname.All[completionv1.Role](), "FinishReason": protoname.All[completionv1.FinishReason](),
		"ToolChoiceMode": protoname.All[completionv1.ToolChoiceMode](), "Modality": protoname.All[completionv1.Modality](),
		"ReasoningEffort": protoname.All[completionv1.ReasoningEffort](), "Verbosity": protoname.All[completionv1.Verbosity](),
		"OnDisconnect": protoname.All[completionv1.OnDisconnect](), "CompletionStatus": protoname.All[completionv1.CompletionStatus](),
		"Stage": protoname.All[completionv1.Progress_Stage](), "SortOrder": protoname.All[completionv1.SortOrder](),
	} {
		list := "enum: [" + strings.Join(values, ", ")
		if text := string(description); !strings.Contains(text, list+"]") && !strings.Contains(text, list+", null]") {
			t.Errorf("%s: openapi.yaml has no %s]", name, list)
		}
	}
}
