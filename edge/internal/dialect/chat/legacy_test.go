package chat_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	"github.com/pawstream/pawstream/edge/internal/failure"
)

// TestFunctions decodes requests of the API before tools.
func TestFunctions(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{
			"functions", `{"functions":[{"name":"f","description":"d","parameters":{"type":"object"}},{"name":"g"}]}`,
			`tools { function { name: "f" description: "d" parameters { fields { key: "type" value { string_value: "object" } } } } }
				tools { function { name: "g" } } parallel_tool_calls: false function_calls: true`,
		},
		{"none at all", `{"functions":[],"function_call":null}`, ``},
		{"by rule", `{"function_call":"none","functions":[{"name":"f"}]}`, `tools { function { name: "f" } } tool_choice { mode: TOOL_CHOICE_MODE_NONE } parallel_tool_calls: false function_calls: true`},
		{"by name", `{"functions":[{"name":"f"}],"function_call":{"name":"f"}}`, `tools { function { name: "f" } } tool_choice { function_name: "f" } parallel_tool_calls: false function_calls: true`},
		{"a rule without functions", `{"function_call":"auto"}`, `tool_choice { mode: TOOL_CHOICE_MODE_AUTO }`},
		{
			"a history", `{"messages":[{"role":"user","content":"q"},
				{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}","x":1}},{"role":"function","name":"f","content":"42"},
				{"role":"assistant","function_call":{"name":"g","arguments":""}},{"role":"function","name":"g","content":null}]}`,
			`messages { role: ROLE_USER text: "q" }
				messages { role: ROLE_ASSISTANT tool_calls { id: "call_1" function { name: "f" arguments: "{}" } more: '{"function":{"x":1}}' } }
				messages { role: ROLE_TOOL tool_call_id: "call_1" text: "42" }
				messages { role: ROLE_ASSISTANT tool_calls { id: "call_3" function { name: "g" } } }
				messages { role: ROLE_TOOL tool_call_id: "call_3" text: "" }`,
		},
		{
			"a result of no call", `{"messages":[{"role":"function","name":"f","content":"42"}]}`,
			`messages { role: ROLE_TOOL tool_call_id: "call_f" text: "42" }`,
		},
		{
			"the call that some servers send beside tool calls", `{"messages":[{"tool_calls":[{"id":"c","function":{"name":"f"}}],"function_call":{"name":"f","arguments":"{}"}}]}`,
			`messages { tool_calls { id: "c" function { name: "f" } } }`,
		},
		{
			"allowed tools", `{"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}},{"type":"function","function":{"name":"h"}}],
				"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"h"}},{"type":"function","name":"f"}]}}}`,
			`tools { function { name: "f" } } tools { function { name: "h" } } tool_choice { mode: TOOL_CHOICE_MODE_REQUIRED }`,
		},
		{
			"allowed tools, before the tools", `{"tool_choice":{"allowed_tools":{"tools":[],"mode":"auto"},"type":"allowed_tools"},"tools":[{"type":"function","function":{"name":"f"}}]}`,
			`tool_choice { mode: TOOL_CHOICE_MODE_AUTO }`,
		},
		{
			"allowed tools in one object with their mode", `{"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]},"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]}`,
			`tool_choice { mode: TOOL_CHOICE_MODE_AUTO } tools { function { name: "f" } }`,
		},
		{
			"a tool as the Responses API has it", `{"tools":[{"type":"function","name":"f","description":"d","parameters":{"a":1},"strict":true,"cache_control":{}}],"tool_choice":{"type":"function","name":"f"}}`,
			`tools { function { name: "f" description: "d" strict: true parameters { fields { key: "a" value { number_value: 1 } } } } more: "{\"cache_control\":{}}" }
				tool_choice { function_name: "f" }`,
		},
		{"a rule as an object", `{"tool_choice":{"type":"auto"},"tools":[]}`, `tool_choice { mode: TOOL_CHOICE_MODE_AUTO }`},
		{"another rule as an object", `{"tool_choice":{"type":"required"}}`, `tool_choice { mode: TOOL_CHOICE_MODE_REQUIRED }`},
	} {
		t.Run(tt.name, func(t *testing.T) { accepts(t, tt.body, tt.want) })
	}
}

// TestRefusedFunctions checks that a client that uses functions gets the service's failures in terms of
// functions.
func TestRefusedFunctions(t *testing.T) {
	const functions, both = `{"functions":[{"name":"a"}]}`, `{"functions":[{"name":"a"}],"function_call":{"name":"a"}}`
	for _, tt := range []struct{ body, param, want string }{
		{functions, "tools", "functions"},
		{functions, "tools[0].function.name", "functions[0].name"},
		{functions, "tool_choice", "tool_choice"},
		{both, "tool_choice", "function_call"},
		{both, "toolset", "toolset"},
		{both, "", ""},
		{`{"tools":[{"type":"function","function":{"name":"a"}}],"tool_choice":"required"}`, "tools[0].function.name", "tools[0].function.name"},
	} {
		d := chat.New()
		req, refused := d.Decode([]byte(tt.body), nil)
		if refused != nil {
			t.Fatal(refused)
		}
		var shape dialect.Failures = d
		if req.Failures != nil {
			shape = req.Failures
		}
		_, body := shape.Failure(failure.Field("invalid_value", tt.param, "is wrong"))
		_, want := d.Failure(failure.Field("invalid_value", tt.want, "is wrong"))
		if diff := cmp.Diff(string(want), string(body)); diff != "" {
			t.Errorf("%s of %s (-want +got):\n%s", tt.param, tt.body, diff)
		}
	}
}
