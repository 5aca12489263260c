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
	Name []string      `name:"given-name" help:"Name; may be given several times."`
	Mode string        `default:"a" enum:"a,b" help:"One of ${enum}."`
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
		{Flag: "--given-name", Environment: "PAWSTREAM_GIVEN_NAME", Value: "TEXT", Help: "Name; may be given several times."},
		{Flag: "--loud", Environment: "PAWSTREAM_LOUD", Help: "Be loud."},
		{Flag: "--mode", Environment: "PAWSTREAM_MODE", Default: "a", Value: "a|b", Help: "One of a,b."},
		{Flag: "--wait", Environment: "PAWSTREAM_WAIT", Default: "5s", Value: "DURATION", Help: "Wait a | moment."},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	const table = `## program

Does.

| flag | default | what for |
| --- | --- | --- |
| ` + "`--given-name TEXT`" + ` |  | Name; may be given several times. |
| ` + "`--loud`" + ` |  | Be loud. |
| ` + "`--mode a\\|b` | `a`" + ` | One of a,b. |
| ` + "`--wait DURATION` | `5s`" + ` | Wait a \| moment. |

`
	if diff := cmp.Diff(strings.Split(table, "\n"), strings.Split(reference(t), "\n")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
