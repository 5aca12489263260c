package jetlog

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
)

// TestWhatSomebodySwitchesOffComesBack changes settings of a stream in use, without which replicas can neither read
// it nor follow what others write.
func TestWhatSomebodySwitchesOffComesBack(t *testing.T) {
	skip.Long(t, "seconds of outages and elections")
	t.Parallel()
	for name, change := range map[string]func(*jetstream.StreamConfig){
		"direct reads":  func(c *jetstream.StreamConfig) { c.AllowDirect = false },
		"live messages": func(c *jetstream.StreamConfig) { c.RePublish = nil },
		"large records": func(c *jetstream.StreamConfig) { c.MaxMsgSize = 10 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := startNATS(t)
			l, other := open(t, Config{NATS: at(url)}), open(t, Config{NATS: at(url)})
			finish(t, l, "before", "x")
			cfg := l.streamConfig()
			change(&cfg)
			if _, err := l.js.UpdateStream(within(t), cfg); err != nil {
				t.Fatal(err)
			}
			for ctx := within(t); ; {
				info, err := l.stream.Info(ctx)
				if err == nil && same(&info.Config, new(l.streamConfig())) {
					break
				}
				if !pause(ctx, jetio.RetryPause) {
					t.Fatalf("the stream stays as it is, %v", err)
				}
			}
			awaitTrouble(t, l, "")
			id := createSoon(t, l, "after")
			for _, id := range []string{"before", id} {
				if _, kind := text(t, other, id); kind != chat.KindDone {
					t.Errorf("%s ends with %v", id, kind)
				}
			}
		})
	}
}
