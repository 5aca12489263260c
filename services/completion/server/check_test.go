package server

import (
	"strings"
	"testing"
	"time"
)

// TestRetentionOutlastsAnAnswer checks the error for settings by which an answer could expire while it is
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
				LogOptions:   LogOptions{Log: test.log, LogRetention: test.retention, NatsReplicas: 1},
				TotalTimeout: test.total, OrphanGrace: time.Second, MaxGenerating: 1,
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

// TestResumeRetention checks the bounds of --resume-retention.
func TestResumeRetention(t *testing.T) {
	for retention, taken := range map[time.Duration]bool{0: true, time.Second: true, time.Hour: true, 48 * time.Hour: true, time.Millisecond: false, -time.Second: false} {
		o := LogOptions{LogRetention: time.Hour, ResumeRetention: retention, NatsReplicas: 1}
		err := o.check()
		if taken && err != nil || !taken && (err == nil || !strings.Contains(err.Error(), "--resume-retention")) {
			t.Errorf("%v: %v", retention, err)
		}
	}
}

// TestAnAnswerEndsBeforeItExpires checks that the log's retention bounds an answer without a bound of its own.
func TestAnAnswerEndsBeforeItExpires(t *testing.T) {
	for _, test := range []struct {
		name                   string
		log                    string
		retention, total, want time.Duration
	}{
		{"the defaults", "jetstream", time.Hour, 30 * time.Minute, 30 * time.Minute},
		{"without a bound", "jetstream", time.Hour, 0, time.Hour},
		{"in memory, where it begins at the end", "memory", time.Hour, 0, 0},
	} {
		cfg := Config{Options: Options{LogOptions: LogOptions{Log: test.log, LogRetention: test.retention}, TotalTimeout: test.total}}
		if got := cfg.deadlines().Total; got != test.want {
			t.Errorf("%s: an answer may take %v, want %v", test.name, got, test.want)
		}
	}
}
