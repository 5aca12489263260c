package openai

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// syntaxError returns the error for text that is not JSON. It says what is wrong at
// which byte, but never repeats the text, which may be anything.
func (d *decoder) syntaxError(err error) *Error {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return d.atEnd() // the only other error of a reader that cannot fail
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		path, whole := d.render(syntax.JSONPointer)
		what := "has a member twice"
		if whole {
			what = "has the member '" + path + "' twice"
		}
		e := d.invalidJSON(what, syntax.ByteOffset)
		e.Param = path
		return e
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || syntax.ByteOffset >= int64(len(d.body)) {
		return d.atEnd()
	}
	return d.invalidJSON(whatIsWrong(d.body[syntax.ByteOffset:]), syntax.ByteOffset)
}

// atEnd returns the error for text that ends before the value does.
func (d *decoder) atEnd() *Error {
	if len(d.body) == 0 {
		return fault("invalid_json", "", "is empty; it must be a JSON object")
	}
	return d.invalidJSON("ends too early", int64(len(d.body)))
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
	}
	return "has a character that cannot stand there"
}

func (d *decoder) invalidJSON(what string, offset int64) *Error {
	return &Error{
		Status: http.StatusBadRequest, Type: typeInvalidRequest, Code: "invalid_json",
		Message: fmt.Sprintf("The request body is not valid JSON: it %s, at byte %d.", what, offset),
	}
}
