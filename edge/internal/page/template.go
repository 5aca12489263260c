package page

import (
	"embed"
	"html/template"
	"io/fs"
)

//go:embed frame.html
var frame embed.FS

// Templates returns the HTML templates of a directory, with what all pages have in common: "frame-head", the beginning of a
// head, and "header", whose data is the path of the page.
func Templates(dir fs.FS, words template.FuncMap) (*template.Template, error) {
	all, err := template.New("").Funcs(words).ParseFS(frame, "*.html")
	if err != nil {
		return nil, err
	}
	return all.ParseFS(dir, "*.html")
}
