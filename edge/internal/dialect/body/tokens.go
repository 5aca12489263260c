package body

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/failure"
)

// tokens reads the tokens of a body, and knows the current position.
type tokens struct {
	text *jsontext.Decoder
	body []byte
}

// Kind returns the kind of the next value, without reading it.
func (t *tokens) Kind() jsontext.Kind { return t.text.PeekKind() }

// begin reads the first token of an object or an array.
func (t *tokens) begin(want jsontext.Kind) *failure.Error {
	if _, err := t.Token(want); err != nil {
		return err
	}
	if t.text.StackDepth() > MaxDepth {
		return t.tooDeep()
	}
	return nil
}

// end reads the last token of an object or an array.
func (t *tokens) end() *failure.Error {
	if _, err := t.text.ReadToken(); err != nil {
		return t.syntaxError(err)
	}
	return nil
}

// Token reads a token of the expected kind.
func (t *tokens) Token(want jsontext.Kind) (jsontext.Token, *failure.Error) {
	next, err := t.text.ReadToken()
	if err != nil {
		return next, t.syntaxError(err)
	}
	if next.Kind() != want {
		return next, t.WrongType(kindName(want), next.Kind())
	}
	return next, nil
}

// name reads the name of a member. It is a part of the body unless it has escapes, so
// that the names of the API cost no allocation.
func (t *tokens) name() ([]byte, *failure.Error) {
	quoted, err := t.text.ReadValue()
	if err != nil {
		return nil, t.syntaxError(err)
	}
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], nil
	}
	plain, _ := jsontext.AppendUnquote(nil, quoted) // has just been found valid
	return plain, nil
}

// Skip reads a value of any kind and forgets it.
func (t *tokens) Skip() *failure.Error {
	for depth := t.text.StackDepth(); ; {
		_, err := t.text.ReadToken()
		switch {
		case err != nil:
			return t.syntaxError(err)
		case t.text.StackDepth() > MaxDepth:
			return t.tooDeep()
		case t.text.StackDepth() == depth:
			return nil
		}
	}
}

// tooDeep refuses JSON that is too deep. It names the member by the first steps of its path.
func (t *tokens) tooDeep() *failure.Error {
	const steps = 4
	path, left := t.text.StackPointer(), steps
	for i := range path {
		if path[i] == '/' {
			if left == 0 {
				path = path[:i]
				break
			}
			left--
		}
	}
	at, _ := t.render(path)
	return failure.Field(failure.CodeInvalidJSON, at, fmt.Sprintf("is nested too deeply: at most %d levels of arrays and objects are allowed", MaxDepth))
}

// WrongType refuses a value for its kind.
func (t *tokens) WrongType(want string, is jsontext.Kind) *failure.Error {
	return t.Fault(failure.CodeInvalidType, "must be "+want+", but is "+kindName(is))
}

// Fault returns a 400 about what has been read last. The rest continues a sentence.
func (t *tokens) Fault(code failure.Code, rest string) *failure.Error {
	path, whole := t.fullPath()
	if !whole {
		rest = "has a member that " + rest
	}
	return failure.Field(code, path, rest)
}

// Path returns the path of the last value read, in OpenAI's spelling, such as
// "messages[0].role". It ends before the first name that is not plain.
func (t *tokens) Path() string {
	path, _ := t.fullPath()
	return path
}

func (t *tokens) fullPath() (path string, whole bool) {
	return t.render(t.text.StackPointer())
}
