package jetlog

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// askedTimeout is how long other replicas have to say that they know an asking. The callers have already lost
// an answer, and are waiting.
const askedTimeout = 250 * time.Millisecond

// Asked implements [chat.Cluster].
func (l *Log) Asked(ctx context.Context, asking chat.Asking) (id string) {
	if l.server != nil {
		return "" // there is nobody else
	}
	ctx, cancel := context.WithTimeout(ctx, askedTimeout)
	defer cancel()
	// Only a replica that knows it answers: silence means no.
	answer, err := l.conn.RequestWithContext(ctx, askedPrefix+hex.EncodeToString(asking[:]), []byte(l.replica))
	if err != nil || !validID(string(answer.Data)) {
		return ""
	}
	return string(answer.Data)
}

// TellAsked implements [chat.Cluster].
func (l *Log) TellAsked(f func(chat.Asking) (id string)) { l.asked.Store(&f) }

// answerAsked answers another replica with the completion that this one knows by an asking.
func (l *Log) answerAsked(m *nats.Msg) {
	f := l.asked.Load()
	told, err := hex.DecodeString(strings.TrimPrefix(m.Subject, askedPrefix))
	if f == nil || err != nil || len(told) != len(chat.Asking{}) || string(m.Data) == l.replica {
		return
	}
	if id := (*f)(chat.Asking(told)); id != "" {
		_ = m.Respond([]byte(id)) // to the other side, silence means no
	}
}
