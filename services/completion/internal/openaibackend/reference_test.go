package openaibackend

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pawstream/pawstream/internal/openaiapi"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A fragment is what a chunk says about one tool call.
type fragment struct {
	chunk    int
	index    *int
	id, name string
	args     *string
}

// A group is the fragments of one call. Its methods compute everything from them anew each time.
type group struct {
	list   []fragment
	closed int // how many fragments there were when another call began; its name is complete from then on; 0: none has
}

func (g *group) id() string {
	for _, f := range g.list {
		if f.id != "" {
			return f.id
		}
	}
	return ""
}

func (g *group) arguments() string {
	var all strings.Builder
	for _, f := range g.list {
		if f.args != nil {
			all.WriteString(*f.args)
		}
	}
	return all.String()
}

func (g *group) name() string {
	var name, args string
	for i, f := range g.list {
		switch {
		case f.name == "":
		case name == "":
			name = f.name
		case args != "" || g.closed > 0 && i >= g.closed:
		case len(f.name) >= len(name) && f.name[:len(name)] == name: // all of it so far
			name = f.name
		default:
			name += f.name
		}
		if f.args != nil {
			args += *f.args
		}
	}
	return name
}

func (g *group) whole() bool {
	text := strings.TrimLeft(g.arguments(), " \t\r\n")
	return text != "" && (text[0] == '{' || text[0] == '[') && json.Valid([]byte(text))
}

// echo reports whether the call only repeats the name of the previous call at its place.
func (g *group) echo(before *group) bool {
	first := g.list[0]
	return before != nil && first.name == before.name() && (first.args == nil || *first.args == "")
}

// A slow reader joins calls by looking at all fragments again whenever one arrives.
type slow struct {
	groups []*group
	echoes map[*group]bool
	shown  []*group
}

// place returns the last call at the index of a fragment, or the call of the last fragment.
func (s *slow) place(f fragment, last *group) *group {
	if f.index == nil {
		return last
	}
	for _, g := range slices.Backward(s.groups) {
		if i := g.list[0].index; i != nil && *i == *f.index {
			return g
		}
	}
	return nil
}

// before returns the call whose name another one may repeat: the last one with its id, or at its place.
func (s *slow) before(f fragment, last *group) *group {
	if f.id == "" {
		return s.place(f, last)
	}
	for _, g := range slices.Backward(s.groups) {
		i := g.list[0].index
		if g.id() == f.id && (i == nil || f.index == nil || *i == *f.index) {
			return g
		}
	}
	return nil
}

// owner returns the call that a fragment belongs to; nil: a new one.
func (s *slow) owner(f fragment, last *group) *group {
	says := f.args != nil && *f.args != ""
	if f.id != "" {
		for _, g := range slices.Backward(s.groups) {
			i := g.list[0].index
			if g.id() == f.id && (i == nil || f.index == nil || *i == *f.index) {
				if f.name != "" && g.whole() {
					return nil
				}
				return g
			}
		}
	}
	at := s.place(f, last)
	switch {
	case at == nil:
		return nil
	case f.id != "" && at.id() != "": // another id: a call of its own, but for pieces that have one each
		if f.name != "" || at.whole() || !says && at.arguments() == "" {
			return nil
		}
		return at
	case f.name == "":
		if f.id != "" && at.whole() && at.name() != "" {
			return nil
		}
		return at
	case at.name() == "":
		return at
	case at.arguments() != "":
		if at.whole() || f.name != at.name() {
			return nil
		}
		return at
	case at.list[len(at.list)-1].chunk == f.chunk:
		return nil
	case f.index == nil && f.args != nil && f.name != at.name() && slices.ContainsFunc(at.list, func(f fragment) bool { return f.args != nil }):
		return nil
	}
	return at
}

func (s *slow) show(g *group) {
	if !slices.Contains(s.shown, g) {
		s.shown = append(s.shown, g)
	}
}

// slowCalls returns the calls of a list of fragments; ok is false if a call has no name.
func slowCalls(list []fragment) (calls []chat.ToolCall, ok bool) {
	s := slow{echoes: map[*group]bool{}}
	var last *group
	for _, f := range list {
		g := s.owner(f, last)
		if g == nil {
			for _, earlier := range s.groups {
				if earlier.name() != "" && !s.echoes[earlier] && !slices.Contains(s.shown, earlier) {
					s.show(earlier)
					earlier.closed = len(earlier.list)
				}
			}
			g = &group{}
			before := s.before(f, last)
			g.list = append(g.list, f)
			s.echoes[g] = g.echo(before)
			s.groups = append(s.groups, g)
		} else {
			g.list = append(g.list, f)
		}
		last = g
		if g.name() != "" && g.arguments() != "" {
			s.show(g)
		}
	}
	for _, g := range s.groups {
		switch {
		case slices.Contains(s.shown, g), s.echoes[g] && g.arguments() == "", g.name() == "" && g.arguments() == "" && g.id() == "":
		case g.name() == "":
			return nil, false
		default:
			s.show(g)
		}
	}
	given := map[string]bool{}
	for _, g := range s.shown {
		id := g.id()
		calls = append(calls, chat.ToolCall{ID: id, Name: g.name(), Arguments: g.arguments()})
		given[id] = true
	}
	return calls, true
}

// sameCalls compares calls, ignoring generated ids.
func sameCalls(got, want []chat.ToolCall) bool {
	return slices.EqualFunc(got, want, func(a, b chat.ToolCall) bool {
		return a.Name == b.Name && a.Arguments == b.Arguments && (a.ID == b.ID || madeID.MatchString(a.ID))
	})
}

// FuzzCalls sends fragments of calls in every order and shape, and compares the result with that of a slow reader.
func FuzzCalls(f *testing.F) {
	for _, seed := range [][]byte{
		{1, 1, 1, 4, 1, 2, 2, 4},
		{1, 0, 1, 4, 1, 0, 2, 4},
		{0, 0, 1, 4, 0, 0, 2, 4},
		{1, 1, 1, 1, 1, 0, 2, 0, 1, 0, 0, 4},
		{1, 1, 0, 2, 1, 0, 1, 3},
		{2, 1, 1, 2, 3, 2, 2, 2, 2, 0, 0, 3, 3, 0, 0, 3},
		{1, 0, 1, 4, 1, 0, 1, 0, 129, 0, 1, 4},
		{1, 1, 1, 1, 1, 0, 0, 4, 1, 1, 2, 1, 1, 0, 0, 4},
		{1, 1, 1, 1, 1, 0, 0, 4, 1, 1, 1, 1, 1, 0, 0, 4},
		{1, 1, 1, 1, 1, 0, 3, 0, 1, 0, 0, 4},
	} {
		f.Add(seed)
	}
	words := [4][]string{{"", "0", "1", "2"}, {"", "a", "b", "c"}, {"", "f", "g", "fg"}, {"", "", "{", "}", `{"a":1}`, `"x`, "[", "]"}}
	f.Fuzz(func(t *testing.T, data []byte) {
		var list []fragment
		var stream strings.Builder
		chunk, open := 1, false
		for i := 0; i+3 < len(data) && len(list) < 100; i += 4 {
			p := fragment{id: words[1][data[i+1]%4], name: words[2][data[i+2]%4]}
			call, function := map[string]any{"id": p.id}, map[string]any{"name": p.name}
			if n := data[i] % 4; n > 0 {
				p.index = new(int(n) - 1)
				call["index"] = *p.index
			}
			if n := data[i+3] % 8; n > 0 {
				p.args = &words[3][n]
				function["arguments"] = *p.args
			}
			call["function"] = function
			text, err := json.Marshal(call)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case !open:
				stream.WriteString(`data: {"choices":[{"index":0,"delta":{"tool_calls":[`)
			case data[i]&0x80 != 0: // in the same chunk
				stream.WriteString(",")
			default:
				stream.WriteString("]}}]}\n\n" + `data: {"choices":[{"index":0,"delta":{"tool_calls":[`)
				chunk++
			}
			p.chunk, open = chunk, true
			stream.Write(text)
			list = append(list, p)
		}
		if open {
			stream.WriteString("]}}]}\n\n")
		}
		stream.WriteString(ends)
		want, ok := slowCalls(list)
		got := tell(t, strings.NewReader(stream.String()), nil)
		if ok != (got.err == nil) || ok && !sameCalls(got.calls, want) {
			t.Errorf("%s\ngot  %s\nwant %+v, %t", stream.String(), got.text, want, ok)
		}
	})
}

// FuzzRead reads arbitrary streams. There must be no panic, the same result for any division into reads, and never a complete but
// wrong answer.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		for _, r := range recorded(f, file) {
			if len(r.header) == 0 {
				f.Add(r.body)
			}
		}
	}
	f.Add([]byte(`data: {"choices":[{"index":0,"delta":{"Tool_calls":[{"index":0,"id":"a","function":{"name":"f"}}]},"finish_reason":null}]}` + ends))
	f.Add([]byte(`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"g` + "\xbf" + `","arguments":"{}"}}]}}]}` + "\n\n" +
		`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"f"}}]}}]}` + "\n\n" + ends))
	f.Add([]byte(`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}` + "\n\n" +
		`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"b` + "\xbf" + `","function":{"name":"f"}}]}}]}` + "\n\n" + ends))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := tell(t, bytes.NewReader(data), nil)
		if slowly := tell(t, iotest.OneByteReader(bytes.NewReader(data)), nil); slowly.text != got.text {
			t.Errorf("by bytes:\n%s\nat once:\n%s", slowly.text, got.text)
		}
		if got.err != nil && got.finishes > 0 {
			t.Errorf("a finish, and %v", got.err)
		}
		if got.err == nil && !bytes.Contains(data, []byte(openaiapi.Done)) && !json.Valid(data) {
			t.Errorf("whole, and nobody has said so:\n%s", got.text)
		}
		for i := range got.calls {
			for j := range i {
				if got.calls[i].ID == got.calls[j].ID {
					t.Errorf("calls %d and %d have one id:\n%s", j, i, got.text)
				}
			}
		}
		if want, ok := fragmentsOf(data); ok && got.err == nil {
			if calls, ok := slowCalls(want); !ok || !sameCalls(got.calls, calls) {
				t.Errorf("got  %s\nwant %+v, %t", got.text, calls, ok)
			}
		}
	})
}

// otherCase finds a name that encoding/json confuses with another, because it ignores case.
var otherCase = regexp.MustCompile(`"\w*[A-Z\x{17F}\x{212A}][\w\x{17F}\x{212A}]*"\s*:`)

// fragmentsOf returns the fragments of calls in a stream that conforms to OpenAI's types; ok is false for other streams.
func fragmentsOf(data []byte) (list []fragment, ok bool) {
	for n, event := range strings.Split(string(data), "\n\n") {
		text, isData := strings.CutPrefix(event, "data: ")
		switch {
		case event == "":
			continue
		case !isData || strings.ContainsAny(text, "\r\n"):
			return nil, false
		case text == openaiapi.Done:
			return list, true
		}
		var chunk struct {
			Choices []struct {
				Index *int
				Delta struct {
					ToolCalls []struct {
						Index    *int
						ID       string
						Function struct {
							Name      string
							Arguments *string
						}
					} `json:"tool_calls"`
				}
				FinishReason *string `json:"finish_reason"`
			}
		}
		if strings.Contains(text, `\u`) || otherCase.MatchString(text) || strings.Contains(text, "function_call") || json.Unmarshal([]byte(text), &chunk) != nil {
			return nil, false
		}
		for _, choice := range chunk.Choices {
			for _, call := range choice.Delta.ToolCalls {
				list = append(list, fragment{n, call.Index, call.ID, call.Function.Name, call.Function.Arguments})
			}
			if choice.FinishReason != nil && *choice.FinishReason != "" {
				return list, true // nothing of a call follows its choice's end
			}
		}
	}
	return nil, false
}
