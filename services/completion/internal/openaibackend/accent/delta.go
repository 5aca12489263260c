package accent

import (
	"bytes"
	"errors"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/internal/beside"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// delta reads what a piece adds to its choice.
func (r *Reader) delta(s *state, from *looseDelta, to *chat.Delta) error {
	more := beside.Members{}
	if err := r.content(s, from.Content, to, &more); err != nil {
		return err
	}
	if err := r.string(&s.refusal, from.Refusal, &to.Refusal); err != nil {
		return err
	}
	thoughts := from.Thoughts
	if !said(thoughts) && r.hears(ReasoningNames) {
		thoughts = from.Reasoning
	}
	if err := r.thoughts(s, thoughts, to); err != nil {
		return err
	}
	if err := r.calls(s, from, to); err != nil {
		return err
	}
	opens := present(from.Role) || len(to.ToolCalls) > 0 || s.calls.list != nil || to.Reasoning != ""
	to.NoContent = r.hears(NullContent) && to.Content == "" &&
		(from.Content.Kind() == jsontext.KindNull && len(from.Content) > 0 || len(from.Content) == 0 && opens || s.calls.list != nil)
	if r.hears(MoreMembers) {
		more.Add(besides(from.More, noise...))
		to.More = more.String()
	}
	return nil
}

// noise lists members that mean nothing to a client: Together numbers each token, and another Pawstream adds
// data of its own catalogue.
var noise = []string{"token_id", "pets", "related_questions"} //nolint:gochecknoglobals // a table

// said reports whether a value is present and not empty.
func said(v jsontext.Value) bool { return present(v) && !bytes.Equal(v, []byte(`""`)) }

// string appends a piece of a text; null and absent are no text.
func (r *Reader) string(t *Text, v jsontext.Value, to *string) error {
	switch {
	case !present(v):
		return nil
	case v.Kind() != jsontext.KindString:
		return errors.New("malformed chunk: no text")
	}
	piece, err := t.Take(v, r.hears(SplitCharacters))
	*to += piece
	return err
}

// partsOf returns the parts of a content that is a list of parts, or a single part; ok is false for a text.
func (r *Reader) partsOf(v jsontext.Value) (parts []jsontext.Value, ok bool, err error) {
	switch {
	case !r.hears(ContentParts):
		return nil, false, nil
	case v.Kind() == jsontext.KindBeginObject:
		var part loosePart
		if err := unmarshal(v, &part); err != nil || !part.known() {
			return nil, false, err // not a part
		}
		return []jsontext.Value{v}, true, nil
	case v.Kind() == jsontext.KindBeginArray:
		err = unmarshal(v, &parts)
		return parts, true, err
	}
	return nil, false, nil
}

// content reads a content, which is a text, a list of parts, or a single part.
func (r *Reader) content(s *state, v jsontext.Value, to *chat.Delta, more *beside.Members) error {
	parts, ok, err := r.partsOf(v)
	if err != nil {
		return err
	}
	if !ok {
		return r.string(&s.content, v, &to.Content)
	}
	for _, part := range parts {
		if part.Kind() == jsontext.KindString {
			if err := r.string(&s.content, part, &to.Content); err != nil {
				return err
			}
			continue
		}
		if err := r.part(s, part, to, more); err != nil {
			return err
		}
	}
	return nil
}

// A loosePart is a part of a content, of any kind.
type loosePart struct {
	Type      jsontext.Value `json:"type"`
	Text      jsontext.Value `json:"text"`
	Content   jsontext.Value `json:"content"` // only of a thought
	Thinking  jsontext.Value `json:"thinking"`
	Reasoning jsontext.Value `json:"reasoning"`
	Refusal   jsontext.Value `json:"refusal"`
}

// known reports whether p has any member of a part.
func (p *loosePart) known() bool {
	return present(p.Type) || present(p.Text) || present(p.Content) || present(p.Thinking) || present(p.Reasoning) || present(p.Refusal)
}

func (r *Reader) part(s *state, v jsontext.Value, to *chat.Delta, more *beside.Members) error {
	var part loosePart
	if err := unmarshal(v, &part); err != nil {
		return err
	}
	kind := plain(part.Type)
	switch {
	case kind == "thinking" || kind == "reasoning" || kind == "thought":
		for _, thoughts := range []jsontext.Value{part.Thinking, part.Reasoning, part.Text} {
			if present(thoughts) {
				return r.thoughts(s, thoughts, to)
			}
		}
		return nil
	case present(part.Refusal):
		return r.string(&s.refusal, part.Refusal, &to.Refusal)
	case part.Text.Kind() == jsontext.KindString:
		return r.string(&s.content, part.Text, &to.Content)
	}
	more.Add(`{"content_parts":[` + string(v) + `]}`)
	return nil
}

// thoughts reads reasoning, which is a text, a list of text parts, or a single one.
func (r *Reader) thoughts(s *state, v jsontext.Value, to *chat.Delta) error {
	parts, ok, err := r.partsOf(v)
	if err != nil {
		return err
	}
	if !ok {
		return r.string(&s.reasoning, v, &to.Reasoning)
	}
	for _, v := range parts {
		var part loosePart
		if v.Kind() == jsontext.KindString {
			part.Text = v
		} else if err := unmarshal(v, &part); err != nil {
			return err
		}
		if !present(part.Text) {
			part.Text = part.Content
		}
		if err := r.string(&s.reasoning, part.Text, &to.Reasoning); err != nil {
			return err
		}
	}
	return nil
}

// besides returns the non-empty members of an object, except the named ones; "" for none.
func besides(object jsontext.Value, but ...string) string {
	if len(object) == 0 {
		return ""
	}
	out := []byte{'{'}
	var all map[string]jsontext.Value
	if unmarshal(object, &all) != nil {
		return ""
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value := all[name]
		if slices.Contains(but, name) || !says(value) {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, quoted(name)...), ':'), value...)
	}
	if len(out) == 1 {
		return ""
	}
	return string(append(out, '}'))
}

// says reports whether a member is not empty, and is valid UTF-8.
func says(v jsontext.Value) bool {
	if err := v.Compact(); err != nil {
		return false
	}
	switch string(v) {
	case "null", `""`, "[]", "{}":
		return false
	}
	return true
}
