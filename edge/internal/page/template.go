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

// Templates returns the HTML templates of a directory, with what all pages have in common: "frame-head", the beginning of a
// head, and "header", whose data is the path of the page.
func Templates(dir fs.FS, words template.FuncMap) (*template.Template, error) {
	all, err := template.New("").Funcs(template.FuncMap{"current": current}).Funcs(words).ParseFS(frame, "*.html")
	if err != nil {
		return nil, err
	}
	return all.ParseFS(dir, "*.html")
}

// current returns the aria-current of a link in the header, on the page of that path: "page" for the page itself, and "true" for
// those that belong to it, below it or beside it.
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
