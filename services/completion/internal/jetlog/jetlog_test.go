package jetlog

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/logtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open returns a log with a server of its own inside the process.
func open(t *testing.T, cfg Config) *Log {
	t.Helper()
	if cfg.DataDir == "" {
		cfg.DataDir = t.TempDir()
	}
	l, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func TestLogKeepsTheContract(t *testing.T) {
	l := open(t, Config{})
	logtest.Run(t, func(*testing.T) chat.Log { return l })
}
