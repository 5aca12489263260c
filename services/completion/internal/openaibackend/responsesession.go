package openaibackend

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/internal/openaiapi"
	"github.com/pawstream/pawstream/internal/sse"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/openaibackend/accent"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// A responseSession reads one streamed answer of a server with the Responses API. Such a server sends
// everything more than once: in pieces, and again as a whole when a part, an item and the response end. Text that was not
// sent in pieces is taken from the whole. A whole that contradicts its pieces is a failure.
type responseSession struct {
	secrets secrets
	yield   func([]chat.Event, error) bool
	reader  accent.Reader
	unknown func(reason string)

	out    []chat.Event
	opened bool
	parts  map[place]*saying // the text so far, by its place
	calls  map[int]int       // our number of a call, by its place in the output
	spoken map[int]thought   // the form of an item's reasoning, by its place in the output
	begun  map[string]bool   // calls, by their ids
	sealed map[string]bool   // the encrypted reasoning so far
	named  map[string]int    // places in the output, by the ids of items
	latest int               // the place that was named last
	ended  bool
}

// A place is the position of a text in a response.
type place struct {
	kind          textKind
	item, content int // in the output, and within the item
}

// A textKind is the kind of a text in a response.
type textKind uint8

const (
	outputText textKind = iota + 1
	refusalText
	reasoningText
	summaryText
	argumentsText
)

// A thought is the form in which an item's reasoning arrived first. The other form repeats it.
type thought = textKind

// A saying is the part of a text that has arrived.
type saying struct {
	said strings.Builder
	text accent.Text
}

// The events of a stream and their contents, as far as we use them.
type (
	responseEvent struct {
		Type         string         `json:"type"`
		OutputIndex  jsontext.Value `json:"output_index"`
		ItemID       string         `json:"item_id"`
		ContentIndex jsontext.Value `json:"content_index"`
		SummaryIndex jsontext.Value `json:"summary_index"`
		Delta        jsontext.Value `json:"delta"` // not a string in other kinds of events
		Text         string         `json:"text"`
		Refusal      string         `json:"refusal"`
		Arguments    jsontext.Value `json:"arguments"`
		Logprobs     jsontext.Value `json:"logprobs"`
		Item         *responseItem  `json:"item"`
		Response     *response      `json:"response"`
	}
	response struct {
		Object     string         `json:"object"`
		Status     string         `json:"status"`
		Error      jsontext.Value `json:"error"`
		Incomplete struct {
			Reason string `json:"reason"`
		} `json:"incomplete_details"`
		Output []responseItem `json:"output"`
		Usage  jsontext.Value `json:"usage"`
	}
	responseItem struct {
		ID        string         `json:"id"`
		Type      string         `json:"type"`
		CallID    string         `json:"call_id"`
		Name      string         `json:"name"`
		Arguments jsontext.Value `json:"arguments"` // not a string in other kinds of items
		Content   []responsePart `json:"content"`
		Summary   []responsePart `json:"summary"`
		Encrypted string         `json:"encrypted_content"`
	}
	responsePart struct {
		Type    string `json:"type"`
		Text    string `json:"text"`
		Refusal string `json:"refusal"`
	}
)

// errNoEnd says that a stream ended before its response did, in words for callers.
var errNoEnd = errors.New("its stream ended before the response did")

// read is like that of a [session].
func (s *responseSession) read(body io.ReadCloser, coding string) error {
	s.parts, s.calls, s.spoken = make(map[place]*saying), make(map[int]int), make(map[int]thought)
	s.begun, s.named, s.sealed = make(map[string]bool), make(map[string]int), make(map[string]bool)
	plain, err := s.reader.Decode(body, coding)
	if err != nil {
		return route.Malformed(err)
	}
	limited := &limited{body: plain, left: maxEvent}
	from, kind := s.reader.Kind(limited)
	switch kind {
	case accent.Page:
		return route.Malformed(errPage)
	case accent.JSON:
		return s.readWhole(from, limited)
	case accent.Stream:
	}
	events := sse.NewDecoder(s.reader.Lines(from))
	events.MaxEventBytes, events.KeepMalformed = maxEvent, true
	for !s.ended {
		event, err := events.Next()
		if err != nil {
			return broken(err, errNoEnd)
		}
		limited.left = maxEvent
		data := strings.TrimSpace(event.Data)
		if data == openaiapi.Done {
			return cutShort(errNoEnd)
		}
		if err := s.flush(s.event(event.Name.String(), []byte(data)), s.reader.Over()); err != nil {
			return err
		}
	}
	limited.drain()
	return nil
}

// flush yields the events of a server's event, or returns its failure. If the stream is over, an unreadable event counts
// as cut.
func (s *responseSession) flush(err error, over bool) error {
	out := s.out
	s.out = nil
	if len(out) > 0 && !s.yield(out, nil) {
		return errGone
	}
	var malformed *malformedError
	switch {
	case errors.As(err, &malformed) && over:
		return cutShort(errNoEnd)
	case errors.As(err, &malformed):
		return route.Malformed(malformed.cause)
	}
	return err
}

// A malformedError is the error of an event that cannot be read, or that contradicts earlier events.
type malformedError struct{ cause error }

// Error implements error.
func (e *malformedError) Error() string { return e.cause.Error() }

// readWhole reads a body that is one complete response instead of a stream.
func (s *responseSession) readWhole(from io.Reader, rest *limited) error {
	data, err := readJSON(from)
	if err != nil {
		return err
	}
	var r response
	err = accent.Unreadable(json.Unmarshal(data, &r, lenient), "response")
	switch {
	case err != nil:
		return route.Malformed(err)
	case r.Object != "response" && present(r.Error):
		return inStream(data, s.secrets)
	}
	if err := s.flush(s.over(&r), false); err != nil {
		return err
	}
	rest.drain()
	return nil
}

// event appends the events that a server's event stands for.
func (s *responseSession) event(name string, data []byte) error {
	var e responseEvent
	if err := accent.Unreadable(json.Unmarshal(data, &e, lenient), "event"); err != nil {
		if name == "error" {
			return inStream(data, s.secrets)
		}
		return &malformedError{err}
	}
	if e.Type == "" {
		e.Type = name
	}
	kind, part, _ := strings.Cut(strings.TrimPrefix(e.Type, "response."), ".")
	if text, ok := texts[kind]; ok {
		at := place{text, s.at(&e), number(e.ContentIndex)}
		if text == summaryText {
			at.content = number(e.SummaryIndex)
		}
		switch {
		case part == "delta":
			return s.piece(at, e.Delta, accent.Tokens(e.Logprobs))
		case part == "done" && text == argumentsText:
			return s.arguments(at, e.Arguments)
		case part == "done":
			return s.whole(at, e.Text+e.Refusal) // only one of the two is set
		}
		return nil
	}
	switch e.Type {
	case openaiapi.ItemAdded:
		s.begin(s.at(&e), e.Item)
	case openaiapi.ItemDone:
		return s.item(s.at(&e), e.Item)
	case openaiapi.Completed, openaiapi.Incomplete, openaiapi.Failed, "response.cancelled":
		if e.Response == nil {
			return &malformedError{fmt.Errorf("%s without a response", e.Type)}
		}
		return s.over(e.Response)
	case "error":
		return inStream(data, s.secrets)
	}
	return nil // the event is not about the answer
}

// texts are the kinds of texts, by what the types of their events begin with.
var texts = map[string]textKind{ //nolint:gochecknoglobals // a table
	"output_text": outputText, "refusal": refusalText, "reasoning_text": reasoningText,
	"reasoning_summary_text": summaryText, "function_call_arguments": argumentsText,
}

// at returns the place in the output of an event's item: by its number, or by its id if a server has
// no numbers, or else the place of the previous event.
func (s *responseSession) at(e *responseEvent) int {
	id := e.ItemID
	if e.Item != nil {
		id = e.Item.ID
	}
	known, ok := s.named[id]
	switch {
	case present(e.OutputIndex):
		s.latest = number(e.OutputIndex)
	case ok:
		s.latest = known
	case id != "":
		s.latest = len(s.named)
		s.named[id] = s.latest
	}
	return s.latest
}

// number returns an index, or 0 if it is absent.
func number(v jsontext.Value) int {
	n, _ := accent.Whole(v)
	return int(n)
}

// piece adds a piece of a text. The end of a piece may split a character.
func (s *responseSession) piece(at place, quoted jsontext.Value, logprobs []chat.TokenLogprob) error {
	if at.kind == argumentsText && quoted.Kind() == jsontext.KindBeginObject {
		return s.arguments(at, quoted)
	}
	if quoted.Kind() != jsontext.KindString {
		return &malformedError{errors.New("a delta that is no text")}
	}
	text, err := s.partOf(at).text.Take(quoted, true)
	if err != nil {
		return &malformedError{err}
	}
	return s.say(at, text, logprobs)
}

// partOf returns the state of a text.
func (s *responseSession) partOf(at place) *saying {
	if s.parts[at] == nil {
		s.parts[at] = &saying{}
	}
	return s.parts[at]
}

// arguments adds the complete arguments of a call: a text, or the object itself.
func (s *responseSession) arguments(at place, v jsontext.Value) error {
	if v.Kind() == jsontext.KindString || !present(v) {
		return s.whole(at, text(v))
	}
	if v.Kind() != jsontext.KindBeginObject {
		return &malformedError{errors.New("arguments that are no text")}
	}
	object, had := v.Clone(), jsontext.Value(s.partOf(at).said.String())
	if object.Canonicalize() == nil && had.Canonicalize() == nil && bytes.Equal(object, had) {
		return nil // they arrived as a text
	}
	object = v.Clone()
	if err := object.Compact(); err != nil {
		return &malformedError{err}
	}
	return s.whole(at, string(object))
}

// whole adds the part of a complete text that has not arrived in pieces.
func (s *responseSession) whole(at place, text string) error {
	had := ""
	if b := s.parts[at]; b != nil {
		had = b.said.String()
		if text != "" {
			b.text = accent.Text{} // the complete text includes an incomplete character
		}
	}
	rest, ok := strings.CutPrefix(text, had)
	if !ok && text != "" && s.shows(at) {
		return &malformedError{errors.New("a text is not what its pieces were")}
	}
	return s.say(at, rest, nil)
}

// shows reports whether a text is shown. Of an item's reasoning and its summary, only the one that arrived first is.
func (s *responseSession) shows(at place) bool {
	if at.kind != reasoningText && at.kind != summaryText {
		return true
	}
	first := s.spoken[at.item]
	return first == 0 || first == at.kind
}

// say appends a piece of a text.
func (s *responseSession) say(at place, text string, logprobs []chat.TokenLogprob) error {
	if text == "" && len(logprobs) == 0 || !s.shows(at) {
		return nil
	}
	b := s.partOf(at)
	if at.kind == summaryText && at.content > 0 && b.said.Len() == 0 {
		s.delta(chat.Delta{Reasoning: "\n\n"}) // its parts are paragraphs
	}
	b.said.WriteString(text)
	switch at.kind {
	case outputText:
		d := chat.Delta{Content: text}
		if len(logprobs) > 0 {
			d.Logprobs = &chat.Logprobs{Content: logprobs}
		}
		s.delta(d)
	case refusalText:
		s.delta(chat.Delta{Refusal: text})
	case reasoningText, summaryText:
		s.spoken[at.item] = at.kind
		s.delta(chat.Delta{Reasoning: text})
	case argumentsText:
		n, ok := s.calls[at.item]
		if !ok {
			return &malformedError{errors.New("arguments of a call that has not begun")}
		}
		s.delta(chat.Delta{ToolCalls: []chat.ToolCallDelta{{Index: n, Arguments: text}}})
	}
	return nil
}

// delta appends a piece of the answer.
func (s *responseSession) delta(d chat.Delta) {
	s.open()
	s.out = append(s.out, chat.Event{Kind: chat.KindDelta, Delta: d})
}

func (s *responseSession) open() {
	if !s.opened {
		s.opened = true
		s.out = append(s.out, chat.Opening(0))
	}
}

// begin handles an item that has begun. It ignores items of kinds that were not requested.
func (s *responseSession) begin(at int, i *responseItem) {
	if i == nil || i.Type != callsFunction {
		return
	}
	if _, again := s.calls[at]; again {
		return
	}
	n := len(s.calls)
	s.calls[at], s.begun[i.call()] = n, true
	s.delta(chat.Delta{ToolCalls: []chat.ToolCallDelta{{Index: n, ID: i.call(), Name: i.Name}}})
}

// The types of items for function calls and for reasoning.
const (
	callsFunction = "function_call"
	itemReasoning = "reasoning"
)

// call returns the id by which the call's output refers to it.
func (i *responseItem) call() string { return cmp.Or(i.CallID, i.ID) }

// item handles a complete item.
func (s *responseSession) item(at int, i *responseItem) error {
	if i == nil {
		return nil
	}
	s.begin(at, i)
	if i.Type == callsFunction {
		return s.arguments(place{kind: argumentsText, item: at}, i.Arguments)
	}
	for n, p := range i.Summary {
		if err := s.whole(place{summaryText, at, n}, p.Text); err != nil {
			return err
		}
	}
	for n, p := range i.Content {
		kind, ok := texts[p.Type]
		if !ok {
			continue
		}
		if err := s.whole(place{kind, at, n}, p.Text+p.Refusal); err != nil {
			return err
		}
	}
	s.seal(i)
	return nil
}

// seal adds the encrypted content of a reasoning item. It is complete only in a complete item.
func (s *responseSession) seal(i *responseItem) {
	if i.Type != itemReasoning || i.Encrypted == "" || s.sealed[i.Encrypted] {
		return
	}
	s.sealed[i.Encrypted] = true
	s.delta(chat.Delta{EncryptedReasoning: i.Encrypted})
}

// over handles the final state of the response.
func (s *responseSession) over(r *response) error {
	if r.Status == "failed" || r.Status == "cancelled" || present(r.Error) {
		if !present(r.Error) {
			return cutShort(fmt.Errorf("the response is %.20q", r.Status))
		}
		return inStream(r.Error, s.secrets)
	}
	if err := s.output(r.Output); err != nil {
		return err
	}
	reason, err := s.reason(r)
	if err != nil {
		return err
	}
	for at, b := range s.parts {
		if b.text.Whole() || !s.shows(at) {
			continue
		}
		if reason != chat.FinishLength {
			return &malformedError{errors.New("half a character")}
		}
		if err := s.say(at, b.text.Cut(), nil); err != nil {
			return err
		}
	}
	s.open()
	s.out = append(s.out, chat.Event{Kind: chat.KindUsage, Usage: accent.ResponseUsage(r.Usage)}, chat.Finish(0, reason))
	s.ended = true
	return nil
}

// output adds the part of the complete output that has not arrived yet: all of it, or calls and encrypted reasoning.
func (s *responseSession) output(all []responseItem) error {
	streamed := s.opened
	for n := range all {
		if streamed && (all[n].Type != callsFunction || s.begun[all[n].call()]) {
			s.seal(&all[n])
			continue
		}
		if err := s.item(-1-n, &all[n]); err != nil { // no event has named that place
			return err
		}
	}
	return nil
}

// reason returns why an answer ended.
func (s *responseSession) reason(r *response) (chat.FinishReason, error) {
	switch {
	case r.Status != "completed" && r.Status != "incomplete":
		return "", &malformedError{fmt.Errorf("the response ended as %.20q", r.Status)}
	case r.Status == "incomplete" && r.Incomplete.Reason == "content_filter":
		return chat.FinishContentFilter, nil
	case r.Status == "incomplete":
		if r.Incomplete.Reason != "max_output_tokens" && s.unknown != nil {
			s.unknown(r.Incomplete.Reason)
		}
		return chat.FinishLength, nil
	case len(s.calls) > 0:
		return chat.FinishToolCalls, nil
	}
	return chat.FinishStop, nil
}
