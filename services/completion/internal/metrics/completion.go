package metrics

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Generating says that this process generates a completion from now on: a new one, or
// one that has been taken over so many times. It begins a span, in whose context the
// engine is to run. stop, which is called once, ends it: terminal is the event that the
// generation came to, nil where it was left to another process.
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

// Ended says that this process has stored a completion's terminal event, which happens
// once among all processes. firstToken and took are counted from the admission; 0: not known here.
func (m *Metrics) Ended(_ context.Context, meta *chat.Meta, terminal *chat.Event, firstToken, took time.Duration) {
	o := m.operation(meta)
	m.ended.Of(ending{model: o.model, outcome: terminal.Outcome()}).Add(1)
	m.recordGenAI(o, terminal, firstToken, took)
}
