package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/header"
)

// newGateway returns grpc-gateway for the unary calls, speaking OpenAI's JSON.
func newGateway(conn grpc.ClientConnInterface) (http.Handler, error) {
	none := func(string) (string, bool) { return "", false }
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &marshaler{}),
		runtime.WithForwardResponseRewriter(rewrite),
		runtime.WithErrorHandler(writeGatewayError),
		runtime.WithRoutingErrorHandler(writeRoutingError),
		runtime.WithIncomingHeaderMatcher(none),
		runtime.WithMetadata(outgoing),
		runtime.WithOutgoingHeaderMatcher(none),
		runtime.WithOutgoingTrailerMatcher(none),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.SetQueryParameterParser(queryParser{}),
	)
	// The registrations end with the context, which they use for nothing else.
	ctx := context.Background()
	if err := completionv1.RegisterCompletionServiceHandlerClient(ctx, mux, completionv1.NewCompletionServiceClient(conn)); err != nil {
		return nil, err
	}
	if err := completionv1.RegisterModelServiceHandlerClient(ctx, mux, completionv1.NewModelServiceClient(conn)); err != nil {
		return nil, err
	}
	return headAsGet(mux), nil
}

// outgoing keeps the metadata that our own handlers have set, which grpc-gateway would replace with its own.
func outgoing(ctx context.Context, _ *http.Request) metadata.MD {
	md, _ := metadata.FromOutgoingContext(ctx)
	return md
}

// headAsGet answers a HEAD like the GET that it asks about (RFC 9110, section 9.3.2); net/http leaves the body
// out.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.Clone(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// rewrite turns each response message into the JSON of its public counterpart. Models that
// the caller may not use are left out.
func rewrite(ctx context.Context, m proto.Message) (any, error) {
	if list, ok := m.(*completionv1.ListModelsResponse); ok {
		v := visitorOf(ctx)
		list.Models = slices.DeleteFunc(list.Models, func(model *completionv1.Model) bool { return !v.mayUse(model) })
	}
	view, ok := recordIn(ctx).dialect.View(m)
	if !ok {
		return nil, status.Errorf(codes.Internal, "no public JSON for %T", m)
	}
	return view, nil
}

func writeGatewayError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	refuse(w, r, err)
}

// writeRoutingError answers if our routes lead to the gateway but it has no route: the id has a slash in it, or
// is missing.
func writeRoutingError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, _ int) {
	fail(w, r, failure.UnknownURL())
}

// marshaler is how grpc-gateway writes our JSON and reads what update has checked.
type marshaler struct{ runtime.JSONPb }

// Marshal implements runtime.Marshaler for the values that rewrite returns.
func (*marshaler) Marshal(v any) ([]byte, error) { return answer.AppendJSON(nil, v) }

// ContentType implements runtime.Marshaler.
func (*marshaler) ContentType(any) string { return header.JSON }

// byOneName refuses requests that name a completion with more than one segment. For our routes an escaped slash
// is part of an id, but for grpc-gateway it ends a segment, so the gateway would choose a different route from
// the one that was authorised. No completion has such an id. It refuses other impossible ids as well.
func byOneName(gateway http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, fault := pathID(r)
		switch id := r.PathValue("id"); {
		case id == "": // a listing
		case fault != nil:
			fail(w, r, fault)
			return
		case strings.Contains(id, "/"):
			fail(w, r, failure.CompletionNotFound())
			return
		}
		gateway.ServeHTTP(w, r)
	})
}

// update checks the body of POST /v1/chat/completions/{id} and passes it on in the form that grpc-gateway
// decodes.
func (a *api) update(d dialect.Updating, gateway http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		share := a.share(r)
		defer share.Release()
		body, fault := a.readJSON(w, r, share)
		if fault == nil {
			var metadata map[string]string
			if metadata, fault = d.DecodeUpdate(body); fault == nil {
				body, _ = json.Marshal(map[string]any{"metadata": metadata}) // strings always marshal
				r.Body = io.NopCloser(bytes.NewReader(body))
				r.Header.Set(header.ContentType, header.JSON) // without what the client had behind it
				gateway.ServeHTTP(w, r)
				return
			}
		}
		a.refuseBody(w, r, fault)
	}
}

// model hides a model that the caller may not use.
func (a *api) model(gateway http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if a.admitsModel(w, r, r.PathValue("id")) {
			gateway.ServeHTTP(w, r)
		}
	}
}
