package openaibackend

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/internal/header"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/openaibackend/accent"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// A refusal is a response with an error status, or an error in a stream.
type refusal struct {
	status int
	after  time.Duration // how long the server asks to be left alone
	// reported says that the server itself reported what is wrong.
	reported             bool
	inStream             bool
	message, param, code string // in the server's words
	kindOf               string // its name for the kind of error
	said                 int64  // a status that it names in addition to a code that is not a status; 0: none
}

// Error implements error. It leaves out the server's words, which may be confidential.
func (r *refusal) Error() string {
	if r.inStream {
		return "upstream reported an error in the stream"
	}
	return "upstream answered " + strconv.Itoa(r.status)
}

// newRefusal reads a response with an error status. The status counts, whatever the body says.
func newRefusal(res *http.Response, body []byte) *refusal {
	r := &refusal{status: res.StatusCode, after: retryAfter(res)}
	var said jsontext.Value
	from := jsontext.NewDecoder(bytes.NewReader(body), lenient)
	_ = json.UnmarshalDecode(from, &said) // a proxy's page says nothing
	r.reported = r.read(said, 0) || r.status == http.StatusTooManyRequests
	return r
}

// lenient reads what is meant for people.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) //nolint:gochecknoglobals // options

// maxNested bounds the depth at which a server's error message is looked for.
const maxNested = 5

// An objection has all the members in which servers say what is wrong.
type objection struct {
	Error    jsontext.Value `json:"error"`
	Errors   jsontext.Value `json:"errors"` // Cloudflare
	Message  jsontext.Value `json:"message"`
	Detail   jsontext.Value `json:"detail"` // FastAPI; within message: Mistral
	Msg      jsontext.Value `json:"msg"`    // FastAPI's list
	ErrorMsg jsontext.Value `json:"error_msg"`
	Param    jsontext.Value `json:"param"`
	Code     jsontext.Value `json:"code"`
	Type     jsontext.Value `json:"type"`
	Status   jsontext.Value `json:"status"`
	HTTP     jsontext.Value `json:"status_code"`
}

// read reads what a server says is wrong: a text, an object, or the first element of a list. It reports
// whether that says anything.
func (r *refusal) read(v jsontext.Value, depth int) bool {
	if depth > maxNested {
		return false
	}
	switch v.Kind() {
	case jsontext.KindString:
		r.message = text(v)
		return true
	case jsontext.KindBeginArray:
		var list []jsontext.Value
		if json.Unmarshal(v, &list, lenient) == nil && len(list) > 0 && list[0].Kind() == jsontext.KindBeginObject {
			r.read(list[0], depth+1)
		}
		return depth > 0 || r.message != ""
	case jsontext.KindBeginObject:
		return r.readObject(v, depth)
	default:
		return depth > 0 && len(v) > 0
	}
}

func (r *refusal) readObject(v jsontext.Value, depth int) bool {
	var o objection
	_ = json.Unmarshal(v, &o, lenient) // what it cannot be read as, it does not say
	for _, within := range []jsontext.Value{o.Error, o.Errors, o.Message, o.Detail, o.Msg, o.ErrorMsg} {
		if !present(within) {
			continue
		}
		if within.Kind() == jsontext.KindNumber {
			r.message = text(within)
		} else {
			r.read(within, depth+1)
		}
		break
	}
	if s := text(o.Param); s != "" {
		r.param = s
	}
	for _, code := range []jsontext.Value{o.Code, o.HTTP, o.Status, o.Type} {
		if s := text(code); s != "" && r.code == "" {
			r.code = s
		}
	}
	if _, ok := accent.Number(r.code); !ok { // a number is more specific than a name
		for _, code := range []jsontext.Value{o.HTTP, o.Status} {
			if n, ok := accent.Number(text(code)); ok && isError(n) {
				r.said = n
			}
		}
	}
	if s := text(o.Type); s != "" {
		r.kindOf = s
	}
	return depth > 0 || present(o.Error) || present(o.Errors) || present(o.Message) || present(o.Detail) || present(o.ErrorMsg)
}

func isError(status int64) bool { return status >= http.StatusBadRequest && status < 600 }

// present reports whether a value exists and is not null.
func present(v jsontext.Value) bool { return len(v) > 0 && v.Kind() != jsontext.KindNull }

// text returns a string, or a number as it is written.
func text(v jsontext.Value) string {
	switch v.Kind() {
	case jsontext.KindString:
		unquoted, _ := jsontext.AppendUnquote(nil, v) // as far as it can be read
		return string(unquoted)
	case jsontext.KindNumber:
		return string(v)
	default:
		return ""
	}
}

// failure returns the failure that a refusal stands for.
func (r *refusal) failure(s secrets) *route.Failure {
	cause, words := r.Error(), reason(r.message, s)
	if words != "" {
		cause += ": " + words
	}
	f := r.kind(errors.New(cause), s)
	f.Reported = r.reported
	switch f.Shown.Code {
	case chat.CodeUpstreamError, chat.CodeOverloaded:
		f = f.Because(r.because(words))
	default: // the words stand in the message, or say nothing that it does not
	}
	return f
}

// redirects reports whether the server has redirected the request to another one, which would see the key.
func (r *refusal) redirects() bool {
	return r.status >= http.StatusMultipleChoices && r.status < http.StatusBadRequest
}

// because says what the server answered. Messages about keys and names are left out, as they may hold a part of the key.
func (r *refusal) because(words string) string {
	why := "it answered " + strconv.Itoa(r.status)
	if r.inStream {
		why = "it reported an error"
	}
	if r.redirects() {
		return why + ", and redirects are not followed"
	}
	if words == "" || r.status == http.StatusUnauthorized || r.status == http.StatusForbidden {
		return why
	}
	return why + ": " + words
}

func (r *refusal) kind(cause error, s secrets) *route.Failure {
	switch {
	case r.tooLong():
		return route.TooLong(cause)
	case r.status == http.StatusBadRequest || r.status == http.StatusUnprocessableEntity:
		return route.Refused(cause, param(r.param, s), reason(r.message, s))
	case r.status == http.StatusRequestEntityTooLarge:
		return route.TooLarge(cause)
	case r.status == http.StatusTooManyRequests:
		return route.Busy(cause, r.after)
	case r.status == http.StatusRequestTimeout, r.status >= http.StatusInternalServerError:
		f := route.Broken(cause)
		f.RetryAfter = r.after
		return f
	}
	f := route.Denied(cause)
	f.Form = r.redirects() // the server is healthy; the configured address is wrong
	return f
}

// tooLong reports whether the conversation does not fit, by OpenAI's code for it or llama.cpp's.
func (r *refusal) tooLong() bool {
	return r.code == "context_length_exceeded" || r.kindOf == "exceed_context_size_error"
}

// retryAfter returns how long a server asks to be left alone.
func retryAfter(res *http.Response) time.Duration {
	if ms, err := strconv.ParseFloat(res.Header.Get(header.RetryAfterMs), 64); err == nil && ms > 0 && ms < 1e9 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	text := res.Header.Get(header.RetryAfter)
	if s, err := strconv.ParseFloat(text, 64); err == nil && s > 0 && s < 1e6 {
		return time.Duration(s * float64(time.Second))
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

// statuses are servers' names for kinds of errors in a stream, where there is no HTTP status.
var statuses = map[string]int{ //nolint:gochecknoglobals // a table
	"rate_limit_exceeded": 429, "rate_limit_error": 429, "RateLimitError": 429, "RESOURCE_EXHAUSTED": 429, "too_many_requests": 429,
	"invalid_request_error": 400, "BadRequestError": 400, "INVALID_ARGUMENT": 400, "invalid_request": 400,
	"authentication_error": 401, "UNAUTHENTICATED": 401, "permission_error": 403, "PERMISSION_DENIED": 403,
	"overloaded_error": 503, "UNAVAILABLE": 503, "service_unavailable": 503,
}

// inStream returns the failure that a server reports in a stream. Its code is a string or a status.
func inStream(v jsontext.Value, s secrets) *route.Failure {
	r := &refusal{status: http.StatusBadGateway, reported: true, inStream: true}
	if said := jsontext.Value(bytes.TrimSpace(v)); said.IsValid(lenient) {
		r.read(said, 0)
	} else {
		r.message = string(v)
	}
	switch code, ok := accent.Number(r.code); {
	case ok && isError(code):
		r.status = int(code)
	case r.said != 0:
		r.status = int(r.said)
	case statuses[r.code] != 0:
		r.status = statuses[r.code]
	case r.code == "" || statuses[r.kindOf] != 0:
		r.status = cmp.Or(statuses[r.kindOf], r.status)
	}
	return r.failure(s)
}
