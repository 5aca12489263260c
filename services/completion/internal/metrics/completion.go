package metrics

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Generating records that this process begins to generate a completion: a new one, or one that has been taken
// over that many times. It begins a span; run the engine in the returned context. Call stop exactly once, with
// the terminal event of the generation, or nil if another process continues it.
func (m *Metrics) Generating(ctx context.Context, meta *chat.Meta, takeovers int) (_ context.Context, stop func(terminal *chat.Event)) {
	m.running.Add(1)
	if takeovers > 0 {
		m.takenOver.Add(1)
	} else {
		m.admitted.Add(1)
	}
	o := m.operation(meta)
	ctx, span := m.tracer.Start(ctx, operationChat+" "+o.model, trace.WithAttributes(o.attributes()...))
	span.SetAttributes(attribute.String(responseIDKey, meta.ID), attribute.Int("pawstream.takeovers", takeovers))
	return ctx, func(terminal *chat.Event) {
		m.running.Add(-1)
		end(span, terminal)
	}
}

// end completes a generation's span.
func end(span trace.Span, terminal *chat.Event) {
	defer span.End()
	if terminal == nil {
		span.SetAttributes(attribute.Bool("pawstream.handed_over", true))
		return
	}
	if usage := terminal.Usage; usage != nil {
		span.SetAttributes(attribute.Int64(inputTokensKey, usage.PromptTokens), attribute.Int64(outputTokensKey, usage.CompletionTokens))
	}
	if terminal.Err != nil {
		span.SetAttributes(attribute.String(errorTypeKey, string(terminal.Err.Code)))
		span.SetStatus(codes.Error, "")
	}
}

// Ended records that this process has stored a completion's terminal event, which happens once among all
// processes. firstToken and took are times since the admission; 0: unknown.
func (m *Metrics) Ended(_ context.Context, meta *chat.Meta, terminal *chat.Event, firstToken, took time.Duration) {
	o := m.operation(meta)
	m.ended.Of(ending{model: o.model, outcome: terminal.Outcome()}).Add(1)
	m.recordGenAI(o, terminal, firstToken, took)
}
