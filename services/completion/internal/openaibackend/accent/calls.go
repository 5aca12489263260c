package accent

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/internal/beside"
	"github.com/pawstream/pawstream/internal/openaiapi"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Bounds of a server's tool calls.
const (
	maxCalls = 128
	// maxKept bounds the arguments that are held back until their name is known, in bytes.
	maxKept = 4 << 20
)

type (
	looseCall struct {
		Index    jsontext.Value `json:"index"`
		ID       jsontext.Value `json:"id"`
		Type     jsontext.Value `json:"type"`
		Function jsontext.Value `json:"function"`
		More     jsontext.Value `json:",embed"`
	}
	looseFunction struct {
		Name      jsontext.Value `json:"name"`
		Arguments jsontext.Value `json:"arguments"`
		More      jsontext.Value `json:",embed"`
	}
)

// A piece is what a chunk says about one call.
type piece struct {
	index    int64
	numbered bool
	id, name string
	args     jsontext.Value // a JSON string, if present
	more     string
}

// says reports whether the piece has a part of the arguments.
func (p *piece) says() bool { return len(p.args) > len(`""`) }

// A call is an unfinished tool call.
type call struct {
	index    int64 // the server's
	numbered bool
	id, name string
	given    string // the id that readers see
	repeats  *call  // the call whose name this may only repeat; nil: it is a separate call

	args    strings.Builder
	text    Text
	shape   shape
	checked int  // the length of the arguments when they were last looked at
	valid   bool // whether they were valid JSON then
	told    bool // arguments were sent, even if empty
	chunk   int  // the last chunk that had a piece of it
	more    beside.Members
	shown   int // its index among the shown calls; -1: not yet shown
}

// calls are the calls of one choice.
type calls struct {
	list  []*call
	last  *call
	chunk int
	shown int
	kept  int
}

// calls reads the tool calls of a delta.
func (r *Reader) calls(s *state, from *looseDelta, to *chat.Delta) error {
	pieces, err := r.pieces(from)
	if err != nil || len(pieces) == 0 {
		return err
	}
	s.calls.chunk++
	for i := range pieces {
		out, err := r.take(&s.calls, &pieces[i])
		if err != nil {
			return err
		}
		to.ToolCalls = append(to.ToolCalls, out...)
	}
	return nil
}

// pieces returns the pieces of calls in a delta.
func (r *Reader) pieces(from *looseDelta) ([]piece, error) {
	var list []jsontext.Value
	switch {
	case from.Calls.Kind() == jsontext.KindBeginObject && r.hears(SingleCalls):
		list = []jsontext.Value{from.Calls}
	case present(from.Calls):
		if err := unmarshal(from.Calls, &list); err != nil {
			return nil, err
		}
	}
	var out []piece
	for _, v := range list {
		if !present(v) {
			continue
		}
		var loose looseCall
		if err := unmarshal(v, &loose); err != nil {
			return nil, err
		}
		p, err := r.piece(&loose)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	if from.Call.Kind() == jsontext.KindBeginObject && r.hears(LegacyCalls) {
		p := piece{index: -1, numbered: true}
		if err := r.function(&p, from.Call); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (r *Reader) piece(loose *looseCall) (piece, error) {
	id, err := unquoted(loose.ID)
	if err != nil {
		return piece{}, errors.New("malformed chunk: the id of a tool call is no text")
	}
	p := piece{id: id}
	if present(loose.Index) {
		var ok bool
		if p.index, ok = r.whole(loose.Index); !ok {
			return p, errors.New("a tool call without a number")
		}
		p.numbered = true
	}
	var more beside.Members
	more.Add(besides(loose.More))
	p.more = more.String()
	if !present(loose.Function) {
		return p, nil
	}
	return p, r.function(&p, loose.Function)
}

// function reads a called function.
func (r *Reader) function(p *piece, v jsontext.Value) error {
	var f looseFunction
	if err := unmarshal(v, &f); err != nil {
		return err
	}
	name, err := unquoted(f.Name)
	if err != nil || present(f.Name) && f.Name.Kind() != jsontext.KindString {
		return errors.New("malformed chunk: the name of a function is no text")
	}
	p.name = name
	if rest := besides(f.More); rest != "" {
		var more beside.Members
		more.Add(p.more)
		more.Add(`{"function":` + rest + `}`)
		p.more = more.String()
	}
	switch f.Arguments.Kind() {
	case jsontext.KindString:
		p.args = f.Arguments
	case jsontext.KindNull, 0:
	default:
		if !r.hears(ObjectArguments) {
			return errors.New("malformed chunk: arguments that are no text")
		}
		object := f.Arguments.Clone()
		if err := object.Compact(); err != nil {
			return errors.New("malformed chunk: arguments")
		}
		p.args = jsontext.Value(quoted(string(object)))
	}
	return nil
}

// take adds a piece to its call, and returns what can be shown.
func (r *Reader) take(c *calls, p *piece) ([]chat.ToolCallDelta, error) {
	var out []chat.ToolCallDelta
	one, err := r.find(c, p)
	if err != nil {
		return nil, err
	}
	if one == nil {
		if out, err = c.begin(r, p, &one); err != nil {
			return nil, err
		}
	}
	one.chunk, c.last = c.chunk, one
	one.addName(p.name, r.hears(NamePieces))
	if one.id == "" {
		one.id = p.id
	}
	var args string
	if len(p.args) > 0 {
		one.told = true
		if args, err = one.text.Take(p.args, r.hears(SplitCharacters)); err != nil {
			return nil, err
		}
		one.args.WriteString(args)
		one.shape.add(args)
	}
	if one.shown < 0 {
		one.more.Add(p.more)
		if c.kept += len(args) + len(p.more) + len(p.name); c.kept > maxKept {
			return nil, fmt.Errorf("a tool call without a name exceeds %d bytes", maxKept)
		}
		switch {
		case one.name == "" && !r.hears(LateNames):
			return nil, errors.New("tool call without a name")
		case one.name == "" || one.args.Len() == 0:
			return out, nil
		}
		return append(out, c.show(one)), nil
	}
	if !r.hears(MoreMembers) {
		p.more = ""
	}
	if args != "" || p.more != "" {
		out = append(out, chat.ToolCallDelta{Index: one.shown, Arguments: args, More: p.more})
	}
	return out, nil
}

// addName adds a piece to a call's name until arguments begin. A piece that begins with the name so far repeats
// it, perhaps with more of it.
func (c *call) addName(piece string, pieces bool) {
	switch {
	case piece == "":
	case c.name == "":
		c.name = piece
	case c.args.Len() > 0 || c.shown >= 0 || !pieces:
	case strings.HasPrefix(piece, c.name):
		c.name = piece
	default:
		c.name += piece
	}
}

// find returns the call that a piece continues; nil: the piece begins a new one.
func (r *Reader) find(c *calls, p *piece) (*call, error) {
	if !p.numbered && !r.hears(MissingIndexes) {
		return nil, errors.New("a tool call without a number")
	}
	if p.id != "" {
		if known := c.byID(p); known != nil {
			if p.name != "" && known.whole() && r.hears(SecondNames) {
				return nil, nil //nolint:nilnil // another call with the same id, or its name again
			}
			return known, nil
		}
	}
	at := c.at(p)
	if at == nil {
		return nil, nil //nolint:nilnil // the first of its index
	}
	if p.id != "" && at.id != "" {
		return r.byNewID(p, at), nil
	}
	if p.name == "" || at.name == "" {
		if p.id != "" && p.name == "" && at.whole() && at.shown >= 0 {
			return nil, nil //nolint:nilnil // an id after whole arguments, and its name is to come
		}
		return at, nil
	}
	if r.another(c, p, at) {
		return nil, nil //nolint:nilnil // a second name
	}
	return at, nil
}

// byNewID returns the call that a piece continues if its id differs from that of the last call at its
// place.
func (r *Reader) byNewID(p *piece, at *call) *call {
	switch {
	case !r.hears(SharedIndexes):
		return at
	case p.name != "", at.whole(), !p.says() && at.args.Len() == 0, !r.hears(ChangingIDs):
		return nil
	}
	return at
}

// another reports whether a piece's name belongs to a call other than the last one at its place.
func (r *Reader) another(c *calls, p *piece, at *call) bool {
	if !r.hears(SecondNames) {
		return false
	}
	if at.args.Len() > 0 {
		return at.whole() || p.name != at.name
	}
	return at.chunk == c.chunk || !p.numbered && at.told && len(p.args) > 0 && p.name != at.name
}

// byID returns the last call with the id of a piece, and with its index if both have one.
func (c *calls) byID(p *piece) *call {
	for i := len(c.list) - 1; i >= 0; i-- {
		if one := c.list[i]; one.id == p.id && (!p.numbered || !one.numbered || one.index == p.index) {
			return one
		}
	}
	return nil
}

// at returns the last call with the index of a piece, or the last one at all if it has none.
func (c *calls) at(p *piece) *call {
	if !p.numbered {
		return c.last
	}
	for i := len(c.list) - 1; i >= 0; i-- {
		if one := c.list[i]; one.numbered && one.index == p.index {
			return one
		}
	}
	return nil
}

// begin begins a call, and returns the earlier calls that were waiting for more of their names.
func (c *calls) begin(r *Reader, p *piece, one **call) ([]chat.ToolCallDelta, error) {
	if len(c.list) == maxCalls {
		return nil, fmt.Errorf("more than %d tool calls", maxCalls)
	}
	if p.id == "" && p.name != "" && !r.hears(MissingIDs) {
		return nil, errors.New("tool call without an id")
	}
	if p.numbered && p.index >= maxCalls && !r.hears(SparseIndexes) {
		return nil, fmt.Errorf("tool call %d", p.index)
	}
	var out []chat.ToolCallDelta
	for _, earlier := range c.list {
		if earlier.shown < 0 && earlier.name != "" && earlier.repeats == nil {
			out = append(out, c.show(earlier))
		}
	}
	*one = &call{index: p.index, numbered: p.numbered, id: p.id, shown: -1, repeats: c.repeated(p)}
	c.list = append(c.list, *one)
	return out, nil
}

// repeated returns the call whose name a piece may repeat; nil: none.
func (c *calls) repeated(p *piece) *call {
	before := c.at(p)
	if p.id != "" {
		before = c.byID(p)
	}
	if before == nil || p.name != before.name || p.says() {
		return nil
	}
	return before
}

// show begins to show a call.
func (c *calls) show(one *call) chat.ToolCallDelta {
	one.given = one.id
	for _, other := range c.list {
		if other.shown >= 0 && other.given == one.id {
			one.given = ""
		}
	}
	if one.given == "" {
		one.given = openaiapi.CallID + rand.Text()
	}
	one.shown = c.shown
	c.shown++
	return chat.ToolCallDelta{Index: one.shown, ID: one.given, Name: one.name, Arguments: one.args.String(), More: one.more.String()}
}

// flush shows what was held back when the choice ends or is cut.
func (c *calls) flush(r *Reader, cut bool) ([]chat.ToolCallDelta, error) {
	var out []chat.ToolCallDelta
	for _, one := range c.list {
		if !one.text.Whole() {
			if !cut {
				return nil, errHalf
			}
			rest := one.text.Cut()
			one.args.WriteString(rest)
			if one.shown >= 0 {
				out = append(out, chat.ToolCallDelta{Index: one.shown, Arguments: rest})
			}
		}
		switch {
		case one.shown >= 0:
		case one.repeats != nil && one.args.Len() == 0:
			if more := one.more.String(); more != "" && one.repeats.shown >= 0 && r.hears(MoreMembers) {
				out = append(out, chat.ToolCallDelta{Index: one.repeats.shown, More: more})
			}
		case one.name == "" && one.args.Len() == 0 && one.id == "":
		case one.name == "":
			return nil, errors.New("tool call without a name")
		default:
			out = append(out, c.show(one))
		}
	}
	return out, nil
}

// A shape detects when a JSON text in pieces may be complete.
type shape struct {
	depth           int
	begun           bool // an object or an array
	quoted, escaped bool
}

func (s *shape) add(piece string) {
	for i := range len(piece) {
		b := piece[i]
		switch {
		case s.escaped:
			s.escaped = false
		case s.quoted && b == '\\':
			s.escaped = true
		case b == '"':
			s.quoted = !s.quoted
		case s.quoted:
		case b == '{' || b == '[':
			s.depth++
			s.begun = true
		case b == '}' || b == ']':
			s.depth--
		}
	}
}

// closed reports whether everything that was opened has been closed.
func (s *shape) closed() bool { return s.begun && s.depth <= 0 && !s.quoted }

// whole reports whether the arguments are a complete object or array.
func (c *call) whole() bool {
	if !c.shape.closed() {
		return false
	}
	if c.checked != c.args.Len() {
		c.checked, c.valid = c.args.Len(), IsJSON([]byte(c.args.String()))
	}
	return c.valid
}
