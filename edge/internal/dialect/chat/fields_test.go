package chat

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/failure"
)

// everything is a request with all of OpenAI's members that the decoder accepts. Some of them conflict, which
// is for the service to report.
const everything = `{
	"model": "m", "stream": true, "stream_options": {"include_usage": true, "include_obfuscation": true},
	"max_completion_tokens": 1, "max_tokens": 1, "n": 1, "stop": ["."], "seed": 1, "temperature": 1, "top_p": 1,
	"frequency_penalty": 1, "presence_penalty": 1, "logit_bias": {"1": 1}, "logprobs": true, "top_logprobs": 1,
	"modalities": ["text"], "reasoning_effort": "low", "verbosity": "low", "service_tier": "auto", "user": "u",
	"safety_identifier": "s", "prompt_cache_key": "k", "store": true, "metadata": {"a": "b"},
	"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}, "prompt_cache_retention": "24h",
	"messages": [
		{"role": "user", "name": "n", "content": [
			{"type": "text", "text": "t", "prompt_cache_breakpoint": {"mode": "explicit"}},
			{"type": "image_url", "image_url": {"url": "u", "detail": "low"}},
			{"type": "input_audio", "input_audio": {"data": "d", "format": "wav"}},
			{"type": "file", "file": {"file_id": "i", "file_data": "d", "filename": "n"}},
			{"type": "refusal", "refusal": "r"}]},
		{"role": "assistant", "refusal": "r", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
		{"role": "tool", "tool_call_id": "c", "content": "42"},
		{"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}],
	"tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {}, "strict": true}}],
	"tool_choice": {"type": "function", "function": {"name": "f"}}, "parallel_tool_calls": true,
	"response_format": {"type": "json_schema", "json_schema": {"name": "n", "description": "d", "schema": {}, "strict": true}},
	"prediction": {"type": "content", "content": [{"type": "text", "text": "t", "prompt_cache_breakpoint": {"mode": "explicit"}}]}
}`

// older has the members that exclude their newer names.
const older = `{"functions": [{"name": "f", "description": "d", "parameters": {}}], "function_call": {"name": "f"},
	"messages": [{"role": "user", "content": ""}]}`

// narrower has the choice of a tool that excludes other choices.
const narrower = `{"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]}}}`

// TestOfficialFields compares the table with OpenAI's own types: each member has a fate, and no removed member
// has one.
func TestOfficialFields(t *testing.T) {
	types := officialTypes(t)
	known := make(map[string]bool)
	for path := range types {
		if !within(path) {
			if _, ok := official[path]; !ok {
				t.Errorf("%s is OpenAI's, and has no fate", path)
			}
		}
		known[path] = true
	}
	for path := range official {
		if !known[path] {
			t.Errorf("%s has a fate, and is not OpenAI's", path)
		}
	}
}

// within reports whether a path is below one that the decoder does not look into.
func within(path string) bool {
	for i := range path {
		if path[i] == '.' && official[path[:i]] >= handed {
			return true
		}
	}
	return false
}

// officialTypes returns the paths of OpenAI's types, each with the strings that it may be.
func officialTypes(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/official.txt")
	if err != nil {
		t.Fatal(err)
	}
	types := make(map[string][]string)
	for line := range strings.Lines(string(text)) {
		path, value, valued := strings.Cut(strings.TrimSpace(line), " = ")
		if types[path] == nil {
			types[path] = []string{}
		}
		if valued {
			types[path] = append(types[path], value)
		}
	}
	return types
}

// TestFates checks that the decoder treats each member by its fate.
func TestFates(t *testing.T) {
	seen := make(map[string]bool)
	for _, body := range []string{everything, older, narrower} {
		var value any
		if err := json.Unmarshal([]byte(body), &value); err != nil {
			t.Fatal(err)
		}
		collect("", value, seen)
		got, err := DecodeRequest([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if body != everything {
			continue
		}
		if diff := cmp.Diff(`{"prompt_cache_options":{"mode":"explicit","ttl":"30m"},"prompt_cache_retention":"24h"}`, got.Params.GetMore()); diff != "" {
			t.Error("handed on of the body", diff)
		}
		for i, m := range got.Params.GetMessages() {
			if m.GetMore() != "" || i > 0 && len(m.GetParts().GetParts()) > 0 {
				t.Errorf("message %d: %s is handed on", i, m.GetMore())
			}
			for j, p := range m.GetParts().GetParts() {
				if want := j == 0; (p.GetMore() != "") != want {
					t.Errorf("part %d: %q is handed on", j, p.GetMore())
				}
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(official)) {
		fate := official[path]
		if fate == refused {
			_, err := DecodeRequest(bodyWith(t, path, map[string]any{}))
			if err == nil || err.Code != "unsupported_parameter" || bare(err.Param) != path {
				t.Errorf("%s: %v", path, err)
			}
		} else if !seen[path] {
			t.Errorf("%s: no request of this test has it", path)
		}
	}
}

// collect adds the paths of a value's members.
func collect(at string, value any, paths map[string]bool) {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			path := strings.TrimPrefix(at+"."+name, ".")
			paths[path] = true
			collect(path, inner, paths)
		}
	case []any:
		for _, inner := range value {
			collect(at, inner, paths)
		}
	}
}

// TestOfficialValues sends each member with each of the strings that it may be.
func TestOfficialValues(t *testing.T) {
	for path, values := range officialTypes(t) {
		for _, value := range values {
			if within(path) || official[path] >= handed {
				continue
			}
			_, err := DecodeRequest(bodyWith(t, path, value))
			var want failure.Code
			if value == "custom" {
				want = "unsupported_parameter"
			}
			if err != nil && err.Code != "missing_required_parameter" && err.Code != want || err == nil && want != "" {
				t.Errorf("%s is %s: %v, want %q", path, value, err, want)
			}
		}
	}
}

// bodyWith returns a body with the value at the path.
func bodyWith(t *testing.T, path string, value any) []byte {
	t.Helper()
	names := strings.Split(path, ".")
	for i := len(names) - 1; i >= 0; i-- {
		switch names[i] {
		case "messages", "tools", "functions", "modalities", "tool_calls":
			value = []any{value}
		case "content":
			if i > 0 {
				value = []any{value}
			}
		}
		value = map[string]any{names[i]: value}
	}
	body, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// bare returns a path without its indexes.
func bare(path string) string { return strings.ReplaceAll(path, "[0]", "") }
