package telemetry

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTerminal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		colour bool
		log    func(*slog.Logger)
		want   string
	}{
		{"plain", false, func(l *slog.Logger) { l.Info("stopped") }, "TIME INFO  stopped\n"},
		{"attributes", false, func(l *slog.Logger) {
			l.With(slog.Int("a", 1)).WithGroup("g").Warn("not ready", slog.String("reason", "no room"))
		}, "TIME WARN  not ready a=1 g.reason=\"no room\"\n"},
		{"colours", true, func(l *slog.Logger) { l.Error("broken", slog.Int("n", 2)) }, "TIME \x1b[31mERROR\x1b[0m broken n=2\n"},
		{"below the least level", false, func(l *slog.Logger) { l.Debug("detail") }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			c.log(slog.New(newTerminal(&out, slog.LevelInfo, c.colour)))
			got := out.String()
			if at, rest, ok := strings.Cut(got, " "); ok {
				if _, err := time.Parse("15:04:05", at); err != nil {
					t.Error(err)
				}
				got = "TIME " + rest
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestFormats checks that the default is JSON if the output is not a terminal.
func TestFormats(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"auto": `{"time":`, "json": `{"time":`, "text": "time="} {
		var out bytes.Buffer
		logger, err := newLogger(&out, format, "info", true)
		if err != nil {
			t.Fatal(err)
		}
		logger.Info("hello")
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: %s", format, &out)
		}
	}
	if _, err := newLogger(&bytes.Buffer{}, "xml", "info", true); err == nil {
		t.Error("a format that is not known was taken")
	}
}
