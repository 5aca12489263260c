package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"github.com/pawstream/pawstream/internal/header"
)

// needed matches the style sheets and classic scripts of a page, for which a browser would wait. Modules never
// block a page.
var needed = regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)">|<script src="([^"]+)"></script>`)

// NewWhole returns the HTML file of a page that contains its style sheets and classic scripts, so that a browser
// can draw the page and run it after one response. read returns a file by its address in text. The page's policy
// allows these contents by their hashes, and nothing else inline.
func NewWhole(text []byte, read func(address string) ([]byte, error)) (*File, error) {
	var failed error
	var scripts, styles strings.Builder
	whole := needed.ReplaceAllFunc(text, func(tag []byte) []byte {
		address := needed.FindSubmatch(tag)
		name, hashes := "style", &styles
		if address[1] == nil {
			name, hashes = "script", &scripts
		}
		body, err := read(string(address[1]) + string(address[2]))
		if err == nil && bytes.Contains(bytes.ToLower(body), []byte("</"+name)) {
			err = fmt.Errorf("page: %s ends its own element", tag)
		}
		if err != nil {
			failed = err
		}
		sum := sha256.Sum256(body)
		_, _ = fmt.Fprintf(hashes, " 'sha256-%s'", base64.StdEncoding.EncodeToString(sum[:])) // a builder takes everything
		return fmt.Appendf(nil, "<%s>%s</%[1]s>", name, body)
	})
	if failed != nil {
		return nil, failed
	}
	file := NewFile(header.HTML, whole)
	const script, style = "script-src 'self'", "style-src 'self'"
	file.policy = strings.NewReplacer(script, script+scripts.String(), style, style+styles.String()).Replace(file.policy)
	return file, nil
}
