package door

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// badResponses are bodies of POST /v1/responses, without the model, and their refusals.
func badResponses() map[string]struct {
	members string
	want    api.Refusal
} {
	bad := func(code, param string) api.Refusal { return api.Bad(http.StatusBadRequest, code, param) }
	type row = struct {
		members string
		want    api.Refusal
	}
	return map[string]row{
		"conversation":     {`"input":"a","conversation":"conv_1"`, bad("unsupported_parameter", "conversation")},
		"prompt":           {`"input":"a","prompt":{"id":"p"}`, bad("unsupported_parameter", "prompt")},
		"truncation":       {`"input":"a","truncation":"some"`, bad("invalid_value", "truncation")},
		"web search":       {`"input":"a","tools":[{"type":"web_search"}]`, bad("unsupported_parameter", "tools[0].type")},
		"file search":      {`"input":"a","tools":[{"type":"file_search","vector_store_ids":["v"]}]`, bad("unsupported_parameter", "tools[0].type")},
		"computer":         {`"input":"a","tools":[{"type":"computer_use_preview","display_width":1,"display_height":1,"environment":"mac"}]`, bad("unsupported_parameter", "tools[0].type")},
		"code interpreter": {`"input":"a","tools":[{"type":"code_interpreter","container":{"type":"auto"}}]`, bad("unsupported_parameter", "tools[0].type")},
		"image generation": {`"input":"a","tools":[{"type":"image_generation"}]`, bad("unsupported_parameter", "tools[0].type")},
		"MCP":              {`"input":"a","tools":[{"type":"mcp","server_label":"x","server_url":"https://x.test"}]`, bad("unsupported_parameter", "tools[0].type")},
		"shell":            {`"input":"a","tools":[{"type":"local_shell"}]`, bad("unsupported_parameter", "tools[0].type")},
		"an unknown item":  {`"input":[{"role":"user","content":"a"},{"type":"magic"}]`, bad("invalid_value", "input[1].type")},
		"an item of a hosted tool": {
			`"input":[{"role":"user","content":"a"},{"type":"web_search_call","id":"ws_1","status":"completed"}]`, bad("unsupported_parameter", "input[1].type"),
		},
		"an output without its call": {
			`"input":[{"role":"user","content":"a"},{"type":"function_call_output","call_id":"c1","output":"1"}]`, bad("invalid_value", "input[1].call_id"),
		},
		"an image without a URL": {
			`"input":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":[{"type":"input_image","image_url":""}]}]`,
			bad("missing_required_parameter", "input[2].content[0].image_url"),
		},
		"an uploaded image": {
			`"input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","file_id":"file_1"}]}]`,
			bad("unsupported_parameter", "input[0].content[1].file_id"),
		},
		"no input":             {`"instructions":"a"`, bad("empty_array", "input")},
		"an empty input":       {`"input":[]`, bad("empty_array", "input")},
		"a member of chat":     {`"input":"a","max_tokens":7`, bad("unknown_parameter", "max_tokens")},
		"a limit out of range": {`"input":"a","max_output_tokens":0`, bad("integer_below_min_value", "max_output_tokens")},
		"a temperature":        {`"input":"a","temperature":3`, bad("decimal_above_max_value", "temperature")},
		"an unknown reference": {`"input":[{"type":"item_reference","id":"msg_1"}]`, bad("invalid_value", "input[0].id")},
		"previous, unknown": {
			`"input":"a","previous_response_id":"resp_NONE"`, api.Bad(http.StatusNotFound, "previous_response_not_found", "previous_response_id"),
		},
		"previous, of chat": {
			`"input":"a","previous_response_id":"chatcmpl-NONE"`, api.Bad(http.StatusNotFound, "previous_response_not_found", "previous_response_id"),
		},
	}
}

// TestBadInputOfResponses sends each body for a whole answer and for a stream, which are refused alike.
func TestBadInputOfResponses(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	for name, test := range badResponses() {
		t.Run(name, func(t *testing.T) {
			for _, stream := range []string{"false", "true"} {
				body := `{"model":"` + api.Model + `","stream":` + stream + `,` + test.members + `}`
				if diff := cmp.Diff(test.want, api.Refused(t, api.Do(t, api.Request(t, http.MethodPost, url+"/v1/responses", body)))); diff != "" {
					t.Errorf("stream %s (-want +got)\n%s", stream, diff)
				}
			}
		})
	}
	if err := rig.Fast(t).Fault(); err != nil {
		t.Error(err)
	}
}

// TestBadCursorsOfResponses resumes after frames that do not exist.
func TestBadCursorsOfResponses(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	create := func() (id string, frames int) {
		x := api.Do(t, api.Request(t, http.MethodPost, url+"/v1/responses", responseBody(api.Object{"stream": true})))
		return x.Header.Get("X-Completion-Id"), strings.Count(string(x.Body), "\n\n")
	}
	id, frames := create()
	other, _ := create()
	at := "/v1/responses/" + id
	for name, test := range map[string]struct {
		path, last string
		want       api.Refusal
	}{
		"ahead of the end":        {at + "?stream=true&starting_after=" + api.JSONOf(frames), "", api.Bad(http.StatusBadRequest, "invalid_cursor", "starting_after")},
		"far ahead of the end":    {at + "?stream=true&starting_after=99999", "", api.Bad(http.StatusBadRequest, "invalid_cursor", "starting_after")},
		"negative":                {at + "?stream=true&starting_after=-1", "", api.Bad(http.StatusBadRequest, "invalid_value", "starting_after")},
		"not a number":            {at + "?stream=true&starting_after=five", "", api.Bad(http.StatusBadRequest, "invalid_value", "starting_after")},
		"of another response":     {at + "?stream=true", other + ".3", api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		"of the other API":        {at + "?stream=true", strings.Replace(id, "resp_", "chatcmpl-", 1) + ".3", api.Bad(http.StatusBadRequest, "invalid_event_id", "")},
		"of no response":          {"/v1/responses/resp_NONE?stream=true&starting_after=3", "", api.Bad(http.StatusNotFound, "completion_not_found", "")},
		"by the other API's name": {strings.Replace(at, "resp_", "chatcmpl-", 1) + "?stream=true", "", api.Bad(http.StatusNotFound, "completion_not_found", "")},
	} {
		var headers []string
		if test.last != "" {
			headers = append(headers, "Last-Event-ID: "+test.last)
		}
		if diff := cmp.Diff(test.want, api.Refused(t, api.Do(t, api.Request(t, http.MethodGet, url+test.path, "", headers...)))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestPreviousResponses continues responses that cannot be continued.
func TestPreviousResponses(t *testing.T) {
	t.Parallel()
	url := rig.Edge(t, rig.Steady(t), "--auth=keys", "--auth-keys="+rig.Keys(t, "owner", "stranger"))
	post := func(url, key, path string, members api.Object) api.Exchange {
		return api.Do(t, api.Request(t, http.MethodPost, url+path, responseBody(members), rig.Bearer(key)))
	}
	goesOn := func(url, key, id string) api.Refusal {
		return api.Refused(t, post(url, key, "/v1/responses", api.Object{"previous_response_id": id}))
	}
	const param = "previous_response_id"
	running := post(url, "owner", "/v1/responses", api.Object{"background": true, "max_output_tokens": nil}).Header.Get("X-Completion-Id")
	if got, want := goesOn(url, "owner", running), api.Bad(http.StatusConflict, "previous_response_in_progress", param); got != want {
		t.Errorf("still running: %+v", got)
	}
	if got, want := goesOn(url, "stranger", running), api.Bad(http.StatusNotFound, "previous_response_not_found", param); got != want {
		t.Errorf("foreign: %+v", got)
	}
	api.Do(t, api.Request(t, http.MethodPost, url+"/v1/responses/"+running+"/cancel", "", rig.Bearer("owner")))
	if got, want := goesOn(url, "owner", running), api.Bad(http.StatusBadRequest, "previous_response_failed", param); got != want {
		t.Errorf("cancelled: %+v", got)
	}

	s := rig.Own(t, stack.Options{Completion: []string{"--log=memory", "--log-retention=1s"}})
	short := post(s.URL(), "nobody", "/v1/responses", api.Object{"max_output_tokens": 2}).Header.Get("X-Completion-Id")
	rig.Eventually(t, 30*time.Second, func() error {
		x := post(s.URL(), "nobody", "/v1/responses", api.Object{"previous_response_id": short, "max_output_tokens": 2})
		if x.Status == http.StatusOK {
			return rig.ErrNotYet
		}
		if got, want := api.Refused(t, x), api.Bad(http.StatusNotFound, "previous_response_not_found", param); got != want {
			t.Errorf("expired: %+v", got)
		}
		return nil
	})
}

// TestTruncation sends a conversation that fits the advisor only without its first turn.
func TestTruncation(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	ask := func(truncation string) api.Exchange {
		return api.Do(t, api.Request(t, http.MethodPost, url+"/v1/responses", responseBody(api.Object{"truncation": truncation, "input": []api.Object{
			{"role": "user", "content": strings.Repeat("My dog barks at night. ", 8000)},
			{"role": "assistant", "content": "How old is your dog?"},
			{"role": "user", "content": "Is a cat right for me?"},
		}})))
	}
	if got, want := api.Refused(t, ask("disabled")), api.Bad(http.StatusBadRequest, "context_length_exceeded", "input"); got != want {
		t.Errorf("disabled: %+v", got)
	}
	var response struct {
		Truncation string
		Usage      struct {
			Input int `json:"input_tokens"`
		}
	}
	if ask("auto").Into(t, &response); response.Truncation != "auto" || response.Usage.Input == 0 || response.Usage.Input > 100 {
		t.Errorf("auto: %+v", response)
	}
}
