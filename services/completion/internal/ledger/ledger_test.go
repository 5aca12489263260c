package ledger_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/internal/telemetry/telemetrytest"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/ledger"
)

const secret = "my dog has eaten chocolate"

func meta(model string) *chat.Meta {
	return &chat.Meta{ID: "chatcmpl-1", Principal: "alice", Model: model, Metadata: map[string]string{"note": secret}, Request: &chat.Request{
		Model: model, User: secret, Messages: []chat.Message{{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: secret}}}},
	}}
}

func done() *chat.Event {
	return &chat.Event{Kind: chat.KindDone, Usage: &chat.Usage{PromptTokens: 20, CachedTokens: 4, CompletionTokens: 101, ReasoningTokens: 1, CostUSD: 0.0025}}
}

func failed(code chat.Code) *chat.Event {
	return &chat.Event{Kind: chat.KindError, Err: &chat.Error{Code: code, Message: secret}}
}

func TestUsageRecord(t *testing.T) {
	r := telemetrytest.New(t)
	l := ledger.New(r.Logger)
	ctx, span := r.Tracers.Tracer("").Start(t.Context(), "chat")
	defer span.End()
	l.Ended(ctx, meta("pet-advisor-1"), done(), "pets@gpu:8000", 2100*time.Millisecond)
	l.Ended(t.Context(), meta("retired"), failed(chat.CodeCompletionCancelled), "", 0)
	lines := r.Logged(t, "usage")
	if len(lines) != 2 {
		t.Fatalf("%d usage records, want 2", len(lines))
	}
	if lines[0]["trace_id"] == nil || lines[0]["span_id"] == nil {
		t.Errorf("%v has no trace", lines[0])
	}
	for i, want := range []map[string]any{
		{
			"principal": "alice", "completion": "chatcmpl-1", "model": "pet-advisor-1", "target": "pets@gpu:8000", "outcome": "completed", "duration_ms": 2100.,
			"prompt_tokens": 20., "cached_tokens": 4., "completion_tokens": 101., "reasoning_tokens": 1., "estimated": false, "cost_usd": 0.0025,
		},
		{"principal": "alice", "completion": "chatcmpl-1", "model": "retired", "outcome": "cancelled", "code": "COMPLETION_CANCELLED"},
	} {
		for _, key := range []string{"time", "level", "msg", "trace_id", "span_id"} {
			delete(lines[i], key)
		}
		if diff := cmp.Diff(want, lines[i]); diff != "" {
			t.Errorf("usage record (-want +got):\n%s", diff)
		}
		if text, _ := json.Marshal(lines[i]); strings.Contains(string(text), secret) {
			t.Error("the usage record tells what was said")
		}
	}
}
