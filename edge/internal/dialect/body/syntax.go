package body

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/failure"
)

// syntaxError returns the error for text that is not JSON. It says what is wrong, and at
// which byte, but repeats at most one plain character of the text.
func (t *tokens) syntaxError(err error) *failure.Error {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return t.atEnd() // the only other error of a reader that cannot fail
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		path, whole := t.render(syntax.JSONPointer)
		what := "has a member twice"
		if whole {
			what = "has the member '" + path + "' twice"
		}
		e := t.invalidJSON(what, syntax.ByteOffset)
		e.Param = path
		return e
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || syntax.ByteOffset >= int64(len(t.body)) {
		return t.atEnd()
	}
	return t.invalidJSON(whatIsWrong(t.body[syntax.ByteOffset:]), syntax.ByteOffset)
}

// atEnd returns the error for text that ends before the value does.
func (t *tokens) atEnd() *failure.Error {
	if len(t.body) == 0 {
		return failure.Field(failure.CodeInvalidJSON, "", "is empty; it must be a JSON object")
	}
	return t.invalidJSON("ends too early", int64(len(t.body)))
}

// whatIsWrong says why no JSON continues with text.
func whatIsWrong(text []byte) string {
	r, size := utf8.DecodeRune(text)
	switch {
	case r == utf8.RuneError && size <= 1:
		return "has a byte that is not UTF-8"
	case r == '\\':
		return "has an escape that stands for no character"
	case r < ' ':
		return "has a control character that must be escaped"
	case r == ',' && bytes.IndexAny(bytes.TrimLeft(text[1:], " \t\r\n"), "}]") == 0:
		return "has a comma that nothing follows"
	case r == '\'':
		return "has a single quote, and JSON needs double quotes"
	case r <= '~' && !strings.ContainsRune("<>&\"`", r): // which no page takes for anything else
		return "has an unexpected '" + string(r) + "'"
	}
	return "has a character that cannot stand there"
}

func (t *tokens) invalidJSON(what string, offset int64) *failure.Error {
	return &failure.Error{
		Status: http.StatusBadRequest, Code: failure.CodeInvalidJSON,
		Message: fmt.Sprintf("The request body is not valid JSON: it %s, at byte %d.", what, offset),
	}
}
