package responses_test

import (
	"encoding/json"
	"fmt"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/responses"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// stored returns the messages of a body as the service stores them.
func stored(t *testing.T, body string) []*completionv1.StoredMessage {
	t.Helper()
	r, fault := responses.New().Decode([]byte(body), nil)
	if fault != nil {
		t.Fatal(fault)
	}
	var list []*completionv1.StoredMessage
	for i, m := range r.Params.GetMessages() {
		list = append(list, &completionv1.StoredMessage{Id: fmt.Sprint(completionID, "-", i), Message: m})
	}
	return list
}

// TestInputList checks that items come back as the client sent them, in pages.
func TestInputList(t *testing.T) {
	const body = `{"input":[
		{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"https://x","detail":"low"}]},
		{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"hm"}],"encrypted_content":"gAAA=","reasoning_details":[{"type":"reasoning.text"}]},
		{"type":"reasoning","summary":[],"encrypted_content":"gBBB="},
		{"type":"message","role":"assistant","content":[{"type":"output_text","text":"b"}]},
		{"type":"function_call","call_id":"c1","name":"f","arguments":"{}","extra_content":{"google":{"thought_signature":"s=="}}},
		{"type":"function_call_output","call_id":"c1","output":"1","is_error":false},
		{"type":"reasoning","summary":[],"content":[],"reasoning_details":[{"type":"reasoning.encrypted"}]},
		{"type":"function_call","call_id":"c2","name":"f","arguments":""},
		{"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"2"}]}]}`
	messages := stored(t, body)
	list, fault := responses.NewInputList(messages, dialect.Page{Ascending: true})
	if fault != nil {
		t.Fatal(fault)
	}
	var sent struct{ Input []map[string]any }
	if err := json.Unmarshal([]byte(body), &sent); err != nil {
		t.Fatal(err)
	}
	text, err := jsonv2.Marshal(list.Data)
	var got []map[string]any
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil {
		t.Fatal(err)
	}
	ids := map[any]bool{}
	for _, item := range got {
		if item["status"] != "completed" || ids[item["id"]] {
			t.Errorf("%v", item)
		}
		ids[item["id"]] = true
		delete(item, "id")
		delete(item, "status")
	}
	if diff := cmp.Diff(sent.Input, got); diff != "" {
		t.Errorf("(-sent +listed):\n%s", diff)
	}

	var paged []*responses.InputItem
	page := dialect.Page{Limit: 3}
	for more := true; more; {
		part, fault := responses.NewInputList(messages, page)
		if fault != nil {
			t.Fatal(fault)
		}
		paged = append(paged, part.Data...)
		more, page.After = part.HasMore, *part.LastID
	}
	if len(paged) != 9 || paged[0].ID != list.Data[8].ID || paged[8].ID != list.Data[0].ID {
		t.Errorf("the newest first, there are %d items", len(paged))
	}
	for name, page := range map[string]dialect.Page{"after": {After: "msg_none"}, "limit": {Limit: 101}} {
		if _, fault := responses.NewInputList(messages, page); fault == nil || fault.Param != name {
			t.Errorf("%s: %v", name, fault)
		}
	}
}
