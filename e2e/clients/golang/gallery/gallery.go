// Package gallery tries a client in Go by what the gallery's other clients are tried by: node/lib.mjs
// says what.
package gallery

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// input is what the test tells: where the API is, and the whole answer.
var input struct{ Base, Broken, Text string }

// Tools are the tools of a request, as OpenAI's chat completions have them.
const Tools = `[{"type":"function","function":{"name":"find_pet","description":"Finds a pet.","parameters":{"type":"object","properties":{"name":{"type":"string"}}}}}]`

// PetSchema is of the object that is asked for.
const PetSchema = `{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"],"additionalProperties":false}`

// ErrLeft is what a client returns that leaves as it is asked to.
var ErrLeft = errors.New("left")

// An Asked is what a client is to do: stream an answer, or what one of its fields says.
type Asked struct {
	Base, Model string
	HTTP        *http.Client
	Tools       bool // send them, and tell the calls
	Whole       bool // no stream
	Loop        bool // answer the calls by FindPet, and tell the text after that
	Object      bool // tell the object
	Leave       bool // after the first text, with ErrLeft
	Resume      bool // go on after a lost connection, by a call of its own, and name it as Resumed
}

// FindPet is what the tool does.
func FindPet(arguments string) string {
	var pet struct{ Name string }
	_ = json.Unmarshal([]byte(arguments), &pet)
	return pet.Name + " sleeps"
}

// A Call is a call of a tool.
type Call struct{ Name, Arguments string }

// An Answer is what a client has got.
type Answer struct {
	Text, Finish, Object string
	Usage                int64
	Calls                []Call
	Resumed              string
}

// noting remembers the completion that a response is about.
type noting struct{ id string }

// RoundTrip implements http.RoundTripper.
func (n *noting) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		n.id = resp.Header.Get("X-Completion-Id")
	}
	return resp, err
}

func status(id string) string {
	// Either API has the completion, under a name of its own.
	resp, err := http.Get(input.Base + "/chat/completions/" + strings.Replace(id, "resp_", "chatcmpl-", 1))
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	var got struct{ Status string }
	_ = json.NewDecoder(resp.Body).Decode(&got)
	return got.Status
}

func yes(ok bool, format string, args ...any) string {
	if ok {
		return "yes"
	}
	return "fails: " + fmt.Sprintf(format, args...)
}

// checks are in the order of the columns.
var checks = []struct {
	name string
	run  func(func(Asked) (Answer, error)) string
}{
	{"stream", func(ask func(Asked) (Answer, error)) string {
		got, err := ask(Asked{Model: "story"})
		return yes(err == nil && got.Text == input.Text && got.Finish == "stop", "%v, %+v", err, got)
	}},
	{"whole", func(ask func(Asked) (Answer, error)) string {
		got, err := ask(Asked{Model: "story", Whole: true})
		return yes(err == nil && got.Text == input.Text, "%v, %+v", err, got)
	}},
	{"usage", func(ask func(Asked) (Answer, error)) string {
		got, err := ask(Asked{Model: "story"})
		return yes(err == nil && got.Usage > 0, "%v, %d", err, got.Usage)
	}},
	{"tools", func(ask func(Asked) (Answer, error)) string {
		got, err := ask(Asked{Model: "tools", Tools: true})
		want := []Call{{"find_pet", `{"name":"Luna"}`}, {"find_pet", `{"name":"Milo"}`}}
		return yes(err == nil && slices.Equal(got.Calls, want) && got.Finish == "tool_calls", "%v, %+v", err, got)
	}},
	{"loop", func(ask func(Asked) (Answer, error)) string {
		got, err := ask(Asked{Model: "tools", Tools: true, Loop: true})
		return yes(err == nil && got.Text == input.Text, "%v, %+v", err, got)
	}},
	{"object", func(ask func(Asked) (Answer, error)) string {
		got, err := ask(Asked{Model: "object", Object: true})
		return yes(err == nil && got.Object == `{"name":"Luna","age":3}`, "%v, %+v", err, got)
	}},
	{"before", func(ask func(Asked) (Answer, error)) string {
		_, err := ask(Asked{Model: "nothing"})
		return yes(err != nil, "an unknown model passes for success")
	}},
	{"within", within},
	{"abort", abort},
	{"cut", cut},
}

func within(ask func(Asked) (Answer, error)) string {
	got, err := ask(Asked{Model: "failing"})
	switch {
	case err == nil || got.Text == "":
		return yes(false, "a failure passes for success: %v, %+v", err, got)
	case strings.Contains(err.Error(), "model"):
		return "yes"
	default:
		return "raises without our message"
	}
}

func abort(ask func(Asked) (Answer, error)) string {
	noted := &noting{}
	_, _ = ask(Asked{Model: "endless", Leave: true, HTTP: &http.Client{Transport: noted}})
	late := time.Now().Add(20 * time.Second)
	for status(noted.id) != "cancelled" && time.Now().Before(late) {
		time.Sleep(50 * time.Millisecond)
	}
	return yes(status(noted.id) == "cancelled", "the status is %s", status(noted.id))
}

func cut(ask func(Asked) (Answer, error)) string {
	got, err := ask(Asked{Base: input.Broken, Model: "story"})
	if err == nil {
		if got.Text == input.Text {
			return "goes on"
		}
		return yes(false, "a cut passes for the end, with %q", got.Text)
	}
	got, err = ask(Asked{Base: input.Broken, Model: "story", Resume: true})
	switch {
	case err != nil || got.Resumed == "":
		return "raises"
	case got.Text == input.Text:
		return "raises; " + got.Resumed + " goes on"
	default:
		return yes(false, "what goes on ends with %q", got.Text)
	}
}

// Run tries a client by all checks, less those that it cannot be tried by. The input is the program's
// last argument, and the results are lines of its output.
func Run(ask func(Asked) (Answer, error), cannot ...string) {
	if err := json.Unmarshal([]byte(os.Args[len(os.Args)-1]), &input); err != nil {
		panic(err)
	}
	here := func(asked Asked) (Answer, error) {
		if asked.Base == "" {
			asked.Base = input.Base
		}
		if asked.HTTP == nil {
			asked.HTTP = http.DefaultClient
		}
		return ask(asked)
	}
	for _, check := range checks {
		result := "–"
		if !slices.Contains(cannot, check.name) {
			result = check.run(here)
		}
		_ = json.NewEncoder(os.Stdout).Encode(map[string]string{"check": check.name, "result": result})
	}
}
