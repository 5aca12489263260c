package chat_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

// oneOf returns the end of a message that names all values of an enumeration.
func oneOf[E protoname.Enum]() string {
	return "must be one of '" + strings.Join(protoname.All[E](), "', '") + "'."
}

// A refusal is a body that the decoder refuses, and the error.
type refusal struct{ name, body, code, param, message string }

func notJSON() []refusal {
	const prefix = "The request body is not valid JSON: it "
	deep := strings.Repeat("[", 140)
	const taken = "is nested too deeply: at most 128 levels of arrays and objects are allowed."
	return []refusal{
		{"empty", ``, "", "", "The request body is empty; it must be a JSON object."},
		{"white space", "\n ", "", "", prefix + "ends too early, at byte 2."},
		{"truncated", `{"model":"m`, "", "", prefix + "ends too early, at byte 11."},
		{"truncated number", `{"n":1`, "", "", prefix + "ends too early, at byte 6."},
		{"trailing garbage", `{} {}`, "", "", prefix + "has more after its end, at byte 3."},
		{"trailing comma", `{"n":1,}`, "", "", prefix + "has a comma that nothing follows, at byte 6."},
		{"trailing comma in an array", `{"stop":["a", ]}`, "", "", prefix + "has a comma that nothing follows, at byte 12."},
		{"two commas", `{"n":1,,"m":2}`, "", "", prefix + "has an unexpected ',', at byte 7."},
		{"comment", `{/**/}`, "", "", prefix + "has an unexpected '/', at byte 1."},
		{"two byte order marks", "\ufeff\ufeff{}", "", "", prefix + "has a character that cannot stand there, at byte 0."},
		{"name that is a number", `{1:2}`, "", "", prefix + "has an unexpected '1', at byte 1."},
		{"single quotes", `{'n':2}`, "", "", prefix + "has a single quote, and JSON needs double quotes, at byte 1."},
		{"markup where a value is due", `{"n":<b>}`, "", "", prefix + "has a character that cannot stand there, at byte 5."},
		{"NaN", `{"temperature":NaN}`, "", "", prefix + "has an unexpected 'N', at byte 15."},
		{"null misspelt", `{"n":nul}`, "", "", prefix + "has an unexpected '}', at byte 8."},
		{"leading zero", `{"n":01}`, "", "", prefix + "has an unexpected '1', at byte 6."},
		{"raw control character", "{\"model\":\"a\nb\"}", "", "", prefix + "has a control character that must be escaped, at byte 11."},
		{"NUL", "{\"model\":\x00}", "", "", prefix + "has a control character that must be escaped, at byte 9."},
		{"not UTF-8", "{\"model\":\"\xc3(\"}", "", "", prefix + "has a byte that is not UTF-8, at byte 10."},
		{"not UTF-8 in a name", "{\"\xff\":1}", "", "", prefix + "has a byte that is not UTF-8, at byte 2."},
		{"unknown escape", `{"model":"\x"}`, "", "", prefix + "has an escape that stands for no character, at byte 10."},
		{"too deep a schema", `{"tools":[{"function":{"parameters":{"x":` + deep, "", "tools[0].function.parameters", "'tools[0].function.parameters' " + taken},
		{"too deep where it is skipped", `{"messages":[{"parsed":` + deep, "", "messages[0].parsed[0]", "'messages[0].parsed[0]' " + taken},
	}
}

func wrongType() []refusal {
	return []refusal{
		{"body", `[]`, "", "", "The request body must be an object, but is an array."},
		{"null body", `null`, "", "", "The request body must be an object, but is null."},
		{"string", `{"model":1}`, "", "model", "'model' must be a string, but is a number."},
		{"role", `{"messages":[{"role":7}]}`, "", "messages[0].role", "'messages[0].role' must be a string, but is a number."},
		{"boolean", `{"stream":"true"}`, "", "stream", "'stream' must be a boolean, but is a string."},
		{"number", `{"temperature":"1"}`, "", "temperature", "'temperature' must be a number, but is a string."},
		{"integer", `{"n":true}`, "", "n", "'n' must be a number, but is a boolean."},
		{"fraction", `{"n":1.5}`, "", "n", "'n' must be an integer, but is a number with a fraction."},
		{"tiny fraction", `{"n":1e-9}`, "", "n", "'n' must be an integer, but is a number with a fraction."},
		{"array", `{"messages":{}}`, "", "messages", "'messages' must be an array, but is an object."},
		{"element", `{"messages":[{},[]]}`, "", "messages[1]", "'messages[1]' must be an object, but is an array."},
		{"null element", `{"messages":[null]}`, "", "messages[0]", "'messages[0]' must be an object, but is null."},
		{"content", `{"messages":[{"content":{}}]}`, "", "messages[0].content", "'messages[0].content' must be a string or an array of parts, but is an object."},
		{
			"text of a part", `{"messages":[{"content":[{"type":"text","text":""},{"type":"text","text":[]}]}]}`, "",
			"messages[0].content[1].text", "'messages[0].content[1].text' must be a string, but is an array.",
		},
		{"image", `{"messages":[{"content":[{"image_url":7}]}]}`, "", "messages[0].content[0].image_url", "'messages[0].content[0].image_url' must be an object, but is a number."},
		{"tool arguments", `{"messages":[{"tool_calls":[{"function":{"arguments":7}}]}]}`, "", "messages[0].tool_calls[0].function.arguments", "'messages[0].tool_calls[0].function.arguments' must be a string, but is a number."},
		{"stop", `{"stop":1}`, "", "stop", "'stop' must be a string or an array of strings, but is a number."},
		{"stop text", `{"stop":["a",null]}`, "", "stop[1]", "'stop[1]' must be a string, but is null."},
		{"pair", `{"metadata":{"a":null}}`, "", "metadata.a", "'metadata.a' must be a string, but is null."},
		{"pair, no plain name", `{"metadata":{"a b":1}}`, "", "metadata", "'metadata' has a member that must be a string, but is a number."},
		{"bias", `{"logit_bias":{"1":null}}`, "", "logit_bias.1", "'logit_bias.1' must be a number, but is null."},
		{"tool choice", `{"tool_choice":1}`, "", "tool_choice", "'tool_choice' must be a string or an object, but is a number."},
		{"schema", `{"tools":[{"function":{"parameters":true}}]}`, "", "tools[0].function.parameters", "'tools[0].function.parameters' must be an object, but is a boolean."},
		{"prediction", `{"prediction":{"content":1}}`, "", "prediction.content", "'prediction.content' must be a string or an array of text parts, but is a number."},
	}
}

// lenient is the end of a message about an unknown member.
const lenient = "; a server that is started with --unknown-parameters=ignore, or forward, takes it."

func unknownOrUnsupported() []refusal {
	long := strings.Repeat("x", 65)
	return []refusal{
		{"parameter", `{"foo":1}`, "unknown_parameter", "foo", "'foo' is not a known parameter" + lenient},
		{"null parameter", `{"foo":null}`, "unknown_parameter", "foo", "'foo' is not a known parameter" + lenient},
		{"other case", `{"Model":"m"}`, "unknown_parameter", "Model", "'Model' is not a known parameter (did you mean 'model'?)" + lenient},
		{"misspelt", `{"temprature":1}`, "unknown_parameter", "temprature", "'temprature' is not a known parameter (did you mean 'temperature'?)" + lenient},
		{"of responses", `{"input":"a"}`, "unknown_parameter", "input", "'input' is not a known parameter (chat completions have 'messages' instead)" + lenient},
		{"a misspelling further in", `{"prediction":{"tempratur":1}}`, "unknown_parameter", "prediction.tempratur", "'prediction.tempratur' is not a known parameter" + lenient},
		{"of a format", `{"response_format":{"schema":{}}}`, "unknown_parameter", "response_format.schema", "'response_format.schema' is not a known parameter" + lenient},
		{"of a schema's format", `{"response_format":{"json_schema":{"x":1}}}`, "unknown_parameter", "response_format.json_schema.x", "'response_format.json_schema.x' is not a known parameter" + lenient},
		{"of a choice", `{"tool_choice":{"x":1}}`, "unknown_parameter", "tool_choice.x", "'tool_choice.x' is not a known parameter" + lenient},
		{"of a prediction", `{"prediction":{"a\r\nb":1}}`, "unknown_parameter", "prediction", "'prediction' has a member that is not a known parameter" + lenient},
		{"long name", `{"prediction":{"` + long + `":1}}`, "unknown_parameter", "prediction", "'prediction' has a member that is not a known parameter" + lenient},
		{"number as a name", `{"prediction":{"0":1}}`, "unknown_parameter", "prediction.0", "'prediction.0' is not a known parameter" + lenient},
		{"markup", `{"<script>":1}`, "unknown_parameter", "", "The request body has a member that is not a known parameter" + lenient},
		{"no name", `{"":1}`, "unknown_parameter", "", "The request body has a member that is not a known parameter" + lenient},
		{"number out of range, no plain name", `{"tools":[{"function":{"parameters":{"a b":1e400}}}]}`, "decimal_above_max_value", "tools[0].function.parameters", "'tools[0].function.parameters' has a member that is too large a number."},
		{"member of another type", `{"messages":[{"content":[{"type":"text","text":"","file":{}}]}]}`, "unknown_parameter", "messages[0].content[0].file", "'messages[0].content[0].file' does not belong to this type."},
		{"schema of another format", `{"response_format":{"type":"text","json_schema":{}}}`, "unknown_parameter", "response_format.json_schema", "'response_format.json_schema' does not belong to this type."},

		{"audio", `{"audio":{"voice":"x"}}`, "unsupported_parameter", "audio", "'audio' is not supported."},
		{"web search", `{"web_search_options":{}}`, "unsupported_parameter", "web_search_options", "'web_search_options' is not supported."},
		{"moderation", `{"moderation":{}}`, "unsupported_parameter", "moderation", "'moderation' is not supported."},
		{"sound of an answer", `{"messages":[{"audio":{"id":"a"}}]}`, "unsupported_parameter", "messages[0].audio", "'messages[0].audio' is not supported."},
		{"custom tool", `{"tools":[{"type":"custom"}]}`, "unsupported_parameter", "tools[0].type", "'tools[0].type' is supported for functions only."},
		{"custom tool, type last", `{"tools":[{"custom":{},"type":"custom"}]}`, "unsupported_parameter", "tools[0].custom", "'tools[0].custom' is not supported."},
		{"custom call", `{"messages":[{"tool_calls":[{"type":"custom"}]}]}`, "unsupported_parameter", "messages[0].tool_calls[0].type", "'messages[0].tool_calls[0].type' is supported for functions only."},
		{"custom choice", `{"tool_choice":{"type":"custom","custom":{"name":"x"}}}`, "unsupported_parameter", "tool_choice.type", "'tool_choice.type' is supported for functions only."},
		{"allowed custom tool", `{"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"custom"}]}}}`, "unsupported_parameter", "tool_choice.allowed_tools.tools[0].type", "'tool_choice.allowed_tools.tools[0].type' is supported for functions only."},
	}
}

func wrongValue() []refusal {
	return []refusal{
		{"allowed by what", `{"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"none"}}}`, "invalid_value", "tool_choice.allowed_tools.mode", "'tool_choice.allowed_tools.mode' must be one of 'auto', 'required'."},
		{"functions beside tools", `{"tools":[{"type":"function","function":{"name":"f"}}],"functions":[{"name":"f"}]}`, "invalid_value", "functions", "'functions' may not be given beside 'tools', which is their newer name."},
		{"a choice of each kind", `{"tool_choice":"auto","function_call":"auto"}`, "invalid_value", "function_call", "'function_call' may not be given beside 'tool_choice', which is its newer name."},
		{"function call by another rule", `{"function_call":"required"}`, "invalid_value", "function_call", "'function_call' must be one of 'none', 'auto'."},
		{"role", `{"messages":[{"role":"bot"}]}`, "invalid_value", "messages[0].role", "'messages[0].role' must be one of 'system', 'developer', 'user', 'assistant', 'tool', 'function'."},
		{"empty role", `{"messages":[{"role":""}]}`, "invalid_value", "messages[0].role", "'messages[0].role' must be one of 'system', 'developer', 'user', 'assistant', 'tool', 'function'."},
		{"part", `{"messages":[{"content":[{"type":"video"}]}]}`, "invalid_value", "messages[0].content[0].type", "'messages[0].content[0].type' must be one of 'text', 'refusal', 'image_url', 'input_audio', 'file'."},
		{"modality", `{"modalities":["text","smell"]}`, "invalid_value", "modalities[1]", "'modalities[1]' " + oneOf[completionv1.Modality]()},
		{"effort", `{"reasoning_effort":"most"}`, "invalid_value", "reasoning_effort", "'reasoning_effort' " + oneOf[completionv1.ReasoningEffort]()},
		{"verbosity", `{"verbosity":"x"}`, "invalid_value", "verbosity", "'verbosity' " + oneOf[completionv1.Verbosity]()},
		{"policy", `{"on_disconnect":"x"}`, "invalid_value", "on_disconnect", "'on_disconnect' " + oneOf[completionv1.OnDisconnect]()},
		{"tool choice", `{"tool_choice":"any"}`, "invalid_value", "tool_choice", "'tool_choice' " + oneOf[completionv1.ToolChoiceMode]()},
		{"format", `{"response_format":{"type":"xml"}}`, "invalid_value", "response_format.type", "'response_format.type' must be one of 'text', 'json_object', 'json_schema'."},
		{"prediction", `{"prediction":{"type":"x"}}`, "invalid_value", "prediction.type", "'prediction.type' must be 'content'."},
		{"predicted image", `{"prediction":{"type":"content","content":[{"type":"file"}]}}`, "invalid_value", "prediction.content[0].type", "'prediction.content[0].type' must be 'text'."},
		{"token id", `{"logit_bias":{"cat":1}}`, "invalid_value", "logit_bias", "'logit_bias' must have token ids as its names."},
		{"token id in another spelling", `{"logit_bias":{"01":1}}`, "invalid_value", "logit_bias", "'logit_bias' must have token ids as its names."},
		{"token id too large", `{"logit_bias":{"4294967296":1}}`, "invalid_value", "logit_bias", "'logit_bias' must have token ids as its names."},
		{"stream options of no stream", `{"stream_options":{}}`, "invalid_value", "stream_options", "'stream_options' is only allowed when 'stream' is true."},

		{"integer too large", `{"n":2147483648}`, "integer_above_max_value", "n", "'n' is too large a number."},
		{"integer too small", `{"n":-2147483649}`, "integer_below_min_value", "n", "'n' is too small a number."},
		{"integer far too large", `{"n":1e400}`, "integer_above_max_value", "n", "'n' is too large a number."},
		{"integer far too small", `{"max_tokens":-1e400}`, "integer_below_min_value", "max_tokens", "'max_tokens' is too small a number."},
		{"long integer too large", `{"seed":9223372036854775808}`, "integer_above_max_value", "seed", "'seed' is too large a number."},
		{"long integer too small", `{"seed":-9223372036854775809}`, "integer_below_min_value", "seed", "'seed' is too small a number."},
		{"long integer too large, as a double", `{"seed":9223372036854775808.0}`, "integer_above_max_value", "seed", "'seed' is too large a number."},
		{"decimal too large", `{"temperature":1e400}`, "decimal_above_max_value", "temperature", "'temperature' is too large a number."},
		{"decimal too small", `{"top_p":-1e400}`, "decimal_below_min_value", "top_p", "'top_p' is too small a number."},
		{"decimal in a schema", `{"tools":[{"function":{"parameters":{"maximum":1e400}}}]}`, "decimal_above_max_value", "tools[0].function.parameters.maximum", "'tools[0].function.parameters.maximum' is too large a number."},

		{"image of a file", `{"messages":[{"content":[{"type":"input_image","file_id":"f"}]}]}`, "unsupported_parameter", "messages[0].content[0].file_id", "'messages[0].content[0].file_id' is not supported: there are no uploads; send 'image_url'."},
		{"file of a URL", `{"messages":[{"content":[{"file_url":"https://x","type":"input_file"}]}]}`, "unsupported_parameter", "messages[0].content[0].file_url", "'messages[0].content[0].file_url' is not supported; send 'file_data'."},
		{"part without a type", `{"messages":[{"content":[{"text":"x"}]}]}`, "missing_required_parameter", "messages[0].content[0].type", "'messages[0].content[0].type' is required."},
		{"part without its text", `{"messages":[{"content":[{"type":"text"}]}]}`, "missing_required_parameter", "messages[0].content[0].text", "'messages[0].content[0].text' is required."},
		{"tool of nothing", `{"tools":[{}]}`, "missing_required_parameter", "tools[0].type", "'tools[0].type' is required."},
		{"allowed tools without a mode", `{"tool_choice":{"type":"allowed_tools","allowed_tools":{"tools":[]}}}`, "missing_required_parameter", "tool_choice.allowed_tools.mode", "'tool_choice.allowed_tools.mode' is required."},
		{"allowed tools without tools", `{"tool_choice":{"type":"allowed_tools"}}`, "missing_required_parameter", "tool_choice.allowed_tools.tools", "'tool_choice.allowed_tools.tools' is required."},
		{"choice without a type", `{"tool_choice":{"function":{"name":"f"}}}`, "missing_required_parameter", "tool_choice.type", "'tool_choice.type' is required."},
		{"choice without a name", `{"tool_choice":{"type":"function"}}`, "missing_required_parameter", "tool_choice.function.name", "'tool_choice.function.name' is required."},
		{"format without a type", `{"response_format":{}}`, "missing_required_parameter", "response_format.type", "'response_format.type' is required."},
		{"prediction without a type", `{"prediction":{"content":"x"}}`, "missing_required_parameter", "prediction.type", "'prediction.type' is required."},
		{"prediction without content", `{"prediction":{"type":"content","content":null}}`, "missing_required_parameter", "prediction.content", "'prediction.content' is required."},
	}
}

func TestRefuse(t *testing.T) {
	for _, group := range []struct {
		name string
		code string // of rows without a code
		all  []refusal
	}{
		{"not JSON", "invalid_json", notJSON()},
		{"type", "invalid_type", wrongType()},
		{"parameter", "", unknownOrUnsupported()},
		{"value", "", wrongValue()},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.all {
				t.Run(test.name, func(t *testing.T) {
					want := &failure.Error{
						Status: http.StatusBadRequest,
						Code:   failure.Code(test.code + group.code), Message: test.message, Param: test.param,
					}
					_, err := chat.DecodeRequest([]byte(test.body))
					if diff := cmp.Diff(want, err); diff != "" {
						t.Errorf("(-want +got)\n%s", diff)
					}
					if body := string(openai.AppendError(nil, err)); !strings.Contains(body, `"type":"invalid_request_error"`) {
						t.Errorf("body %s", body)
					}
				})
			}
		})
	}
}

// TestMembers checks that the decoder accepts every member that a message may suggest.
func TestMembers(t *testing.T) {
	for _, name := range chat.Members() {
		if _, err := chat.DecodeRequest([]byte(`{"` + name + `":null}`)); err != nil && err.Code == "unknown_parameter" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
