package door

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/pawstream/pawstream/e2e/internal/api"
)

func unsupportedFeatures() []badInput {
	want := func(param string) api.Refusal { return api.Bad(http.StatusBadRequest, "unsupported_parameter", param) }
	part := func(part string) string {
		return asked(`[{"role":"user","content":[{"type":"text","text":"what is this?"},` + part + `]}]`)
	}
	const tool = `"tools":[{"type":"function","function":{"name":"f"}}]`
	return []badInput{
		{"a call that has to be made", with(tool + `,"tool_choice":"required"`), want("tool_choice")},
		{"a call by name", with(tool + `,"tool_choice":{"type":"function","function":{"name":"f"}}`), want("tool_choice")},
		{"a custom tool", with(`"tools":[{"type":"custom","custom":{"name":"f"}}]`), want("tools[0].type")},
		{"logprobs", with(`"logprobs":true`), want("logprobs")},
		{"top_logprobs", with(`"logprobs":true,"top_logprobs":2`), want("logprobs")},
		{"logit_bias", with(`"logit_bias":{"50256":-100}`), want("logit_bias")},
		{"a sound", part(`{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}`), want("messages[0].content[1].type")},
		{"a file", part(`{"type":"file","file":{"file_id":"file-1"}}`), want("messages[0].content[1].type")},
		{"an answer by a schema that asks for what nobody knows", with(`"response_format":{"type":"json_schema","json_schema":{"name":"pet","schema":{"type":"object","properties":{"microchip":{"type":"string"}},"required":["microchip"]}}}`), want("response_format")},
		{"audio", with(`"audio":{"voice":"alloy","format":"wav"}`), want("audio")},
		{"an audible answer", with(`"modalities":["text","audio"]`), want("modalities")},
		{"prediction", with(`"prediction":{"type":"content","content":"x"}`), want("prediction")},
		{"web_search_options", with(`"web_search_options":{}`), want("web_search_options")},
	}
}

func outOfRange() []badInput {
	var table []badInput
	add := func(name, literal, code, param string) {
		table = append(table, badInput{name + " " + literal, with(`"` + name + `":` + literal), api.Bad(http.StatusBadRequest, code, param)})
	}
	for _, number := range []struct{ name, below, above string }{
		{"temperature", "-0.001", "2.001"},
		{"top_p", "-0.1", "1.0000001"},
		{"frequency_penalty", "-2.1", "2.1"},
		{"presence_penalty", "-3", "3"},
	} {
		for _, below := range []string{number.below, "-1e308", "-1e999"} {
			add(number.name, below, "decimal_below_min_value", number.name)
		}
		for _, above := range []string{number.above, "1e308", "1e999"} {
			add(number.name, above, "decimal_above_max_value", number.name)
		}
	}
	for _, below := range []string{"0", "-1", "-2147483648", "-2147483649", "-1e400"} {
		for _, name := range []string{"n", "max_tokens", "max_completion_tokens"} {
			add(name, below, "integer_below_min_value", name)
		}
	}
	for _, above := range []string{"129", "2147483647", "2147483648", "99999999999999999999", "1e400"} {
		add("n", above, "integer_above_max_value", "n")
	}
	for _, above := range []string{"2147483648", "9223372036854775808"} {
		add("max_tokens", above, "integer_above_max_value", "max_tokens")
		add("max_completion_tokens", above, "integer_above_max_value", "max_completion_tokens")
	}
	add("seed", "9223372036854775808", "integer_above_max_value", "seed")
	add("seed", "-9223372036854775809", "integer_below_min_value", "seed")
	add("logit_bias", `{"1":-100.5}`, "decimal_below_min_value", "logit_bias")
	add("logit_bias", `{"1":101}`, "decimal_above_max_value", "logit_bias")
	for literal, code := range map[string]string{"-1": "integer_below_min_value", "21": "integer_above_max_value"} {
		table = append(table, badInput{
			"top_logprobs " + literal, with(`"logprobs":true,"top_logprobs":` + literal),
			api.Bad(http.StatusBadRequest, code, "top_logprobs"),
		})
	}
	return table
}

func wrongValues() []badInput {
	value := func(param string) api.Refusal { return api.Bad(http.StatusBadRequest, "invalid_value", param) }
	lacking := func(param string) api.Refusal {
		return api.Bad(http.StatusBadRequest, "missing_required_parameter", param)
	}
	empty := func(param string) api.Refusal { return api.Bad(http.StatusBadRequest, "empty_array", param) }
	return []badInput{
		{"unknown model", api.Body(api.Object{"model": "gpt-4o"}), api.Bad(http.StatusNotFound, "model_not_found", "model")},
		{"unknown model, streamed", api.Streamed(api.Object{"model": "../etc/passwd"}), api.Bad(http.StatusNotFound, "model_not_found", "model")},
		{"no model", `{"messages":[{"role":"user","content":"x"}]}`, lacking("model")},
		{"an empty model", api.Body(api.Object{"model": ""}), lacking("model")},
		{"nothing", `{}`, lacking("model")},
		{"no messages", `{"model":"` + api.Model + `"}`, empty("messages")},
		{"empty messages", asked(`[]`), empty("messages")},
		{"empty messages, streamed", api.Streamed(api.Object{"messages": []any{}}), empty("messages")},
		{"an empty message", asked(`[{}]`), lacking("messages[0].role")},
		{"an unknown role", asked(`[{"role":"robot","content":"x"}]`), value("messages[0].role")},
		{"no content", asked(`[{"role":"user"}]`), lacking("messages[0].content")},
		{"content null", asked(`[{"role":"user","content":null}]`), lacking("messages[0].content")},
		{"no parts", asked(`[{"role":"user","content":[]}]`), empty("messages[0].content")},
		{"an unknown part", asked(`[{"role":"user","content":[{"type":"video"}]}]`), value("messages[0].content[0].type")},
		{"a part without a type", asked(`[{"role":"user","content":[{"text":"x"}]}]`), lacking("messages[0].content[0].type")},
		{"a tool message without its call", asked(`[{"role":"tool","content":"x"}]`), lacking("messages[0].tool_call_id")},
		{"a user's refusal", asked(`[{"role":"user","content":"x","refusal":"no"}]`), value("messages[0].refusal")},
		{"stream_options without stream", with(`"stream_options":{"include_usage":true}`), value("stream_options")},
		{"stream_options and stream false", with(`"stream":false,"stream_options":{}`), value("stream_options")},
		{"top_logprobs without logprobs", with(`"top_logprobs":1`), value("top_logprobs")},
		{"two limits that differ", with(`"max_tokens":1,"max_completion_tokens":2`), value("max_tokens")},
		{"an empty stop", with(`"stop":["a",""]`), api.Bad(http.StatusBadRequest, "empty_string", "stop[1]")},
		{"an unknown policy", with(`"on_disconnect":"ignore"`), value("on_disconnect")},
		{"an unknown tier", with(`"service_tier":"gold"`), value("service_tier")},
		{"an unknown format", with(`"response_format":{"type":"yaml"}`), value("response_format.type")},
		{"a choice without tools", with(`"tool_choice":"required"`), value("tool_choice")},
	}
}

func tooMuch() []badInput {
	long := func(param string) api.Refusal { return api.Bad(http.StatusBadRequest, "array_above_max_length", param) }
	wide := func(param string) api.Refusal {
		return api.Bad(http.StatusBadRequest, "string_above_max_length", param)
	}
	message := `{"role":"user","content":"x"},`
	many := func(n int) string { return asked("[" + strings.TrimSuffix(strings.Repeat(message, n), ",") + "]") }
	var pairs []string
	for i := range 17 {
		pairs = append(pairs, fmt.Sprintf(`"key %d":"x"`, i))
	}
	tooLarge := api.Bad(http.StatusRequestEntityTooLarge, "request_too_large", "")
	return []badInput{
		{"2,049 messages", many(2049), long("messages")},
		{"100,000 messages", many(100_000), long("messages")},
		{"300,000 messages", many(300_000), long("messages")},
		{"70,000 parts", asked(`[{"role":"user","content":[` + strings.TrimSuffix(strings.Repeat(`{"type":"text","text":"x"},`, 70_000), ",") + `]}]`), tooLarge},
		{"11 MiB", api.Body(api.Object{"user": strings.Repeat("x", 11<<20)}), tooLarge},
		{"11 MiB of nothing", strings.Repeat(" ", 11<<20), tooLarge},
		{"a prompt of 40,000 words", api.Body(api.Object{"messages": []api.Object{{"role": "user", "content": strings.Repeat("dog ", 40_000)}}}), api.Bad(http.StatusBadRequest, "context_length_exceeded", "messages")},
		{"a word of 9 MB", api.Body(api.Object{"messages": []api.Object{{"role": "user", "content": strings.Repeat("x", 9_000_000)}}}), api.Bad(http.StatusBadRequest, "context_length_exceeded", "messages")},
		{"five stops", with(`"stop":["a","b","c","d","e"]`), long("stop")},
		{"17 pairs", with(`"metadata":{` + strings.Join(pairs, ",") + `}`), long("metadata")},
		{"a long key", with(`"metadata":{"` + strings.Repeat("k", 65) + `":"x"}`), wide("metadata")},
		{"a long value", with(`"metadata":{"k":"` + strings.Repeat("v", 513) + `"}`), wide("metadata")},
		{"a long user", with(`"user":"` + strings.Repeat("u", 513) + `"`), wide("user")},
		{"a long name", asked(`[{"role":"user","content":"x","name":"` + strings.Repeat("n", 65) + `"}]`), wide("messages[0].name")},
	}
}
