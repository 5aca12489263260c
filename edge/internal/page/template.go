package page

import (
	"embed"
	"html/template"
	"io/fs"
	"path"
	"strings"
)

//go:embed frame.html
var frame embed.FS

// Templates returns the HTML templates of a directory, with the templates that all pages share: "frame-head",
// the beginning of a head, and "header", whose data is the path of the page. words are functions for the
// templates.
func Templates(dir fs.FS, words template.FuncMap) (*template.Template, error) {
	all, err := template.New("").Funcs(template.FuncMap{"current": current}).Funcs(words).ParseFS(frame, "*.html")
	if err != nil {
		return nil, err
	}
	return all.ParseFS(dir, "*.html")
}

// current returns the aria-current of a link in the header on the page with path at: "page" if the link leads
// to that page, and "true" if the page is below the link's or beside it.
func current(at, link string) string {
	dir := path.Dir(link)
	switch {
	case at == link:
		return "page"
	case strings.HasPrefix(at, link+"/"), dir != "/" && path.Dir(at) == dir:
		return "true"
	default:
		return ""
	}
}
