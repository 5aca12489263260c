package metrics

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Refusals counts refused calls that are not at fault themselves. It is safe for concurrent use.
type Refusals struct {
	refused *telemetry.Keyed[chat.Refusal, telemetry.Counter]
}

// NewRefusals makes the instrument, with a counter at 0 for each reason.
func NewRefusals(reports *telemetry.Telemetry) (*Refusals, error) {
	i := telemetry.NewInstruments(reports.Meters)
	r := &Refusals{refused: telemetry.NewKeyed(
		i.Counter("pawstream.completion.requests.refused", "{request}", "Calls that a completion service has refused, by reason."),
		func(why chat.Refusal) []attribute.KeyValue {
			return []attribute.KeyValue{attribute.String("reason", string(why))}
		})}
	for _, why := range chat.Refusals() {
		r.refused.Of(why).Add(0)
	}
	return r, i.Err()
}

// Refused counts a refused call.
func (r *Refusals) Refused(why chat.Refusal) { r.refused.Of(why).Add(1) }
