package responses_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/dialect/responses"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

const completionID = "chatcmpl-WQ3PXK2IJ5VB7YD2LXU2V4ANNQ"

func metadata(p *completionv1.CompletionParams) *completionv1.CompletionMetadata {
	return &completionv1.CompletionMetadata{
		Id: completionID, Created: 1700000000, Model: "pet-advisor-1", ServiceTier: "default", Params: p,
	}
}

type events []*completionv1.CompletionEvent

func (e events) delta(d *completionv1.Delta) events {
	return append(e, &completionv1.CompletionEvent{Sequence: uint64(len(e)), Event: &completionv1.CompletionEvent_Delta{Delta: d}})
}

func (e events) text(s string) events { return e.delta(&completionv1.Delta{Content: s}) }

func (e events) call(index int32, id, name, arguments string) events {
	return e.delta(&completionv1.Delta{ToolCalls: []*completionv1.ToolCallDelta{{Index: index, Id: id, FunctionName: name, Arguments: arguments}}})
}

func (e events) finish(r completionv1.FinishReason) events {
	return append(e, &completionv1.CompletionEvent{Sequence: uint64(len(e)), Event: &completionv1.CompletionEvent_Finish{Finish: &completionv1.Finish{Reason: r}}})
}

func cost() *completionv1.Usage {
	return &completionv1.Usage{PromptTokens: 7, CompletionTokens: 3, TotalTokens: 10}
}

func (e events) done() events {
	return append(e, &completionv1.CompletionEvent{Sequence: uint64(len(e)), Event: &completionv1.CompletionEvent_Done{Done: &completionv1.Done{}}, FinalUsage: cost()})
}

func (e events) failed(reason string) events {
	return append(e, &completionv1.CompletionEvent{Sequence: uint64(len(e)), FinalUsage: cost(), Event: &completionv1.CompletionEvent_Error{
		Error: &completionv1.Error{Code: 10, Reason: reason, Message: "It ended."},
	}})
}

// project returns the frames of events, without the blank lines that end them.
func project(t testing.TB, meta *completionv1.CompletionMetadata, list events, r dialect.Reader) []string {
	t.Helper()
	p := responses.New().Project(r)
	out, err := p.Open(nil, meta)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if out, err = p.Event(out, e); err != nil {
			t.Fatal(err)
		}
	}
	return frames(out)
}

func frames(out []byte) []string {
	list := strings.Split(string(out), "\n\n")
	return list[:len(list)-1]
}

// dataOf returns the type of a frame and its data.
func dataOf(t testing.TB, frame string) (string, map[string]any) {
	t.Helper()
	name, data, ok := strings.Cut(frame, "\ndata: ")
	name, named := strings.CutPrefix(name, "event: ")
	data, _, _ = strings.Cut(data, "\n")
	var members map[string]any
	if err := json.Unmarshal([]byte(data), &members); err != nil || !ok || !named || members["type"] != name {
		t.Fatalf("frame %q: %v", frame, err)
	}
	return name, members
}

// random returns a completion's events, sometimes without the last ones.
func random(r *rand.Rand) events {
	pieces := []string{"a", "Beagle", " \u2028", "é", "\"\\", "{}", " "}
	word := func() string { return pieces[r.IntN(len(pieces))] }
	list := events{}.delta(&completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT})
	calls := int32(0)
	for range r.IntN(30) {
		switch r.IntN(9) {
		case 0:
			list = list.delta(&completionv1.Delta{Reasoning: word()})
		case 1:
			list = list.delta(&completionv1.Delta{Refusal: word(), Content: word()})
		case 2:
			list = list.call(calls, fmt.Sprint("call_", calls), word(), "")
			calls++
		case 3:
			if calls > 0 {
				list = list.call(r.Int32N(calls), "", "", word())
			}
		case 5:
			list = list.delta(&completionv1.Delta{Reasoning: []string{"", word()}[r.IntN(2)], EncryptedReasoning: fmt.Sprint("g", r.Int())})
		case 4:
			list = list.delta(&completionv1.Delta{Content: word(), Logprobs: &completionv1.Logprobs{Content: []*completionv1.TokenLogprob{{Token: "x", Logprob: -1}}}})
		default:
			list = list.text(word())
		}
	}
	switch r.IntN(6) {
	case 0:
		return list
	case 1:
		return list.failed("UPSTREAM_ERROR")
	case 2:
		return list.failed("COMPLETION_CANCELLED")
	case 3:
		return list.finish(completionv1.FinishReason_FINISH_REASON_LENGTH).done()
	}
	return list.finish(completionv1.FinishReason_FINISH_REASON_STOP).done()
}

func randomParams(r *rand.Rand) *completionv1.CompletionParams {
	p := &completionv1.CompletionParams{Background: r.IntN(2) == 0, Store: true}
	if r.IntN(2) == 0 {
		p.Instructions = new("Be brief.")
	}
	return p
}

// TestLaws checks the promises of a projection for random completions.
func TestLaws(t *testing.T) {
	for seed := range uint64(300) {
		checkLaws(t, rand.New(rand.NewPCG(seed, 0)))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// FuzzLaws checks the same for completions from the fuzzer.
func FuzzLaws(f *testing.F) {
	for seed := range byte(8) {
		f.Add(bytes.Repeat([]byte{seed * 37, 255 - seed, seed << 5}, 20))
	}
	f.Fuzz(func(t *testing.T, decisions []byte) { checkLaws(t, rand.New(&decided{decisions, rand.NewPCG(0, 0)})) })
}

// decided is a random source that takes one byte for each decision, and continues at random after the last one.
type decided struct {
	decisions []byte
	after     *rand.PCG
}

func (d *decided) Uint64() uint64 {
	n := d.after.Uint64()
	if len(d.decisions) > 0 {
		n = n>>8 | uint64(d.decisions[0])<<56
		d.decisions = d.decisions[1:]
	}
	return n
}

// TestLawsOverTheLog checks the same for completions from the log's own fuzz target.
func TestLawsOverTheLog(t *testing.T) {
	text, err := os.ReadFile("testdata/log.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for line := range bytes.Lines(text) {
		var messages []json.RawMessage
		if err := json.Unmarshal(line, &messages); err != nil {
			t.Fatal(err)
		}
		var list events
		for i, m := range messages {
			e := &completionv1.CompletionEvent{}
			if err := protojson.Unmarshal(m, e); err != nil {
				t.Fatal(err)
			}
			if e.Sequence = uint64(i); e.GetDone() != nil {
				e.FinalUsage = cost()
			}
			list = append(list, e)
		}
		checkSequence(t, rand.New(rand.NewPCG(uint64(tried), 0)), list)
		if tried++; t.Failed() {
			t.Fatalf("sequence %d", tried)
		}
	}
	if tried < 40 {
		t.Errorf("%d sequences", tried)
	}
}

func checkLaws(t *testing.T, r *rand.Rand) {
	t.Helper()
	checkSequence(t, r, random(r))
}

func checkSequence(t *testing.T, r *rand.Rand, list events) {
	t.Helper()
	meta := metadata(randomParams(r))
	if r.IntN(3) == 0 {
		meta.StreamOptions = &completionv1.StreamOptions{IncludeObfuscation: true}
		meta.ObfuscationKey = []byte("key")
	}
	all := project(t, meta, list, dialect.Reader{})
	checkNumbers(t, all)
	checkTerminal(t, all, list)
	checkSplit(t, meta, list, all)
	checkText(t, meta, list, all)
	checkSum(t, meta, list, all)
	if t.Failed() {
		t.Logf("%v", list)
	}
}

// checkNumbers: the numbers are dense.
func checkNumbers(t *testing.T, all []string) {
	t.Helper()
	for i, frame := range all {
		if _, data := dataOf(t, frame); data["sequence_number"] != float64(i) {
			t.Errorf("frame %d has the number %v", i, data["sequence_number"])
		}
	}
}

// checkTerminal: a terminal event of the log is one terminal frame. It is the last one, except that a failure
// is repeated.
func checkTerminal(t *testing.T, all []string, list events) {
	t.Helper()
	end := len(all)
	switch last := list[len(list)-1]; {
	case last.GetDone() != nil:
		end--
	case last.GetError() != nil:
		end -= 2
		name, data := dataOf(t, all[len(all)-1])
		_, failed := dataOf(t, all[end])
		told, _ := data["error"].(map[string]any)
		response, _ := failed["response"].(map[string]any)
		if diff := cmp.Diff(response["error"], any(map[string]any{"code": told["code"], "message": told["message"]})); name != "error" || diff != "" {
			t.Errorf("the last frame is %s (-response.failed +error):\n%s", name, diff)
		}
	}
	for i, frame := range all {
		name, _ := dataOf(t, frame)
		if terminal := name == "response.completed" || name == "response.incomplete" || name == "response.failed"; terminal != (i == end) {
			t.Errorf("frame %d of %d is %s", i, len(all), name)
		}
	}
}

// checkSplit: what follows a cursor is the same bytes as without one.
func checkSplit(t *testing.T, meta *completionv1.CompletionMetadata, list events, all []string) {
	t.Helper()
	for after := range uint64(len(all)) {
		if diff := cmp.Diff(all[after+1:], project(t, meta, list, dialect.Reader{After: &after})); diff != "" {
			t.Errorf("after %d (-want +got):\n%s", after, diff)
		}
	}
}

// checkText: the fast path for text gives the same bytes.
func checkText(t *testing.T, meta *completionv1.CompletionMetadata, list events, all []string) {
	t.Helper()
	p := responses.New().Project(dialect.Reader{})
	out, err := p.Open(nil, meta)
	for _, e := range list {
		d := e.GetDelta()
		if err == nil && d.GetContent() != "" && d.GetLogprobs() == nil && d.GetRefusal()+d.GetReasoning()+d.GetEncryptedReasoning() == "" {
			out, err = p.Text(out, e.GetSequence(), 0, []byte(d.GetContent()))
		} else if err == nil {
			out, err = p.Event(out, e)
		}
	}
	if diff := cmp.Diff(all, frames(out)); err != nil || diff != "" {
		t.Errorf("text by its short way: %v (-want +got):\n%s", err, diff)
	}
}

// checkSum: the items of the last frame equal those of the earlier frames, which are the sums of their pieces.
// A fold gives the same response.
func checkSum(t *testing.T, meta *completionv1.CompletionMetadata, list events, all []string) {
	t.Helper()
	pieces, done := map[string]string{}, []any{}
	for _, frame := range all {
		name, data := dataOf(t, frame)
		at := fmt.Sprint(data["item_id"], data["content_index"])
		switch {
		case strings.HasSuffix(name, ".delta"):
			text, _ := data["delta"].(string)
			pieces[at] += text
		case name == "response.output_text.done" || name == "response.reasoning_text.done":
			if data["text"] != pieces[at] {
				t.Errorf("%s has %q, its pieces %q", at, data["text"], pieces[at])
			}
		case name == "response.function_call_arguments.done":
			if data["arguments"] != pieces[at] {
				t.Errorf("%s has %q, its pieces %q", at, data["arguments"], pieces[at])
			}
		case name == "response.output_item.done":
			for float64(len(done)) <= data["output_index"].(float64) {
				done = append(done, nil)
			}
			done[int(data["output_index"].(float64))] = data["item"]
		}
	}
	fold := responses.New().Fold(nil)
	if err := fold.Open(meta); err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if err := fold.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	name, data := dataOf(t, all[len(all)-1])
	if name == "error" {
		name, data = dataOf(t, all[len(all)-2])
	}
	var sum any
	if err := json.Unmarshal(fold.Response(), &sum); err != nil {
		t.Fatal(err)
	}
	if response, _ := data["response"].(map[string]any); response["status"] != "in_progress" && response["status"] != "queued" && response != nil {
		if diff := cmp.Diff(data["response"], sum); diff != "" {
			t.Errorf("the last frame and the sum (-frame +sum):\n%s", diff)
		}
		if diff := cmp.Diff(done, response["output"]); diff != "" && name != "response.failed" {
			t.Errorf("the items (-frames +response):\n%s", diff)
		}
		usage, _ := response["usage"].(map[string]any)
		if usage["total_tokens"] != 10.0 {
			t.Errorf("%s has the usage %v", name, usage)
		}
	}
}

func names(t testing.TB, all []string) []string {
	t.Helper()
	list := make([]string, len(all))
	for i, frame := range all {
		list[i], _ = dataOf(t, frame)
	}
	return list
}

// TestFrames checks the frames of a typical answer.
func TestFrames(t *testing.T) {
	list := events{}.delta(&completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT}).
		delta(&completionv1.Delta{Reasoning: "Small home."}).text("A ").text("cat.").
		call(0, "call_1", "pets", "").call(0, "", "", "{}").finish(completionv1.FinishReason_FINISH_REASON_TOOL_CALLS).done()
	want := []string{
		"response.created", "response.in_progress",
		"response.output_item.added", "response.content_part.added", "response.reasoning_text.delta",
		"response.reasoning_text.done", "response.content_part.done", "response.output_item.done",
		"response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
		"response.output_text.done", "response.content_part.done", "response.output_item.done",
		"response.output_item.added", "response.function_call_arguments.delta",
		"response.function_call_arguments.done", "response.output_item.done",
		"response.completed",
	}
	if diff := cmp.Diff(want, names(t, project(t, metadata(nil), list, dialect.Reader{}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	background := project(t, metadata(&completionv1.CompletionParams{Background: true}), list, dialect.Reader{})
	if diff := cmp.Diff([]string{"response.created", "response.queued", "response.in_progress"}, names(t, background)[:3]); diff != "" {
		t.Errorf("in the background (-want +got):\n%s", diff)
	}
}

// TestEncryptedReasoning checks that encrypted reasoning ends an item of reasoning, even one with nothing else.
func TestEncryptedReasoning(t *testing.T) {
	encrypted := func(text string) *completionv1.Delta { return &completionv1.Delta{EncryptedReasoning: text} }
	list := events{}.delta(&completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT}).
		delta(&completionv1.Delta{Reasoning: "Small"}).delta(&completionv1.Delta{Reasoning: " home."}).delta(encrypted("gAAA=")).delta(encrypted("gBBB=")).
		delta(&completionv1.Delta{Reasoning: "Or a cat."}).text("A ").delta(encrypted("gCCC=")).text("cat.").finish(completionv1.FinishReason_FINISH_REASON_STOP).done()
	all := project(t, metadata(nil), list, dialect.Reader{})
	_, data := dataOf(t, all[len(all)-1])
	response, _ := data["response"].(map[string]any)
	output, _ := response["output"].([]any)
	type thought struct{ kind, text, encrypted string }
	var got []thought
	ids := map[any]bool{}
	for _, i := range output {
		item, _ := i.(map[string]any)
		one := thought{kind: item["type"].(string)}
		if content, _ := item["content"].([]any); len(content) == 1 {
			one.text, _ = content[0].(map[string]any)["text"].(string)
		}
		one.encrypted, _ = item["encrypted_content"].(string)
		got = append(got, one)
		ids[item["id"]] = true
	}
	want := []thought{
		{"reasoning", "Small home.", "gAAA="},
		{"reasoning", "", "gBBB="},
		{"reasoning", "Or a cat.", ""},
		{"message", "A ", ""},
		{"reasoning", "", "gCCC="},
		{"message", "cat.", ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(thought{})); diff != "" || len(ids) != len(want) {
		t.Errorf("%d ids (-want +got):\n%s", len(ids), diff)
	}
}

// TestBytes compares the bytes of two frames, with and without an EventSource.
func TestBytes(t *testing.T) {
	list := events{}.text("A").finish(completionv1.FinishReason_FINISH_REASON_STOP).done()
	after := uint64(3)
	got := project(t, metadata(nil), list, dialect.Reader{After: &after})[0]
	want := "event: response.output_text.delta\n" +
		`data: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_WQ3PXK2IJ5VB7YD2LXU2V4ANNQ_0","output_index":0,"content_index":0,"delta":"A","logprobs":[]}`
	if got != want {
		t.Errorf("a POST gets %s", got)
	}
	got = project(t, metadata(nil), list, dialect.Reader{After: &after, EventSource: true})[0]
	if got != want+"\nretry: 1000\nid: resp_WQ3PXK2IJ5VB7YD2LXU2V4ANNQ.4" {
		t.Errorf("an EventSource gets %s", got)
	}
	for text, ok := range map[string]bool{
		"resp_WQ3PXK2IJ5VB7YD2LXU2V4ANNQ.4": true, "chatcmpl-WQ3PXK2IJ5VB7YD2LXU2V4ANNQ.4": false,
		"resp_WQ3PXK2IJ5VB7YD2LXU2V4ANNQ": false, "resp_.4": false, "resp_A.-1": false, "resp_A.04": false, "": false,
	} {
		if at, got := responses.New().ParseEventID(text); got != ok || ok && (at.ID != completionID || *at.After != 4) {
			t.Errorf("%q is %v, %v", text, at, got)
		}
	}
}

// TestBeside: a frame for something that is not in the log has no number of its own.
func TestBeside(t *testing.T) {
	p := responses.New().Project(dialect.Reader{})
	if got := p.Heartbeat(nil); !bytes.HasPrefix(got, []byte(":")) {
		t.Errorf("before the first frame a heartbeat is %q", got)
	}
	if _, err := p.Open(nil, metadata(nil)); err != nil {
		t.Fatal(err)
	}
	for _, got := range [][]byte{p.Heartbeat(nil), p.Failure(nil, failure.Internal())} {
		if _, data := dataOf(t, frames(got)[0]); data["sequence_number"] != 1.0 {
			t.Errorf("%s", got)
		}
	}
	next, err := p.Text(nil, 0, 0, []byte("A"))
	if _, data := dataOf(t, frames(next)[0]); err != nil || data["sequence_number"] != 2.0 {
		t.Errorf("then comes %s", next)
	}
}

// TestCannotBeShown tries completions that a response cannot represent, and invalid cursors.
func TestCannotBeShown(t *testing.T) {
	if _, err := responses.New().Project(dialect.Reader{}).Open(nil, metadata(&completionv1.CompletionParams{N: new(int32(2))})); err == nil {
		t.Error("two choices are shown")
	}
	list := events{}.text("A").finish(completionv1.FinishReason_FINISH_REASON_STOP).done()
	last := uint64(len(project(t, metadata(nil), list, dialect.Reader{})) - 1)
	for after, want := range map[uint64]string{last: "", last + 1: "invalid_cursor", 1 << 40: "invalid_cursor"} {
		p := responses.New().Project(dialect.Reader{After: &after})
		out, err := p.Open(nil, metadata(nil))
		for _, e := range list {
			if err == nil {
				out, err = p.Event(out, e)
			}
		}
		code := ""
		if told, ok := err.(*failure.Error); ok { //nolint:errorlint // as it is
			code = string(told.Code)
		}
		if len(out) > 0 || code != want {
			t.Errorf("after %d there is %q, %v", after, out, err)
		}
	}
}
