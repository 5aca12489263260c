package memlog_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/logtest"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLogKeepsTheContract(t *testing.T) {
	logtest.Run(t, func(t *testing.T) chat.Log {
		t.Helper()
		log := memlog.New(memlog.Config{})
		t.Cleanup(log.Close)
		return log
	})
}

func TestWhatIsNotToBeStoredExpires(t *testing.T) {
	logtest.RunExpiry(t, func(t *testing.T) chat.Log {
		t.Helper()
		log := memlog.New(memlog.Config{ResumeRetention: 200 * time.Millisecond})
		t.Cleanup(log.Close)
		return log
	})
}
