package httpapi

import "testing"

// TestPage checks that files of pages are told apart from calls of the API, which are logged at INFO.
func TestPage(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{
		"GET /{$}":                      true,
		"GET /chat/chat.js":             true,
		"GET /docs":                     true,
		"GET /docs/protocol":            true,
		"GET /pets/{id}":                true,
		"GET /openapi.yaml":             true,
		"POST /v1/chat/completions":     false,
		"GET /v1/chat/completions/{id}": false,
		"":                              false,
	} {
		if got := ofPage(pattern); got != want {
			t.Errorf("%q is a page: %v, want %v", pattern, got, want)
		}
	}
}
