package jetlog

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func TestAnotherReplicaTellsWhatWasAsked(t *testing.T) {
	url := startNATS(t)
	a, b := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
	known := chat.Asking{1}
	a.TellAsked(func(asking chat.Asking) string {
		if asking == known {
			return "by-a"
		}
		return ""
	})
	for name, test := range map[string]struct {
		by     *Log
		asking chat.Asking
		want   string
	}{
		"the other one knows it":        {b, known, "by-a"},
		"nobody knows it":               {b, chat.Asking{2}, ""},
		"who knows asks nobody of that": {a, known, ""},
	} {
		begun := time.Now()
		if got := test.by.Asked(t.Context(), test.asking); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("%s: it took %v", name, took)
		}
	}
	for _, said := range []string{"", "nothing", hex.EncodeToString([]byte{1}), hex.EncodeToString(make([]byte, 33))} {
		a.answerAsked(&nats.Msg{Subject: askedPrefix + said}) // without a reply subject
	}
	alone := open(t, Config{})
	if got := alone.Asked(t.Context(), known); got != "" {
		t.Errorf("alone: %q", got)
	}
}
