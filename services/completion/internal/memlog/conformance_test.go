package memlog_test

import (
	"testing"

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
