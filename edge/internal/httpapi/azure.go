package httpapi

import (
	"net/http"

	"github.com/pawstream/pawstream/internal/header"
)

// azureRoute is the route of clients of Azure's API, whose model is the deployment in the path.
const azureRoute = "POST /openai/deployments/{model}/chat/completions"

// asAzure reads the key from the header in which Azure's clients send it.
func asAzure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key := r.Header.Values("Api-Key"); len(key) == 1 && len(r.Header.Values(header.Authorization)) == 0 {
			r.Header.Set(header.Authorization, header.Bearer+key[0])
		}
		next.ServeHTTP(w, r)
	})
}
