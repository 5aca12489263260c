package clients

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// story is the whole answer of the model "story": characters of every length, and those that confuse line-by-line
// readers.
var story = strings.Repeat("A beagle – friendly, 猫 not – sleeps\u2028in the “sun”. 🐈 é\u0085 ", 6) + "The end."

// A modelServer serves models that do one thing each.
type modelServer struct{ *httptest.Server }

func newModelServer(t *testing.T) *modelServer {
	t.Helper()
	mux := http.NewServeMux()
	s := &modelServer{httptest.NewServer(mux)}
	t.Cleanup(s.Close)
	for model, answer := range answers {
		mux.HandleFunc("POST /"+model+"/chat/completions", func(w http.ResponseWriter, r *http.Request) {
			asked, _ := io.ReadAll(r.Body)
			w.Header().Set("Content-Type", "text/event-stream")
			answer(&stream{w, r, string(asked)})
		})
	}
	return s
}

// answers are what the models do, by name.
var answers = map[string]func(*stream){
	"story": tellStory,
	"failing": func(s *stream) {
		s.words("It begins ")
		s.data(`{"error":{"message":"out of memory","code":500}}`)
	},
	"endless": func(s *stream) {
		for s.r.Context().Err() == nil {
			s.words("and ")
		}
	},
	"tools":  callTools,
	"shell":  runCommands,
	"object": giveObject,
}

// models returns the models file with these models.
func (s *modelServer) models() string {
	var file strings.Builder
	file.WriteString("models:\n")
	for _, model := range slices.Sorted(maps.Keys(answers)) {
		fmt.Fprintf(&file, "  - name: %s\n    targets: [{engine: openai, base_url: %s/%s, model: m}]\n", model, s.URL, model)
	}
	return file.String()
}

// A stream is an answer in progress.
type stream struct {
	w     http.ResponseWriter
	r     *http.Request
	asked string // the request's body
}

// data writes an event.
func (s *stream) data(text string) {
	_, _ = fmt.Fprintf(s.w, "data: %s\n\n", text)
	_ = http.NewResponseController(s.w).Flush()
}

// choice writes a chunk with one choice.
func (s *stream) choice(delta, finish string) {
	s.data(fmt.Sprintf(`{"choices":[{"index":0,"delta":%s,"finish_reason":%s}]}`, delta, finish))
}

// words writes a text word by word.
func (s *stream) words(text string) {
	for word := range strings.SplitAfterSeq(text, " ") {
		piece, _ := json.Marshal(map[string]string{"content": word})
		s.choice(string(piece), "null")
		select {
		case <-s.r.Context().Done():
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// end writes everything after the last piece of text.
func (s *stream) end(finish string) {
	s.choice("{}", `"`+finish+`"`)
	s.data(`{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}`)
	s.data("[DONE]")
}

func tellStory(s *stream) {
	s.words(story)
	s.end("stop")
}

// callTools calls a tool twice, in pieces and whole. With the results, it tells the story.
func callTools(s *stream) {
	if hasResults(s) {
		tellStory(s)
		return
	}
	s.choice(`{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"find_pet","arguments":""}}]}`, "null")
	s.choice(`{"tool_calls":[{"index":0,"function":{"arguments":"{\"name\":"}}]}`, "null")
	s.choice(`{"tool_calls":[{"index":0,"function":{"arguments":"\"Luna\"}"}}]}`, "null")
	s.choice(`{"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"find_pet","arguments":"{\"name\":\"Milo\"}"}}]}`, "null")
	s.end("tool_calls")
}

// runCommands makes Codex run two commands with output. With the results, it tells the story.
func runCommands(s *stream) {
	if hasResults(s) {
		tellStory(s)
		return
	}
	for i, pet := range []string{"Luna", "Milo"} {
		arguments, _ := json.Marshal(fmt.Sprintf(`{"cmd":"printf '%%s sleeps' %s","login":false}`, pet))
		s.choice(fmt.Sprintf(`{"tool_calls":[{"index":%d,"id":"call_%d","type":"function","function":{"name":"exec_command","arguments":%s}}]}`, i, i, arguments), "null")
	}
	s.end("tool_calls")
}

// hasResults reports whether the request has the results of both calls.
func hasResults(s *stream) bool {
	return strings.Contains(s.asked, "Luna sleeps") && strings.Contains(s.asked, "Milo sleeps")
}

// giveObject returns an object for the requested schema, and words if there is none.
func giveObject(s *stream) {
	if !strings.Contains(s.asked, `"response_format":{"type":"json_`) || !strings.Contains(s.asked, "age") {
		s.words("There is no schema.")
		s.end("stop")
		return
	}
	s.choice(`{"content":"{\"name\":\"Lu"}`, "null")
	s.choice(`{"content":"na\",\"age\":3}"}`, "null")
	s.end("stop")
}
