package httpapi

import (
	"net/http"

	"github.com/pawstream/pawstream/internal/header"
)

// azureRoute is where clients of Azure's API ask, whose model is the deployment in the path.
const azureRoute = "POST /openai/deployments/{model}/chat/completions"

// asAzure takes the key from the header that Azure's clients send it in.
func asAzure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key := r.Header.Values("Api-Key"); len(key) == 1 && len(r.Header.Values(header.Authorization)) == 0 {
			r.Header.Set(header.Authorization, header.Bearer+key[0])
		}
		next.ServeHTTP(w, r)
	})
}
