package petpage

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A shop lists pets, or fails, and counts the calls.
type shop struct {
	pets  []*completionv1.StorePet
	err   error
	asked int
}

func (s *shop) ListPets(context.Context, *completionv1.ListPetsRequest, ...grpc.CallOption) (*completionv1.ListPetsResponse, error) {
	s.asked++
	return &completionv1.ListPetsResponse{Pets: s.pets}, s.err
}

func pet(id, species string, change func(*completionv1.StorePet)) *completionv1.StorePet {
	p := &completionv1.StorePet{
		Pet:  &completionv1.Pet{Id: id, Name: strings.ToUpper(id[:1]) + id[1:], Species: species, Breed: "Breed of " + id, Sex: "female", AgeMonths: 30, FeeUsd: 120, Coat: []string{"red", "white"}},
		Size: "small", Energy: "low", Shedding: "low", Home: "apartment", Children: "yes", Cats: "slow", Dogs: "no", HoursAlone: 4, Beginner: true,
		Story: "The story of " + id + ".", BreedSummary: "What it is like.", BreedCare: "How it is cared for.", Temperament: []string{"calm"},
	}
	if change != nil {
		change(p)
	}
	return p
}

func some() []*completionv1.StorePet {
	return []*completionv1.StorePet{
		pet("olive", "cat", nil),
		pet("rex", "dog", func(p *completionv1.StorePet) { p.Home, p.Energy, p.Pet.FeeUsd, p.Cats = "house", "high", 320, "yes" }),
		pet("pip", "guinea-pig", func(p *completionv1.StorePet) { p.Pet.Sex, p.Pet.FeeUsd, p.Pet.AgeMonths = "group", 45, 1 }),
		pet("tom", "cat", func(p *completionv1.StorePet) { p.Children, p.Beginner, p.Energy = "older", false, "medium" }),
		pet("bubbles", "fish", func(p *completionv1.StorePet) { p.Pet.FeeUsd, p.Shedding, p.SpecialNeeds = 0, "none", "Salt water." }),
	}
}

func mounted(t *testing.T, s *shop) http.Handler {
	t.Helper()
	pages, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	pages.Mount(mux, func(next http.Handler) http.Handler { return next })
	return mux
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// shown returns the ids of the pets on a page, in its order.
func shown(body string) []string {
	var ids []string
	for _, found := range regexp.MustCompile(`<strong><a href="/pets/([^"]+)">`).FindAllStringSubmatch(body, -1) {
		ids = append(ids, found[1])
	}
	return ids
}

func TestFilters(t *testing.T) {
	t.Parallel()
	h := mounted(t, &shop{pets: some()})
	all := []string{"olive", "rex", "pip", "tom", "bubbles"}
	for query, want := range map[string][]string{
		"":                                 all,
		"?species=cat":                     {"olive", "tom"},
		"?species=cat&children=yes":        {"olive"},
		"?flat=yes":                        {"olive", "pip", "tom", "bubbles"},
		"?cats=yes":                        {"rex"}, // not pets that need an introduction
		"?dogs=yes":                        nil,
		"?beginner=yes&energy=low":         {"olive", "pip", "bubbles"},
		"?fee=50":                          {"pip", "bubbles"},
		"?sheds-little=yes&species=fish":   {"bubbles"},
		"?species=dragon":                  nil,
		"?breed=Breed+of+olive":            {"olive"},
		"?breed=Breed+of+olive&fee=50":     nil,
		"?breed=breed+of+none":             nil,
		"?species=guinea-pig":              {"pip"},
		"?fee=7&energy=x&children=maybe":   all, // unknown values have no effect
		"?species=%3Cscript%3E":            nil,
		"?" + strings.Repeat("x=y&", 1000): all,
	} {
		w := get(h, "/pets"+query)
		if diff := cmp.Diff(want, shown(w.Body.String())); diff != "" || w.Code != http.StatusOK {
			t.Errorf("/pets%.60s: status %d (-want +got)\n%s", query, w.Code, diff)
		}
		if strings.Contains(w.Body.String(), "<script>") {
			t.Errorf("/pets%.60s has a script of the query's", query)
		}
	}
}

// TestChips follows each filter link from several pages, and checks that it leads to as many pets as it says.
func TestChips(t *testing.T) {
	t.Parallel()
	h := mounted(t, &shop{pets: some()})
	chip := regexp.MustCompile(`<a class="chip" href="([^"]+)"[^>]*?( aria-current="true")?>[^<]+<small>(\d+)</small>`)
	for _, from := range []string{"/pets", "/pets?species=cat", "/pets?beginner=yes&energy=low", "/pets?species=dragon", "/pets?breed=Breed+of+olive"} {
		links := chip.FindAllStringSubmatch(get(h, from).Body.String(), -1)
		if len(links) < 2 {
			t.Errorf("%s: %d links", from, len(links))
		}
		for _, link := range links {
			href := html.UnescapeString(link[1])
			got := shown(get(h, href).Body.String())
			if n, err := strconv.Atoi(link[3]); err != nil || link[2] == "" && len(got) != n || link[2] != "" && len(got) < n {
				t.Errorf("%s: %s has %d pets, the link says %s", from, href, len(got), link[3])
			}
		}
	}
}

// TestPagesOfPets checks the facts on each pet's page without a script, and the metadata for search engines.
func TestPagesOfPets(t *testing.T) {
	t.Parallel()
	h := mounted(t, &shop{pets: some()})
	for id, want := range map[string][]string{
		"olive":   {"<title>Olive, Breed of olive · Pawstream</title>", "The story of olive.", "2 and a half years old", "$120", "after a slow introduction", "an apartment will do", "What it is like.", "How it is cared for.", `href="/#ask/Tell%20me%20more%20about%20Olive."`, `href="/pets?species=cat">Cats`},
		"pip":     {"several, placed together", "1 month old", "$45", "Guinea pigs"},
		"bubbles": {"No fee", "Salt water.", "none", ">Fish<"},
	} {
		w := get(h, "/pets/"+id)
		body := html.UnescapeString(w.Body.String())
		for _, text := range append(want, `<link rel="canonical" href="/pets/`+id+`">`, `<meta name="description" content="`) {
			if !strings.Contains(body, text) {
				t.Errorf("/pets/%s does not say %s", id, text)
			}
		}
		if policy := w.Header().Get("Content-Security-Policy"); w.Code != http.StatusOK || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe-") {
			t.Errorf("/pets/%s: status %d, policy %q", id, w.Code, policy)
		}
	}
	list := get(h, "/pets?species=cat").Body.String()
	if !strings.Contains(list, `rel="canonical" href="/pets?species=cat"`) || strings.Contains(list, "noindex") {
		t.Error("a species is no page of its own for a search engine")
	}
	if narrowed := get(h, "/pets?species=cat&flat=yes").Body.String(); !strings.Contains(narrowed, "noindex") {
		t.Error("each choice of filters is a page for a search engine")
	}
}

// TestNothingInline checks that pages have nothing that the policy would refuse, or that is from another
// origin.
func TestNothingInline(t *testing.T) {
	t.Parallel()
	h := mounted(t, &shop{pets: some()})
	for _, path := range []string{"/pets", "/pets/olive", "/pets/nobody"} {
		body := strings.ReplaceAll(get(h, path).Body.String(), "https://schema.org/", "")
		for _, bad := range []string{`<script>`, `<style`, ` style=`, `\son[a-z]+=`, `https?://`, `javascript:`} {
			if found := regexp.MustCompile(bad).FindString(body); found != "" {
				t.Errorf("%s has %q", path, found)
			}
		}
	}
}

// TestStrangePets shows pets whose texts are markup, and pets without any facts.
func TestStrangePets(t *testing.T) {
	t.Parallel()
	const bad = `"><script>alert(1)</script>`
	h := mounted(t, &shop{pets: []*completionv1.StorePet{
		{},
		{Pet: &completionv1.Pet{Id: "bare"}},
		pet("bo", bad, func(p *completionv1.StorePet) { p.Pet.Name, p.Story, p.Pet.Coat = bad, bad, []string{bad} }),
	}})
	for path, status := range map[string]int{"/pets": 200, "/pets/bo": 200, "/pets/bare": 200, "/pets/nobody": 404, "/pets/%3Cscript%3E": 404, "/pets/": 301} {
		w := get(h, path)
		if w.Code != status || strings.Contains(w.Body.String(), "<script>") || strings.Contains(w.Body.String(), "ZgotmplZ") {
			t.Errorf("%s: status %d, want %d\n%s", path, w.Code, status, w.Body)
		}
	}
}

// TestAskedSeldom sends a hundred requests. The pages call the service once a minute, and show its last answer
// while it is unreachable.
func TestAskedSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{pets: some(), err: errors.New("away")}
		h := mounted(t, s)
		step := func(what string, status, asked int, ids int) {
			t.Helper()
			for i := range 100 {
				if w := get(h, "/pets?x="+fmt.Sprint(i)); w.Code != status || len(shown(w.Body.String())) != ids || status == 503 && w.Header().Get("Retry-After") == "" {
					t.Fatalf("%s: status %d, %d pets", what, w.Code, len(shown(w.Body.String())))
				}
			}
			if s.asked != asked {
				t.Errorf("%s: the service was asked %d times, want %d", what, s.asked, asked)
			}
		}
		step("away", 503, 1, 0)
		s.err = nil
		<-time.After(rest)
		step("there", 200, 2, 5)
		<-time.After(fresh - time.Second)
		step("within a minute", 200, 2, 5)
		<-time.After(time.Second)
		s.pets = s.pets[:3]
		step("a minute later", 200, 3, 3)
		s.err = errors.New("away")
		<-time.After(fresh)
		step("away again", 200, 4, 3)
	})
}

// TestPagesAreBounded requests more choices of filters than the cache holds.
func TestPagesAreBounded(t *testing.T) {
	t.Parallel()
	pages, err := New(&shop{pets: some()})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	pages.Mount(mux, func(next http.Handler) http.Handler { return next })
	for i := range mostPages + 100 {
		if w := get(mux, fmt.Sprintf("/pets?species=s%d", i)); w.Code != http.StatusOK {
			t.Fatal(w.Code)
		}
	}
	if n := len(pages.shelf.Load().pages); n > mostPages {
		t.Errorf("%d pages are kept", n)
	}
	if !slices.Equal(shown(get(mux, "/pets").Body.String()), []string{"olive", "rex", "pip", "tom", "bubbles"}) {
		t.Error("a page that is not kept is not shown")
	}
}
