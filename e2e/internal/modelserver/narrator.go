// Package modelserver has scripted model servers for tests.
package modelserver

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A Narrator is a model server that tells one story. It continues a story that the request has begun, as vLLM
// does.
type Narrator struct {
	T         *testing.T
	Story     string
	Beat      time.Duration
	Continued atomic.Int32
}

// ServeHTTP implements http.Handler.
func (n *Narrator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Messages []struct {
			Role    string `json:"role"`
			Content string `json:"content"`
		} `json:"messages"`
		Continue bool `json:"continue_final_message"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		n.T.Error(err)
	}
	rest := n.Story
	if asked.Continue {
		n.Continued.Add(1)
		last := asked.Messages[len(asked.Messages)-1]
		told := strings.HasPrefix(n.Story, last.Content)
		if last.Role != "assistant" || !told || last.Content == "" {
			n.T.Errorf("to go on with: %+v", last)
		}
		rest = n.Story[len(last.Content):]
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for _, word := range strings.SplitAfter(rest, " ") {
		text, _ := json.Marshal(word)
		_, _ = fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s},\"finish_reason\":null}]}\n\n", text)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-time.After(n.Beat):
		case <-r.Context().Done():
			return
		}
	}
	_, _ = io.WriteString(w, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}
