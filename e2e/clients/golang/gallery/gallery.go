// Package gallery tries a Go client with the same checks as the gallery's other clients, which node/lib.mjs
// describes.
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

// input has the URLs of the API and of a proxy that cuts connections, and the whole answer.
var input struct{ Base, Broken, Text string }

// Tools are the tools of a request in the JSON of chat completions.
const Tools = `[{"type":"function","function":{"name":"find_pet","description":"Finds a pet.","parameters":{"type":"object","properties":{"name":{"type":"string"}}}}}]`

// PetSchema is the schema of the requested object.
const PetSchema = `{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"],"additionalProperties":false}`

// ErrLeft is the error of a client that leaves as requested.
var ErrLeft = errors.New("left")

// An Asked says what a client should do: stream an answer, or what one of the fields says.
type Asked struct {
	Base, Model string
	HTTP        *http.Client
	Tools       bool // send Tools, and return the calls
	Whole       bool // without a stream
	Loop        bool // answer the calls with FindPet, and return the text after that
	Object      bool // return the object
	Leave       bool // leave after the first text, with ErrLeft
	Resume      bool // resume a lost connection with a call of the client's own, and name it in Resumed
}

// FindPet is the tool.
func FindPet(arguments string) string {
	var pet struct{ Name string }
	_ = json.Unmarshal([]byte(arguments), &pet)
	return pet.Name + " sleeps"
}

// A Call is a call of a tool.
type Call struct{ Name, Arguments string }

// An Answer is what a client has received.
type Answer struct {
	Text, Finish, Object string
	Usage                int64
	Calls                []Call
	Resumed              string
}

// noting remembers the completion of a response.
type noting struct{ id string }

// RoundTrip implements [http.RoundTripper].
func (n *noting) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		n.id = resp.Header.Get("X-Completion-Id")
	}
	return resp, err
}

func status(id string) string {
	// Both APIs have the completion, under different ids.
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

// Run tries a client with all checks except those in cannot. The input is the program's last argument, and the
// results are lines of its output.
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
