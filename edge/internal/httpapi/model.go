package httpapi

import (
	"context"
	"net/http"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/unknown"
)

// mayUse reports whether a visitor may use a model, and see that it exists: a right names it by its id or by an
// alias.
func (v *visitor) mayUse(m *completionv1.Model) bool {
	return v.MayAsk(m.GetId()) || slices.ContainsFunc(m.GetAliases(), v.MayAsk)
}

// admits reports whether the visitor may create a completion with these params: only the body says everything
// that it does. If not, it has answered.
func (a *api) admits(w http.ResponseWriter, r *http.Request, p *completionv1.CompletionParams) bool {
	if goesOn(p) && !visitorOf(r.Context()).May(auth.ScopeRead) {
		lacks(w, auth.ScopeRead)
		a.turnAway(w, r, "forbidden", failure.PermissionDenied(string(auth.ScopeRead)))
		return false
	}
	return a.admitsModel(w, r, p.GetModel())
}

// goesOn reports whether a request continues earlier answers. That amounts to reading them: a model can be
// asked to repeat them, and a count of tokens reveals their length.
func goesOn(p *completionv1.CompletionParams) bool {
	return p.PreviousCompletionId != nil || slices.ContainsFunc(p.GetMessages(), func(m *completionv1.ChatMessage) bool {
		return len(m.GetAnswerPieces()) > 0
	})
}

// admitsModel reports whether the visitor may ask the model of that name. If not, it has answered.
func (a *api) admitsModel(w http.ResponseWriter, r *http.Request, name string) bool {
	switch may, err := visitorOf(r.Context()).mayAsk(r.Context(), name, a.models); {
	case err != nil:
		refuse(w, r, err)
	case !may:
		fail(w, r, failure.ModelNotFound(name, visitorOf(r.Context()).Models.Names))
	default:
		return true
	}
	return false
}

// mayAsk reports whether the visitor may use the model with that name. Only the completion service knows a
// model's other names. It is asked only if a right may use another one.
func (v *visitor) mayAsk(ctx context.Context, name string, models completionv1.ModelServiceClient) (bool, error) {
	if v.MayAsk(name) || len(v.Models.Names) == 0 {
		return v.MayAsk(name), nil
	}
	if !v.deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, v.deadline)
		defer cancel()
	}
	found, err := models.GetModel(ctx, &completionv1.GetModelRequest{ModelId: name})
	if status.Code(err) == codes.NotFound {
		return false, nil
	}
	return err == nil && v.mayUse(found.GetModel()), err
}

// failuresFor returns how failures of a request look to its visitor, if not as in its dialect.
func failuresFor(r *http.Request, of dialect.Failures) dialect.Failures {
	if visitorOf(r.Context()).May(auth.ScopeModels) {
		return of
	}
	if of == nil {
		of = recordOf(r).dialect
	}
	return unlistedModels{of}
}

// unlistedModels do not mention the list of models, for a caller who may not read it.
type unlistedModels struct{ dialect.Failures }

// Failure implements [dialect.Failures].
func (f unlistedModels) Failure(e *failure.Error) (status int, body []byte) {
	if e.Code == failure.ModelNotFound("", nil).Code {
		other := *e
		other.Message = unknown.Unlisted(e.Message)
		e = &other
	}
	return f.Failures.Failure(e)
}
