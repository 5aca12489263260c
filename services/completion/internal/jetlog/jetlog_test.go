package jetlog

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/logtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if natsDir != "" {
			_ = os.RemoveAll(natsDir)
		}
		os.Exit(code) //nolint:forbidigo // as goleak does itself
	}))
}

// notYet is the tests' default retention of completions that are not to be stored: longer than any test runs.
const notYet = 10 * time.Minute

// open returns a log that runs its own server unless cfg names one.
func open(t *testing.T, cfg Config) *Log {
	t.Helper()
	if cfg.DataDir == "" {
		cfg.DataDir = t.TempDir()
	}
	if cfg.ResumeRetention == 0 {
		cfg.ResumeRetention = notYet
	}
	l, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func TestLogKeepsTheContract(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	logtest.Run(t, func(*testing.T) chat.Log { return l })
}

func TestWhatIsNotToBeStoredExpires(t *testing.T) {
	t.Parallel()
	l := open(t, Config{ResumeRetention: 200 * time.Millisecond})
	logtest.RunExpiry(t, func(*testing.T) chat.Log { return l })
}
