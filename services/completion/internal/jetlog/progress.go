package jetlog

import (
	"google.golang.org/protobuf/proto"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/wire"
)

// publishProgress shows progress to readers on other replicas. It may get lost.
func (l *Log) publishProgress(id string, p chat.Progress) {
	data, err := proto.Marshal(wire.EventToProto(&chat.Event{Kind: chat.KindProgress, Progress: &p}))
	if err == nil {
		_ = l.conn.Publish(livePrefix+id+progressToken, data)
	}
}

func decodeProgress(data []byte) (chat.Progress, bool) {
	p := &completionv1.CompletionEvent{}
	if err := proto.Unmarshal(data, p); err != nil {
		return chat.Progress{}, false
	}
	e := wire.EventFromProto(p)
	if e.Kind != chat.KindProgress {
		return chat.Progress{}, false
	}
	return *e.Progress, true
}
