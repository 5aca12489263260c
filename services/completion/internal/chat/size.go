package chat

import (
	"reflect"
	"strings"
)

// Sizes of the parts of a request, in bytes, without its texts: about what the structs take, or
// a map of a JSON schema with its first entries.
const (
	requestBytes  = 512
	messageBytes  = 192
	partBytes     = 160
	toolBytes     = 64
	objectBytes   = 304
	stopBytes     = 16
	valueBytes    = 32
	biasBytes     = 32
	metadataBytes = 48
)

// Size returns about how many bytes a request takes in memory.
func (r *Request) Size() int {
	size := requestBytes + biasBytes*len(r.LogitBias)
	for _, field := range reflect.ValueOf(r).Elem().Fields() {
		if field.Kind() == reflect.String {
			size += field.Len()
		}
	}
	for _, text := range []*string{r.Prediction, r.Instructions, r.PreviousID} {
		if text != nil {
			size += len(*text)
		}
	}
	for _, stop := range r.Stop {
		size += stopBytes + len(stop)
	}
	for key, value := range r.Metadata {
		size += metadataBytes + len(key) + len(value)
	}
	for i := range r.Messages {
		size += r.Messages[i].Size()
	}
	for i := range r.Tools {
		t := &r.Tools[i]
		size += toolBytes + len(t.Name) + len(t.Description) + len(t.More) + valueSize(t.Parameters)
	}
	if f := r.ResponseFormat; f != nil {
		size += toolBytes + len(f.Name) + len(f.Description) + valueSize(f.Schema)
	}
	return size
}

// Size returns about how many bytes a message takes in memory.
func (m *Message) Size() int {
	size := messageBytes + len(m.Name) + len(m.ToolCallID) + len(m.Refusal) + len(m.Reasoning) + len(m.More)
	size += stopBytes*len(m.EncryptedReasoning) + len(strings.Join(m.EncryptedReasoning, ""))
	for i := range m.Parts {
		p := &m.Parts[i]
		size += partBytes + len(p.Text) + len(p.ImageURL) + len(p.AudioData) + len(p.FileID) + len(p.FileData) + len(p.Filename) + len(p.More)
	}
	for i := range m.ToolCalls {
		c := &m.ToolCalls[i]
		size += callSize + len(c.ID) + len(c.Name) + len(c.Arguments) + len(c.More)
	}
	return size
}

// valueSize returns about how many bytes a value of a JSON schema takes.
func valueSize(value any) int {
	switch v := value.(type) {
	case string:
		return valueBytes + len(v)
	case []any:
		size := valueBytes
		for _, item := range v {
			size += valueSize(item)
		}
		return size
	case map[string]any:
		size := objectBytes
		for key, item := range v {
			size += valueBytes + len(key) + valueSize(item)
		}
		return size
	}
	return valueBytes
}
