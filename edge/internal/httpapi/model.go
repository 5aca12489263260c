package httpapi

import (
	"context"
	"net/http"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/openai"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// mayUse reports whether a visitor may ask a model, and see that there is one: a right names
// it by its id or by an alias.
func (v *visitor) mayUse(m *completionv1.Model) bool {
	return v.MayAsk(m.GetId()) || slices.ContainsFunc(m.GetAliases(), v.MayAsk)
}

// admitsModel reports whether the visitor may ask the model of that name. If not, it has answered.
func (a *api) admitsModel(w http.ResponseWriter, r *http.Request, name string) bool {
	switch may, err := a.mayAsk(r.Context(), name); {
	case err != nil:
		refuse(w, r, err)
	case !may:
		answer.Error(w, openai.ModelNotFound())
	default:
		return true
	}
	return false
}

// mayAsk reports whether the visitor may ask the model of that name. Which other names a model
// has the completion service knows alone. It is asked only where a right may have another.
func (a *api) mayAsk(ctx context.Context, name string) (bool, error) {
	v := visitorOf(ctx)
	if v.MayAsk(name) || len(v.Models.Names) == 0 {
		return v.MayAsk(name), nil
	}
	if !v.deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, v.deadline)
		defer cancel()
	}
	found, err := a.models.GetModel(ctx, &completionv1.GetModelRequest{ModelId: name})
	if status.Code(err) == codes.NotFound {
		return false, nil
	}
	return err == nil && v.mayUse(found.GetModel()), err
}
