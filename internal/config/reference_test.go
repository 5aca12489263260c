package config

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type flags struct {
	Wait time.Duration `default:"5s" help:"Wait a | moment."`
	Hide string        `hidden:"" help:"Not for everybody."`
	Name []string      `name:"given-name" help:"Name; repeatable."`
	Mode string        `default:"a" enum:"a,b" help:"One of ${enum}." group:"models"`
	Port int           `default:"1" help:"Port." group:"http"`
	Loud bool          `help:"Be loud."`
	Commands
}

func reference(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	command, err := Parse(Program{Name: "program", Description: "Does."}, new(flags), append([]string{"reference"}, args...), &out, &out)
	if err != nil {
		t.Fatal(err)
	}
	if err := command.(Command).Run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestReference(t *testing.T) {
	t.Setenv("PAWSTREAM_WAIT", "9s") // what is set here is not the default
	var got []Setting
	if err := json.Unmarshal([]byte(reference(t, "--format=json")), &got); err != nil {
		t.Fatal(err)
	}
	want := []Setting{
		{Flag: "--port", Group: "HTTP", Environment: "PAWSTREAM_PORT", Default: "1", Value: "NUMBER", Help: "Port."},
		{Flag: "--mode", Group: "Models", Environment: "PAWSTREAM_MODE", Default: "a", Value: "a|b", Help: "One of a,b."},
		{Flag: "--given-name", Group: "Process", Environment: "PAWSTREAM_GIVEN_NAME", Value: "TEXT", Help: "Name; repeatable."},
		{Flag: "--loud", Group: "Process", Environment: "PAWSTREAM_LOUD", Help: "Be loud."},
		{Flag: "--wait", Group: "Process", Environment: "PAWSTREAM_WAIT", Default: "5s", Value: "DURATION", Help: "Wait a | moment."},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	const table = `## program

Does.

### program: HTTP

| flag | default | what for |
| --- | --- | --- |
| ` + "`--port NUMBER` | `1`" + ` | Port. |

### program: Models

| flag | default | what for |
| --- | --- | --- |
| ` + "`--mode a\\|b` | `a`" + ` | One of a,b. |

### program: Process

| flag | default | what for |
| --- | --- | --- |
| ` + "`--given-name TEXT`" + ` |  | Name; repeatable. |
| ` + "`--loud`" + ` |  | Be loud. |
| ` + "`--wait DURATION` | `5s`" + ` | Wait a \| moment. |

`
	if diff := cmp.Diff(strings.Split(table, "\n"), strings.Split(reference(t), "\n")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
