package responses

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/edge/internal/failure"
)

// sent reports failures in terms of the client's body: the service knows its messages, but not the items that
// they were made of. It lives as long as the stream, and keeps no text of the items.
type sent struct {
	dialect *Dialect
	places  []place
	text    bool // as in [input]
}

// Failure implements [dialect.Failures].
func (s *sent) Failure(e *failure.Error) (status int, body []byte) {
	param := s.param(e.Param)
	if param == e.Param {
		return s.dialect.Failure(e)
	}
	told := *e
	told.Param, told.Message = param, strings.ReplaceAll(e.Message, "'"+e.Param+"'", "'"+param+"'")
	return s.dialect.Failure(&told)
}

// param returns the body's name for a param of the contract.
func (s *sent) param(param string) string {
	switch param {
	case "messages":
		return "input"
	case "max_completion_tokens":
		return "max_output_tokens"
	case "previous_completion_id":
		return "previous_response_id"
	case "reasoning_effort":
		return "reasoning.effort"
	case "verbosity":
		return "text.verbosity"
	case "logprobs":
		return "include"
	}
	if rest, ok := strings.CutPrefix(param, "response_format"); ok {
		return "text.format" + strings.Replace(rest, ".json_schema", "", 1)
	}
	if strings.HasPrefix(param, "tools[") {
		return strings.Replace(param, ".function.", ".", 1)
	}
	if n, rest, ok := index(param, "messages"); ok && n < len(s.places) {
		return s.ofMessage(n, rest)
	}
	return param
}

// ofMessage returns the body's name for a part of a message.
func (s *sent) ofMessage(n int, rest string) string {
	if s.text {
		return "input"
	}
	at := s.places[n]
	item := func(i int, rest string) string { return fmt.Sprintf("input[%d]%s", i, rest) }
	if k, call, ok := index(rest, ".tool_calls"); ok && k < len(at.calls) {
		return item(at.calls[k], strings.NewReplacer(".id", ".call_id", ".function", "").Replace(call))
	}
	if k, _, ok := index(rest, ".answer_pieces"); ok && k < len(at.pieces) {
		return item(at.pieces[k], ".id")
	}
	if at.output {
		rest = strings.Replace(rest, ".content", ".output", 1)
	}
	return item(at.item, strings.NewReplacer(
		".tool_call_id", ".call_id", ".image_url.url", ".image_url", ".image_url.detail", ".detail", ".file.", ".",
		".reasoning_content", "", ".tool_calls", "", ".refusal", ".content",
	).Replace(rest))
}

// index cuts an element's index off a path that begins with a list's name.
func index(path, list string) (n int, rest string, ok bool) {
	rest, ok = strings.CutPrefix(path, list+"[")
	if !ok {
		return 0, "", false
	}
	digits, rest, ok := strings.Cut(rest, "]")
	n, err := strconv.Atoi(digits)
	return n, rest, ok && err == nil
}
