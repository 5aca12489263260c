package stream

import (
	"encoding/json"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
)

// TestJSONAnswers asks for rows of pets in JSON, with a schema and without. Whole and streamed answers must be equal.
func TestJSONAnswers(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	property := func(kind string) api.Object { return api.Object{"type": kind} }
	row := api.Object{"type": "object", "properties": api.Object{"name": property("string"), "price": property("number")}, "required": []string{"name", "price"}}
	schema := api.Object{"type": "object", "properties": api.Object{"cats": api.Object{"type": "array", "items": row}}, "required": []string{"cats"}}
	for name, format := range map[string]api.Object{
		"pets": {"type": "json_object"},
		"cats": {"type": "json_schema", "json_schema": api.Object{"name": "cats", "strict": true, "schema": schema}},
	} {
		asked := api.Object{
			"messages":        []api.Object{{"role": "user", "content": "name and price of your three cheapest cats"}},
			"response_format": format, "max_tokens": nil,
		}
		var c api.Completion
		api.Post(t, url, api.Body(asked)).Into(t, &c)
		text := c.Answer(t).Text
		var value map[string]json.RawMessage
		var rows []map[string]any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if err := json.Unmarshal(value[name], &rows); err != nil || len(rows) != 3 || rows[0]["name"] == "" {
			t.Errorf("%s: %v: %s", name, err, text)
		}
		if again := api.Joined(t, api.Record(t, url, asked).Events).Text; again != text {
			t.Errorf("streamed: %s\nwhole: %s", again, text)
		}
	}
}
