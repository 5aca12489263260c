package chat_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	"github.com/pawstream/pawstream/edge/internal/failure"
)

// TestDecodeRequestIsBounded checks that the decoder refuses a body of many small values before it allocates
// much.
func TestDecodeRequestIsBounded(t *testing.T) {
	const size = 4 << 20
	many := func(before, item, after string) string {
		n := size / (len(item) + 1)
		return before + strings.Repeat(item+",", n-1) + item + after
	}
	long := func(param string) *failure.Error {
		return &failure.Error{Status: http.StatusBadRequest, Code: "array_above_max_length", Param: param}
	}
	large := &failure.Error{Status: http.StatusRequestEntityTooLarge, Code: "request_too_large"}
	part := `{"type":"text","text":""}`
	for _, tt := range []struct {
		name, body string
		want       *failure.Error
	}{
		{"messages", many(`{"messages":[`, `{}`, `]}`), long("messages")},
		{"tools", many(`{"tools":[`, `{"type":"function"}`, `]}`), long("tools")},
		{"parts", many(`{"messages":[{"role":"user","content":[`, part, `]}]}`), large},
		{"parts of several messages", `{"messages":[` + many(`{"content":[`, part, `]},`) + many(`{"content":[`, part, `]}`) + `]}`, large},
		{"tool calls", many(`{"messages":[{"tool_calls":[`, `{}`, `]}]}`), large},
		{"texts to stop at", many(`{"stop":[`, `""`, `]}`), large},
		{"values of a schema", many(`{"response_format":{"type":"json_schema","json_schema":{"schema":{"enum":[`, `1`, `]}}}}`), large},
		{"modalities", many(`{"modalities":[`, `"text"`, `]}`), large},
		{"predicted parts", many(`{"prediction":{"type":"content","content":[`, part, `]}}`), large},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := allocated()
			_, err := chat.DecodeRequest([]byte(tt.body))
			took := allocated() - before
			if err == nil || err.Code != tt.want.Code || err.Status != tt.want.Status || err.Param != tt.want.Param {
				t.Fatalf("error = %+v, want %+v", err, tt.want)
			}
			if most := uint64(8 * len(tt.body)); took > most {
				t.Errorf("%d bytes took %d, want at most %d", len(tt.body), took, most)
			}
		})
	}
}

// allocated returns the number of bytes allocated so far.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}
