package server

import (
	"context"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/ledger"
	"github.com/pawstream/pawstream/services/completion/internal/metrics"
)

// observers pass the events of completions to the metrics, and their ends to the ledger.
type observers struct {
	*metrics.Metrics
	ledger *ledger.Ledger
}

var _ chat.Observer = observers{}

// Generating implements [chat.Observer].
func (o observers) Generating(ctx context.Context, m *chat.Meta, takeovers int) (context.Context, func(*chat.Event)) {
	return o.Metrics.Generating(chat.WithTarget(ctx), m, takeovers)
}

// Ended implements [chat.Observer].
func (o observers) Ended(ctx context.Context, m *chat.Meta, terminal *chat.Event, firstToken, took time.Duration) {
	o.Metrics.Ended(ctx, m, terminal, firstToken, took)
	o.ledger.Ended(ctx, m, terminal, chat.TargetOf(ctx), took)
}
