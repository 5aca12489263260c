package responses_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/pawstream/pawstream/edge/internal/dialect/responses"
	"github.com/pawstream/pawstream/edge/internal/failure"
)

var update = flag.Bool("update", false, "write the files of testdata anew")

// TestRequests compares the decoded bodies of testdata/requests with the contract's parameters.
func TestRequests(t *testing.T) {
	bodies, err := filepath.Glob("testdata/requests/*.in.json")
	if err != nil || len(bodies) < 30 {
		t.Fatalf("%d bodies, %v", len(bodies), err)
	}
	for _, name := range bodies {
		t.Run(filepath.Base(name), func(t *testing.T) {
			body, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			r, fault := responses.New().Decode(body, nil)
			if fault != nil {
				t.Fatal(fault)
			}
			text, err := protojson.Marshal(r.Params)
			if err == nil {
				err = json.Indent(&got, text, "", "  ")
			}
			if err != nil {
				t.Fatal(err)
			}
			file := strings.Replace(name, ".in.", ".out.", 1)
			if *update {
				if err := os.WriteFile(file, append(got.Bytes(), '\n'), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var wantAny, gotAny any
			if err := json.Unmarshal(want, &wantAny); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(got.Bytes(), &gotAny); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wantAny, gotAny); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestRefusals checks the code and the param for bodies that the contract cannot express or we do not support.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct{ name, body, code, param string }{
		{"no JSON", `{`, "invalid_json", ""},
		{"unknown member", `{"messages":[]}`, "unknown_parameter", "messages"},
		{"conversation", `{"conversation":"conv_1"}`, "unsupported_parameter", "conversation"},
		{"conversation as an object", `{"conversation":{"id":"conv_1"}}`, "unsupported_parameter", "conversation"},
		{"prompt", `{"prompt":{"id":"p"}}`, "unsupported_parameter", "prompt"},
		{"truncation odd", `{"truncation":"odd"}`, "invalid_value", "truncation"},
		{"stream options without a stream", `{"stream_options":{"include_obfuscation":true}}`, "invalid_value", "stream_options"},
		{"previous that is none", `{"previous_response_id":"chatcmpl-1"}`, "previous_response_not_found", "previous_response_id"},
		{"previous of another type", `{"previous_response_id":7}`, "invalid_type", "previous_response_id"},
		{"include", `{"include":["everything"]}`, "invalid_value", "include[0]"},
		{"effort", `{"reasoning":{"effort":"huge"}}`, "invalid_value", "reasoning.effort"},
		{"format", `{"text":{"format":{"type":"xml"}}}`, "invalid_value", "text.format.type"},
		{"format without a type", `{"text":{"format":{}}}`, "missing_required_parameter", "text.format.type"},
		{"schema of a text", `{"text":{"format":{"type":"text","schema":{}}}}`, "unknown_parameter", "text.format.schema"},
		{"hosted tool", `{"tools":[{"type":"web_search","search_context_size":"low"}]}`, "unsupported_parameter", "tools[0].type"},
		{"hosted tool, type last", `{"tools":[{"vector_store_ids":["v"],"type":"file_search"}]}`, "unsupported_parameter", "tools[0].type"},
		{"custom tool", `{"tools":[{"type":"function","name":"f"},{"type":"custom","name":"x","format":{"type":"text"}}]}`, "unsupported_parameter", "tools[1].type"},
		{"tool of nothing", `{"tools":[{}]}`, "missing_required_parameter", "tools[0].type"},
		{"tool that OpenAI hosts", `{"tools":[{"type":"web_search"}]}`, "unsupported_parameter", "tools[0].type"},
		{"tool of chat completions", `{"tools":[{"type":"function","function":{"name":"f"}}]}`, "unknown_parameter", "tools[0].function"},
		{"choice of a hosted tool", `{"tool_choice":{"type":"web_search"}}`, "unsupported_parameter", "tool_choice.type"},
		{"choice of some tools without them", `{"tool_choice":{"type":"allowed_tools","mode":"auto"}}`, "missing_required_parameter", "tool_choice.tools"},
		{"choice of some tools by what", `{"tool_choice":{"type":"allowed_tools","mode":"often","tools":[]}}`, "invalid_value", "tool_choice.mode"},
		{"choice without a name", `{"tool_choice":{"type":"function"}}`, "missing_required_parameter", "tool_choice.name"},
		{"input of another type", `{"input":7}`, "invalid_type", "input"},
		{"item of another type", `{"input":["a"]}`, "invalid_type", "input[0]"},
		{"item of an unknown type", `{"input":[{"type":"magic"}]}`, "invalid_value", "input[0].type"},
		{"item of a hosted tool", `{"input":[{"action":{"type":"search"},"type":"web_search_call","id":"ws_1"}]}`, "unsupported_parameter", "input[0].type"},
		{"item of no type", `{"input":[{"content":"a"}]}`, "missing_required_parameter", "input[0].type"},
		{"role", `{"input":[{"role":"tool","content":"a"}]}`, "invalid_value", "input[0].role"},
		{"message without content", `{"input":[{"role":"user"}]}`, "missing_required_parameter", "input[0].content"},
		{"part of an unknown type", `{"input":[{"role":"user","content":[{"type":"image_url"}]}]}`, "invalid_value", "input[0].content[0].type"},
		{"part without text", `{"input":[{"role":"user","content":[{"type":"input_text"}]}]}`, "missing_required_parameter", "input[0].content[0].text"},
		{"uploaded image", `{"input":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]}`, "unsupported_parameter", "input[0].content[0].file_id"},
		{"file by URL", `{"input":[{"role":"user","content":[{"type":"input_file","file_url":"https://x"}]}]}`, "unsupported_parameter", "input[0].content[0].file_url"},
		{"call without an id", `{"input":[{"type":"function_call","name":"f","arguments":"{}"}]}`, "missing_required_parameter", "input[0].call_id"},
		{"output without output", `{"input":[{"type":"function_call_output","call_id":"c"}]}`, "missing_required_parameter", "input[0].output"},
		{"output without its call", `{"input":[{"role":"user","content":"a"},{"type":"function_call_output","call_id":"c","output":"1"}]}`, "invalid_value", "input[1].call_id"},
		{"reference to nothing of ours", `{"input":[{"type":"item_reference","id":"msg_1"}]}`, "invalid_value", "input[0].id"},
		{"too many items", `{"input":[` + strings.Repeat(`{"role":"user","content":""},`, 2048) + `{}]}`, "array_above_max_length", "input"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, fault := responses.New().Decode([]byte(tt.body), nil)
			if fault == nil || string(fault.Code) != tt.code || fault.Param != tt.param {
				t.Errorf("got %+v, want %s at %q", fault, tt.code, tt.param)
			}
		})
	}
}

// TestFailuresAreAboutTheBody checks that failures from the service refer to the client's body.
func TestFailuresAreAboutTheBody(t *testing.T) {
	const body = `{"model":"m","input":[
		{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"x"}]},
		{"type":"reasoning","id":"rs_1","summary":[]},
		{"type":"message","role":"assistant","content":[{"type":"output_text","text":"b"}]},
		{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},
		{"type":"function_call","call_id":"c2","name":"f","arguments":"{}"},
		{"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"1"}]},
		{"type":"item_reference","id":"msg_WQ3PXK2IJ5VB7YD2LXU2V4ANNQ_0"}]}`
	array, fault := responses.New().Decode([]byte(body), nil)
	if fault != nil {
		t.Fatal(fault)
	}
	text, _ := responses.New().Decode([]byte(`{"input":"a"}`), nil)
	for _, tt := range []struct{ of, param, want string }{
		{"array", "messages", "input"},
		{"array", "messages[0].content[1].image_url.url", "input[0].content[1].image_url"},
		{"array", "messages[0].content[1].image_url.detail", "input[0].content[1].detail"},
		{"array", "messages[0].content[1].type", "input[0].content[1].type"},
		{"array", "messages[1].tool_calls[1].function.name", "input[4].name"},
		{"array", "messages[1].tool_calls[0].id", "input[3].call_id"},
		{"array", "messages[2].content[0].type", "input[5].output[0].type"},
		{"array", "messages[2].tool_call_id", "input[5].call_id"},
		{"array", "messages[3].answer_pieces[0]", "input[6].id"},
		{"array", "max_completion_tokens", "max_output_tokens"},
		{"array", "response_format.json_schema.name", "text.format.name"},
		{"array", "response_format", "text.format"},
		{"array", "tools[1].function.name", "tools[1].name"},
		{"array", "previous_completion_id", "previous_response_id"},
		{"array", "temperature", "temperature"},
		{"text", "messages[0].content", "input"},
	} {
		r := array
		if tt.of == "text" {
			r = text
		}
		_, got := r.Failures.Failure(failure.InvalidValue(tt.param, "is odd"))
		var e struct {
			Error struct{ Message, Param string }
		}
		if err := json.Unmarshal(got, &e); err != nil || e.Error.Param != tt.want || e.Error.Message != "'"+tt.want+"' is odd." {
			t.Errorf("%s is %+v, want %s", tt.param, e, tt.want)
		}
	}
}

// TestMembers checks that the decoder accepts every member that a message may suggest.
func TestMembers(t *testing.T) {
	for _, name := range responses.Members() {
		if _, err := responses.New().Decode([]byte(`{"`+name+`":null}`), nil); err != nil && err.Code == "unknown_parameter" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := responses.New().Decode([]byte(`{"instructionz":""}`), nil); err == nil || !strings.Contains(err.Message, "(did you mean 'instructions'?)") {
		t.Errorf("misspelt: %v", err)
	}
	for theirs, ours := range map[string]string{"messages": "input", "response_format": "text.format", "max_tokens": "max_output_tokens"} {
		_, err := responses.New().Decode([]byte(`{"`+theirs+`":[]}`), nil)
		if want := "'" + theirs + "' is not a known parameter (responses have '" + ours + "' instead)"; err == nil || !strings.HasPrefix(err.Message, want) {
			t.Errorf("%s: %v, want %s", theirs, err, want)
		}
	}
}
