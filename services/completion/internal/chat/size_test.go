package chat_test

import (
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// TestEveryTextTakesMemory makes each text of a request long in turn.
func TestEveryTextTakesMemory(t *testing.T) {
	const long = 1 << 16
	text := strings.Repeat("x", long)
	schema := func() map[string]any { return map[string]any{"enum": []any{text, 1.0, nil, true}} }
	messages := func(m chat.Message) func(*chat.Request) {
		return func(r *chat.Request) { r.Messages = []chat.Message{m} }
	}
	part := func(p chat.Part) func(*chat.Request) { return messages(chat.Message{Parts: []chat.Part{p}}) }
	changes := map[string]func(*chat.Request){
		"stop":            func(r *chat.Request) { r.Stop = []string{text} },
		"prediction":      func(r *chat.Request) { r.Prediction = &text },
		"metadata":        func(r *chat.Request) { r.Metadata = map[string]string{"k": text} },
		"part":            messages(chat.Message{Parts: []chat.Part{{Kind: chat.PartText, Text: text}}}),
		"image":           part(chat.Part{Kind: chat.PartImage, ImageURL: text}),
		"audio":           part(chat.Part{Kind: chat.PartAudio, AudioData: text}),
		"file":            part(chat.Part{Kind: chat.PartFile, FileData: text}),
		"name":            messages(chat.Message{Name: text}),
		"refusal":         messages(chat.Message{Refusal: text}),
		"reasoning":       messages(chat.Message{Reasoning: text}),
		"arguments":       messages(chat.Message{ToolCalls: []chat.ToolCall{{Arguments: text}}}),
		"tool":            func(r *chat.Request) { r.Tools = []chat.Tool{{Description: text}} },
		"tool parameters": func(r *chat.Request) { r.Tools = []chat.Tool{{Parameters: schema()}} },
		"schema":          func(r *chat.Request) { r.ResponseFormat = &chat.ResponseFormat{Schema: schema()} },
	}
	for i := range reflect.TypeFor[chat.Request]().NumField() {
		if field := reflect.TypeFor[chat.Request]().Field(i); field.Type.Kind() == reflect.String {
			changes[field.Name] = func(r *chat.Request) { reflect.ValueOf(r).Elem().Field(i).SetString(text) }
		}
	}
	for name, change := range changes {
		r := &chat.Request{}
		change(r)
		if got := r.Size(); got < long || got > long+2048 {
			t.Errorf("%s: %d bytes, want about %d", name, got, long)
		}
	}
}

// TestARequestTakesWhatItCountsFor makes requests of many small parts, which take more memory
// than their texts.
func TestARequestTakesWhatItCountsFor(t *testing.T) {
	const many = 50_000
	for name, fill := range map[string]func(r *chat.Request){
		"parts": func(r *chat.Request) {
			r.Messages = []chat.Message{{Parts: make([]chat.Part, many)}}
		},
		"messages":   func(r *chat.Request) { r.Messages = make([]chat.Message, many) },
		"tool calls": func(r *chat.Request) { r.Messages = []chat.Message{{ToolCalls: make([]chat.ToolCall, many)}} },
		"tools":      func(r *chat.Request) { r.Tools = make([]chat.Tool, many) },
		"stops":      func(r *chat.Request) { r.Stop = make([]string, many) },
		"objects in a schema": func(r *chat.Request) {
			list := make([]any, many)
			for i := range list {
				list[i] = map[string]any{"a": true}
			}
			r.ResponseFormat = &chat.ResponseFormat{Schema: map[string]any{"enum": list}}
		},
		"names in a schema": func(r *chat.Request) {
			names := make(map[string]any)
			for i := range many {
				names[strconv.Itoa(i)] = 1.5
			}
			r.ResponseFormat = &chat.ResponseFormat{Schema: names}
		},
		"biases": func(r *chat.Request) {
			r.LogitBias = make(map[int]float64)
			for i := range many {
				r.LogitBias[i] = 1
			}
		},
	} {
		r := &chat.Request{}
		before := heap()
		fill(r)
		if took, counted := heap()-before, r.Size(); took > counted+counted/20+1024 {
			t.Errorf("%s take %d bytes, and count for %d", name, took, counted)
		}
		runtime.KeepAlive(r)
	}
}

// heap returns the allocated bytes after a garbage collection.
func heap() int {
	for range 2 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
