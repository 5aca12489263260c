package accent

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A Chunk is one piece of an answer as OpenAI would send it. It is valid until the next one is read.
type Chunk struct {
	Choices []Choice
	Usage   *chat.Usage // nil: none
	// Failed is the server's error, as sent; nil: none.
	Failed jsontext.Value
}

// A Choice is a piece of one choice. Its delta has no role.
type Choice struct {
	Index  int
	Delta  chat.Delta
	Finish chat.FinishReason // "": the choice continues
}

// Empty reports whether the piece adds nothing to its choice.
func (c *Choice) Empty() bool {
	d := &c.Delta
	return d.Content == "" && d.Refusal == "" && d.Reasoning == "" && len(d.ToolCalls) == 0 && d.More == "" && d.Logprobs == nil
}

// Text reports whether the piece adds text to its choice.
func (c *Choice) Text() bool {
	d := &c.Delta
	return d.Content != "" || d.Refusal != "" || d.Reasoning != "" || len(d.ToolCalls) > 0
}

// A Reader reads the chunks of one answer. The zero value reads an answer without choices.
type Reader struct {
	Choices  int  // how many were requested
	Logprobs bool // whether they were requested
	// Unknown is called for every unknown finish reason; nil: they are not counted.
	Unknown func(reason string)

	// Deaf has the accents to ignore, for tests that show the effect of an accent.
	Deaf map[Accent]bool

	over  bool // the stream has ended
	out   Chunk
	parts []state
}

// A state is the state of a choice between its pieces.
type state struct {
	content, refusal, reasoning Text
	calls                       calls
	said                        bool   // there was some text
	finish                      string // an unknown reason
}

func (r *Reader) hears(a Accent) bool { return !r.Deaf[a] }

// The loose forms hold raw values, which the functions for their accents read.
type (
	looseChunk struct {
		Choices jsontext.Value `json:"choices"`
		Usage   jsontext.Value `json:"usage"`
		Groq    jsontext.Value `json:"x_groq"`
		Error   jsontext.Value `json:"error"`
		Errors  jsontext.Value `json:"errors"`
		Object  jsontext.Value `json:"object"`
		Type    jsontext.Value `json:"type"`
		Message jsontext.Value `json:"message"`
		Detail  jsontext.Value `json:"detail"`
		Msg     jsontext.Value `json:"error_msg"`
	}
	looseChoice struct {
		Index    jsontext.Value `json:"index"`
		Delta    *looseDelta    `json:"delta"`
		Message  *looseDelta    `json:"message"`
		Text     jsontext.Value `json:"text"`
		Finish   jsontext.Value `json:"finish_reason"`
		Logprobs jsontext.Value `json:"logprobs"`
		Error    jsontext.Value `json:"error"`
	}
	looseDelta struct {
		Role      jsontext.Value `json:"role"`
		Content   jsontext.Value `json:"content"`
		Refusal   jsontext.Value `json:"refusal"`
		Thoughts  jsontext.Value `json:"reasoning_content"`
		Reasoning jsontext.Value `json:"reasoning"`
		Calls     jsontext.Value `json:"tool_calls"`
		Call      jsontext.Value `json:"function_call"`
		Error     jsontext.Value `json:"error"`
		More      jsontext.Value `json:",embed"`
	}
)

// lenient reads what is JSON but for its characters, which are looked at where they are used.
var lenient = json.JoinOptions(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) //nolint:gochecknoglobals // options

// unmarshal reads a value.
func unmarshal(data []byte, v any) error {
	return Unreadable(json.Unmarshal(data, v, lenient), "chunk")
}

// Unreadable returns the error for callers if JSON could not be decoded, or nil for nil. It says where the JSON is
// not as expected, but reveals neither its content nor the types that it was decoded into.
func Unreadable(err error, thing string) error {
	var where *json.SemanticError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &where):
		return fmt.Errorf("malformed %s at %q", thing, where.JSONPointer)
	}
	return fmt.Errorf("malformed %s: not JSON", thing)
}

// Read reads the data of an event.
func (r *Reader) Read(data []byte) (*Chunk, error) {
	if r.parts == nil {
		r.parts = make([]state, r.Choices)
	}
	r.out = Chunk{Choices: r.out.Choices[:0]}
	if len(data) == 0 && r.hears(EmptyEvents) {
		return &r.out, nil
	}
	if r.hears(ErrorForms) && len(data) > 0 && data[0] == '[' {
		var list []jsontext.Value
		if err := unmarshal(data, &list); err != nil || len(list) == 0 {
			return nil, errors.New("malformed chunk: a list")
		}
		data = list[0]
	}
	var loose looseChunk
	if err := unmarshal(data, &loose); err != nil {
		return nil, err
	}
	if r.out.Failed = r.failure(&loose, data); r.out.Failed != nil {
		return &r.out, nil
	}
	r.out.Usage = r.usage(&loose)
	if !present(loose.Choices) {
		return &r.out, nil
	}
	var choices []looseChoice
	if err := unmarshal(loose.Choices, &choices); err != nil {
		return nil, err
	}
	for i := range choices {
		if err := r.choice(&choices[i]); err != nil || r.out.Failed != nil {
			return &r.out, err
		}
	}
	return &r.out, nil
}

// failure returns the error in a chunk.
func (r *Reader) failure(c *looseChunk, whole []byte) jsontext.Value {
	switch {
	case present(c.Error):
		if c.Error.Kind() == jsontext.KindString && r.hears(ErrorForms) {
			return whole // the code is outside of the error
		}
		return c.Error
	case !r.hears(ErrorForms) || present(c.Choices) || present(c.Usage):
		return nil
	case present(c.Errors):
		var list []jsontext.Value
		if unmarshal(c.Errors, &list) == nil && len(list) > 0 {
			return list[0]
		}
		return c.Errors
	case plain(c.Object) == "error", plain(c.Type) == "error", present(c.Message), present(c.Detail), present(c.Msg):
		return whole
	}
	return nil
}

// choice reads a piece of a choice.
func (r *Reader) choice(c *looseChoice) error {
	if present(c.Error) {
		r.out.Failed = c.Error
		return nil
	}
	index := int64(0)
	if present(c.Index) {
		var ok bool
		if index, ok = r.whole(c.Index); !ok {
			return errors.New("a choice without a number")
		}
	}
	if index < 0 || index >= int64(r.Choices) {
		return fmt.Errorf("choice %d of %d", index, r.Choices)
	}
	delta := c.Delta
	if delta == nil && r.hears(MessageForDelta) {
		delta = c.Message
	}
	if delta == nil {
		delta = &looseDelta{}
		if r.hears(TextForDelta) {
			delta.Content = c.Text
		}
	}
	if present(delta.Error) {
		r.out.Failed = delta.Error
		return nil
	}
	out := Choice{Index: int(index)}
	s := &r.parts[index]
	if err := r.delta(s, delta, &out.Delta); err != nil {
		return err
	}
	if r.Logprobs {
		out.Delta.Logprobs = logprobs(c.Logprobs)
	}
	s.said = s.said || out.Text()
	err := r.end(s, c.Finish, &out)
	r.out.Choices = append(r.out.Choices, out)
	return err
}

// end reads why a choice ended, if it has.
func (r *Reader) end(s *state, finish jsontext.Value, out *Choice) error {
	if !present(finish) {
		return nil
	}
	name := plain(finish)
	if name == "" && finish.Kind() != jsontext.KindString {
		name = "of another type"
	}
	reason, how := r.finish(name)
	switch how {
	case open:
		return nil
	case gaveUp:
		r.out.Failed = jsontext.Value(`{"message":` + quoted("finish reason "+strconv.Quote(name)) + `}`)
		return nil
	case unknown:
		if !r.hears(UnknownFinishes) {
			return errors.New("finish reason " + strconv.Quote(name))
		}
		s.finish = name // it is used if nothing follows
		return nil
	case ended:
	}
	return r.close(s, reason, out)
}

// close ends a choice, and shows what was held back.
func (r *Reader) close(s *state, reason chat.FinishReason, out *Choice) error {
	cut := reason == chat.FinishLength && r.hears(SplitCharacters)
	calls, err := s.calls.flush(r, cut)
	if err != nil {
		return err
	}
	out.Delta.ToolCalls = append(out.Delta.ToolCalls, calls...)
	for _, t := range []struct {
		text *Text
		to   *string
	}{{&s.content, &out.Delta.Content}, {&s.refusal, &out.Delta.Refusal}, {&s.reasoning, &out.Delta.Reasoning}} {
		if t.text.Whole() {
			continue
		}
		if !cut {
			return errHalf
		}
		*t.to += t.text.Cut()
	}
	if reason == chat.FinishStop && s.calls.shown > 0 && r.hears(StopsWithCalls) {
		reason = chat.FinishToolCalls
	}
	s.finish, out.Finish = "", reason
	return nil
}

// Ends reports whether a choice has an unknown finish reason, and nothing has followed.
func (r *Reader) Ends(choice int) bool { return choice < len(r.parts) && r.parts[choice].finish != "" }

// End returns what was held back until the server said that the answer is complete.
func (r *Reader) End() (*Chunk, error) {
	r.out = Chunk{Choices: r.out.Choices[:0]}
	for i := range r.parts {
		s := &r.parts[i]
		if s.finish == "" {
			continue
		}
		name := s.finish
		out := Choice{Index: i}
		if err := r.close(s, chat.FinishStop, &out); err != nil {
			return nil, err
		}
		if !s.said && s.calls.shown == 0 {
			return nil, errors.New("finish reason " + strconv.Quote(name) + ", and no answer")
		}
		if r.Unknown != nil {
			r.Unknown(name)
		}
		r.out.Choices = append(r.out.Choices, out)
	}
	return &r.out, nil
}

func quoted(s string) string {
	b, _ := jsontext.AppendQuote(nil, s) // invalid UTF-8 is replaced
	return string(b)
}
