// Package ledger writes the usage records for billing: one log line for each completion, by the process that
// has stored its terminal event. A record names the caller, the model and the tokens, but contains no message
// text.
package ledger

import (
	"context"
	"log/slog"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A Ledger writes to a logger. It is safe for concurrent use.
type Ledger struct{ logger *slog.Logger }

// New returns a ledger.
func New(logger *slog.Logger) *Ledger { return &Ledger{logger} }

// Ended writes the record of a completion whose terminal event this process has stored, which happens once
// among all processes. target is the last target that was asked, or empty if none was. took is the time since
// the admission; 0: unknown.
func (l *Ledger) Ended(ctx context.Context, meta *chat.Meta, terminal *chat.Event, target string, took time.Duration) {
	l.logger.LogAttrs(ctx, slog.LevelInfo, "usage", record(meta, terminal, target, took)...)
}

// record returns the attributes of a usage record. If a completion was ended from outside its engine, its usage
// is unknown.
func record(meta *chat.Meta, terminal *chat.Event, target string, took time.Duration) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("principal", meta.Principal),
		slog.String("completion", meta.ID),
		slog.String("model", meta.Model),
		slog.String("outcome", string(terminal.Outcome())),
	}
	if target != "" {
		attrs = append(attrs, slog.String("target", target))
	}
	if terminal.Err != nil {
		attrs = append(attrs, slog.String("code", string(terminal.Err.Code)))
	}
	if usage := terminal.Usage; usage != nil {
		attrs = append(attrs,
			slog.Int64("prompt_tokens", usage.PromptTokens),
			slog.Int64("cached_tokens", usage.CachedTokens),
			slog.Int64("completion_tokens", usage.CompletionTokens),
			slog.Int64("reasoning_tokens", usage.ReasoningTokens),
			slog.Bool("estimated", usage.Estimated))
		if usage.CostUSD > 0 {
			attrs = append(attrs, slog.Float64("cost_usd", usage.CostUSD))
		}
	}
	if took > 0 {
		attrs = append(attrs, slog.Int64("duration_ms", took.Milliseconds()))
	}
	return attrs
}
