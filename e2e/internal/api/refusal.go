package api

import (
	"strings"
	"testing"
)

// A Refusal is an error answer.
type Refusal struct {
	Status            int
	Type, Code, Param string // "": null
}

// Refused parses an error answer, and checks its form.
func Refused(t *testing.T, x Exchange) Refusal {
	t.Helper()
	if got := x.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q", got)
	}
	if got := x.Header.Get("X-Request-Id"); !RequestID.MatchString(got) {
		t.Errorf("X-Request-Id is %q", got)
	}
	if got := x.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options is %q", got)
	}
	checkDiscretion(t, string(x.Body))
	told := Decode(t, string(x.Body))
	inside, _ := told["error"].(Object)
	if _, p := inside["param"]; len(told) != 1 || len(inside) != 4 || !p {
		t.Fatalf("status %d, body %s", x.Status, x.Body)
	}
	if message, _ := inside["message"].(string); message == "" {
		t.Errorf("no message in %s", x.Body)
	}
	got := Refusal{Status: x.Status}
	for name, field := range map[string]*string{"type": &got.Type, "code": &got.Code, "param": &got.Param} {
		switch value := inside[name].(type) {
		case nil:
		case string:
			*field = value
			if value == "" {
				t.Errorf("%s is empty instead of null in %s", name, x.Body)
			}
		default:
			t.Errorf("%s is no string in %s", name, x.Body)
		}
	}
	return got
}

// checkDiscretion checks that a text has no internal details: Go's types and traces, files, addresses, and the
// messages of libraries.
func checkDiscretion(t *testing.T, text string) {
	t.Helper()
	for _, leak := range []string{
		"goroutine", ".go:", "0x", "panic", "rpc error", "grpc", "protobuf", "proto:", "jsontext", "json: ",
		"strconv", "unmarshal", "*completionv1", "struct", "interface", "nil", "127.0.0.1", "localhost", "/root", "/home", "/tmp",
	} {
		if strings.Contains(text, leak) {
			t.Errorf("the answer tells %q: %s", leak, text)
		}
	}
}

// Bad returns a refusal that the request caused.
func Bad(status int, code, param string) Refusal {
	return Refusal{Status: status, Type: "invalid_request_error", Code: code, Param: param}
}
