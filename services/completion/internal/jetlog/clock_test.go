package jetlog

import (
	"testing"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/jetio"
)

// TestAStreamBeginsBehindTheOneBefore checks the first number of a new stream, even after the clock was set back.
func TestAStreamBeginsBehindTheOneBefore(t *testing.T) {
	l := &Log{io: &jetio.Stream{}}
	now := uint64(time.Now().UnixMicro())
	for _, known := range []uint64{0, now - 1000, now + uint64(time.Minute.Microseconds()), now + uint64(48*time.Hour.Microseconds())} {
		l.io.Begin(known)
		if first := l.firstSequence(); first <= known || first < now {
			t.Errorf("after %d it begins with %d", known, first)
		}
	}
}
