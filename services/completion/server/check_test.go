package server

import (
	"strings"
	"testing"
	"time"
)

// TestRetentionOutlastsAnAnswer is about settings by which an answer would expire while it is
// written.
func TestRetentionOutlastsAnAnswer(t *testing.T) {
	for _, test := range []struct {
		name             string
		log              string
		retention, total time.Duration
		refused          bool
	}{
		{"the defaults", "jetstream", time.Hour, 30 * time.Minute, false},
		{"as long", "jetstream", time.Minute, time.Minute, false},
		{"shorter", "jetstream", time.Minute, 2 * time.Minute, true},
		{"shorter than one without a bound", "jetstream", time.Minute, 0, false},
		{"in memory, where it begins at the end", "memory", time.Minute, 2 * time.Minute, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := Config{Listen: "127.0.0.1:0", Options: Options{
				Log: test.log, LogRetention: test.retention, TotalTimeout: test.total,
				NatsReplicas: 1, OrphanGrace: time.Second, MaxGenerating: 1,
			}}
			err := cfg.check()
			switch {
			case !test.refused && err != nil:
				t.Errorf("refused: %v", err)
			case test.refused && (err == nil || !strings.Contains(err.Error(), "--log-retention") || !strings.Contains(err.Error(), "--total-timeout")):
				t.Errorf("error %v, want one that names both flags", err)
			}
		})
	}
}
