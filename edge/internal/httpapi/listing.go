package httpapi

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"

	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A listing is the query of the list calls.
type listing struct {
	after, model string
	limit        int32
	order        completionv1.SortOrder
	metadata     map[string]string
}

// listing refuses a malformed query before it reaches grpc-gateway, whose own error would not name the
// parameter at fault.
func (a *api) listing(gateway http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, fault := parseListing(r.URL.Query()); fault != nil {
			fail(w, r, fault)
			return
		}
		gateway.ServeHTTP(w, r)
	}
}

func parseListing(query url.Values) (listing, *failure.Error) {
	for name, values := range query {
		if param := queryParam(name); param != "" && !utf8.ValidString(name+values[0]) {
			return listing{}, failure.InvalidValue(param, "must be UTF-8")
		}
	}
	l := listing{after: query.Get("after"), model: query.Get("model")}
	if text := query.Get("limit"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64) // out of range: the nearest number
		switch {
		case err != nil && !errors.Is(err, strconv.ErrRange):
			return listing{}, failure.InvalidValue("limit", "must be a whole number")
		case n < 1: // 0 means nothing to the service
			return listing{}, failure.BelowMin("limit", 1)
		}
		l.limit = int32(min(n, math.MaxInt32))
	}
	switch query.Get("order") {
	case "":
	case "asc":
		l.order = completionv1.SortOrder_SORT_ORDER_ASC
	case "desc":
		l.order = completionv1.SortOrder_SORT_ORDER_DESC
	default:
		return listing{}, failure.InvalidValue("order", "must be 'asc' or 'desc'")
	}
	for name, values := range query {
		if key, ok := strings.CutPrefix(name, "metadata["); ok && strings.HasSuffix(key, "]") {
			if l.metadata == nil {
				l.metadata = make(map[string]string)
			}
			l.metadata[strings.TrimSuffix(key, "]")] = values[0]
		}
	}
	return l, nil
}

// queryParam returns the parameter that a name of the query belongs to, "" for none.
func queryParam(name string) string {
	switch base, _, _ := strings.Cut(name, "["); base {
	case "after", "model", "limit", "order", "metadata":
		return base
	}
	return ""
}

// queryParser fills the request messages of the list calls; no other call has a query.
type queryParser struct{}

// Parse implements runtime.QueryParameterParser.
func (queryParser) Parse(m proto.Message, query url.Values, _ *utilities.DoubleArray) error {
	l, fault := parseListing(query)
	if fault != nil {
		return fault
	}
	switch m := m.(type) {
	case *completionv1.ListCompletionsRequest:
		m.After, m.Limit, m.Order, m.Model, m.Metadata = l.after, l.limit, l.order, l.model, l.metadata
	case *completionv1.ListCompletionMessagesRequest:
		m.After, m.Limit, m.Order = l.after, l.limit, l.order
	}
	return nil
}
