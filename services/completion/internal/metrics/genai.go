package metrics

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Attributes of the GenAI conventions, which are still in development. Since version 1.41, the provider's name
// replaces gen_ai.system.
const (
	operationNameKey = "gen_ai.operation.name"
	providerNameKey  = "gen_ai.provider.name"
	requestModelKey  = "gen_ai.request.model"
	responseIDKey    = "gen_ai.response.id"
	tokenTypeKey     = "gen_ai.token.type"          //nolint:gosec // no credential
	inputTokensKey   = "gen_ai.usage.input_tokens"  //nolint:gosec // no credential
	outputTokensKey  = "gen_ai.usage.output_tokens" //nolint:gosec // no credential
	errorTypeKey     = "error.type"

	operationChat = "chat"
)

// makeGenAI makes the instruments of the conventions, with the conventions' bounds.
func (m *Metrics) makeGenAI(i *telemetry.Instruments) {
	m.duration = telemetry.NewKeyed(
		i.Histogram("gen_ai.server.request.duration", "s", "Time from the admission of a completion to its terminal event.",
			0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92),
		operation.attributes)
	m.firstToken = telemetry.NewKeyed(
		i.Histogram("gen_ai.server.time_to_first_token", "s", "Time from the admission of a completion to its first token, for those that succeeded.",
			0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10),
		operation.attributes)
	m.perOutputToken = telemetry.NewKeyed(
		i.Histogram("gen_ai.server.time_per_output_token", "s", "Time for each token after the first one, for completions that succeeded.",
			0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5),
		operation.attributes)
	usage := i.Histogram("gen_ai.client.token.usage", "{token}", "Tokens of a completion's prompt (input) and of its answer (output).",
		1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)
	m.input = telemetry.NewKeyed(usage, func(o operation) []attribute.KeyValue {
		return append(o.attributes(), attribute.String(tokenTypeKey, "input"))
	})
	m.output = telemetry.NewKeyed(usage, func(o operation) []attribute.KeyValue {
		return append(o.attributes(), attribute.String(tokenTypeKey, "output"))
	})
}

// An operation is the labels of the GenAI metrics.
type operation struct {
	model, provider string
	problem         chat.Code // empty: it succeeded
}

func (o operation) attributes() []attribute.KeyValue {
	attrs := []attribute.KeyValue{
		attribute.String(operationNameKey, operationChat),
		attribute.String(providerNameKey, o.provider),
		attribute.String(requestModelKey, o.model),
	}
	if o.problem != "" {
		attrs = append(attrs, attribute.String(errorTypeKey, string(o.problem)))
	}
	return attrs
}

// operation returns the labels for a completion. All models that are no longer offered share one label.
func (m *Metrics) operation(meta *chat.Meta) operation {
	models := m.models()
	i, ok := slices.BinarySearchFunc(models, meta.Model, func(m chat.Model, id string) int { return strings.Compare(m.ID, id) })
	if ok {
		return operation{model: meta.Model, provider: models[i].OwnedBy}
	}
	return operation{model: telemetry.Other, provider: telemetry.Other}
}

// recordGenAI records an ended completion. Times of 0 are unknown.
func (m *Metrics) recordGenAI(o operation, terminal *chat.Event, firstToken, took time.Duration) {
	if usage := terminal.Usage; usage != nil {
		m.input.Of(o).Record(float64(usage.PromptTokens))
		m.output.Of(o).Record(float64(usage.CompletionTokens))
	}
	succeeded := o
	if terminal.Err != nil {
		o.problem = terminal.Err.Code
	}
	if took > 0 {
		m.duration.Of(o).Record(took.Seconds())
	}
	if terminal.Err != nil || firstToken <= 0 {
		return
	}
	m.firstToken.Of(succeeded).Record(firstToken.Seconds())
	if usage := terminal.Usage; usage != nil && usage.CompletionTokens > 1 && took > firstToken {
		m.perOutputToken.Of(succeeded).Record((took - firstToken).Seconds() / float64(usage.CompletionTokens-1))
	}
}
