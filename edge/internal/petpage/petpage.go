// Package petpage serves the store as web pages: /pets with all of its pets and links to filter them, and a
// page for each pet. Both work without a script, so that search engines can read them.
//
// The pets come from the completion service. The package fetches them at most once a minute, regardless of the
// number of requests.
package petpage

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pawstream/pawstream/edge/internal/page"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/header"
)

//go:embed pages
var pages embed.FS

const (
	// fresh is how long fetched pets stay current, and patience how long a fetch may take.
	fresh    = time.Minute
	patience = 5 * time.Second
	// rest is the minimum time between a failed fetch and the next one.
	rest = time.Second
	// mostPages bounds the cached pages: each choice of filters has one.
	mostPages = 512
)

// Root is the path of the pages.
const Root = "/pets"

// Pages are the pages of the store. They are safe for concurrent use.
type Pages struct {
	client completionv1.PetServiceClient
	assets page.Files
	made   *template.Template

	shelf  atomic.Pointer[shelf] // nil: no fetch has succeeded yet
	asking chan struct{}         // a lock for the request that fetches; it guards the fields below
	tried  time.Time
	err    error // of the last fetch
}

// A shelf is the pets from one fetch, and the pages rendered from them.
type shelf struct {
	pets []*completionv1.StorePet
	byID map[string]*completionv1.StorePet
	at   time.Time

	mu    sync.Mutex
	pages map[string]*page.File
}

// New returns the pages for the pets that the client lists.
func New(client completionv1.PetServiceClient) (*Pages, error) {
	dir, err := fs.Sub(pages, "pages")
	if err != nil {
		return nil, err
	}
	p := &Pages{client: client, assets: make(page.Files), asking: make(chan struct{}, 1)}
	files, err := page.Load(dir)
	if err != nil {
		return nil, err
	}
	for name, file := range files {
		if !strings.HasSuffix(name, ".html") {
			p.assets[name] = file
		}
	}
	p.made, err = page.Templates(dir, words())
	return p, err
}

// Mount adds the routes: /pets, /pets/{id}, and their assets. Rendering costs work and needs no authentication,
// so requests for pages pass through guard.
func (p *Pages) Mount(mux page.Mux, guard func(http.Handler) http.Handler) {
	mux.Handle("GET "+Root, guard(http.HandlerFunc(p.list)))
	mux.Handle("GET "+Root+"/{id}", guard(http.HandlerFunc(p.one)))
	mux.Handle("GET "+Root+"/{$}", http.RedirectHandler(Root, http.StatusMovedPermanently))
	p.assets.Mount(mux, Root+"/")
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request) {
	s, err := p.current(r.Context())
	if err != nil {
		p.away(w)
		return
	}
	choice := chosen(r.URL.Query())
	p.serve(w, r, s, Root+"?"+choice.query(), "list.html", func() any { return listOf(s.pets, choice) })
}

func (p *Pages) one(w http.ResponseWriter, r *http.Request) {
	s, err := p.current(r.Context())
	if err != nil {
		p.away(w)
		return
	}
	pet := s.byID[r.PathValue("id")]
	if pet == nil {
		p.refuse(w, http.StatusNotFound, "We cannot find that pet", "It may already have found a home.")
		return
	}
	p.serve(w, r, s, r.URL.Path, "pet.html", func() any { return detailsOf(pet) })
}

// serve answers with a page, and renders it on the first request.
func (p *Pages) serve(w http.ResponseWriter, r *http.Request, s *shelf, key, name string, data func() any) {
	s.mu.Lock()
	file := s.pages[key]
	s.mu.Unlock()
	if file == nil {
		var body bytes.Buffer
		if err := p.made.ExecuteTemplate(&body, name, data()); err != nil {
			p.refuse(w, http.StatusInternalServerError, "This page cannot be shown", "The fault is ours.")
			return
		}
		file = page.NewFile(header.HTML, body.Bytes())
		s.mu.Lock()
		if len(s.pages) < mostPages {
			s.pages[key] = file
		}
		s.mu.Unlock()
	}
	file.ServeHTTP(w, r)
}

func (p *Pages) away(w http.ResponseWriter) {
	w.Header().Set(header.RetryAfter, "5")
	p.refuse(w, http.StatusServiceUnavailable, "The pets cannot be shown right now", "The service that knows them does not answer. Try again in a few seconds.")
}

func (p *Pages) refuse(w http.ResponseWriter, status int, title, text string) {
	var body bytes.Buffer
	_ = p.made.ExecuteTemplate(&body, "refusal.html", map[string]string{"Title": title, "Text": text}) // writing to memory does not fail
	page.Write(w, status, header.HTML, body.Bytes())
}

// current returns the current pets, or older ones if a fetch fails. Only one request fetches at a time.
// Meanwhile others get the older pets, or wait if there are none.
func (p *Pages) current(ctx context.Context) (*shelf, error) {
	s := p.shelf.Load()
	if s.fresh() {
		return s, nil
	}
	select {
	case p.asking <- struct{}{}:
	default:
		if s != nil {
			return s, nil
		}
		select {
		case p.asking <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer func() { <-p.asking }()
	if p.shelf.Load().fresh() || time.Since(p.tried) < rest {
		return p.last()
	}
	// The result is for all waiting requests, so the fetch must not end with the first one.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	list, err := p.client.ListPets(ctx, &completionv1.ListPetsRequest{})
	p.err = err
	if err == nil {
		p.shelf.Store(shelve(list.GetPets()))
	}
	p.tried = time.Now()
	return p.last()
}

func (s *shelf) fresh() bool { return s != nil && time.Since(s.at) < fresh }

func (p *Pages) last() (*shelf, error) {
	if s := p.shelf.Load(); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("list the pets: %w", p.err)
}

func shelve(pets []*completionv1.StorePet) *shelf {
	s := &shelf{byID: make(map[string]*completionv1.StorePet), at: time.Now(), pages: make(map[string]*page.File)}
	for _, pet := range pets {
		if id := pet.GetPet().GetId(); id != "" {
			s.pets = append(s.pets, pet)
			s.byID[id] = pet
		}
	}
	return s
}
