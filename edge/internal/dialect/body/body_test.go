package body_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
)

// pet is what the tests read.
type pet struct {
	Name   string
	Legs   int32
	Vetted *bool
	Likes  []string
}

func decode(text string, hold func(int) *failure.Error) (pet, *failure.Error) {
	var p pet
	d := body.New([]byte(text), hold)
	err := d.Root(func(name []byte) *failure.Error {
		switch string(name) {
		case "name":
			return d.Text(&p.Name)
		case "legs":
			return d.Int32(&p.Legs)
		case "vetted":
			return body.Optional(d, &p.Vetted, d.Boolean)
		case "likes":
			return body.ListOf(d, &p.Likes, "likes", 3, func(d *body.Decoder) (s string, err *failure.Error) {
				err = d.OneOf(&s, "naps", "walks")
				return s, err
			})
		case "whatever":
			return d.Skip()
		}
		return d.Unknown()
	})
	return p, err
}

func TestDecoder(t *testing.T) {
	got, err := decode(`{"name":"Biscuit","legs":4.0,"vetted":false,"likes":["naps","walks"],"whatever":{"a":[1,{}]}}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(pet{"Biscuit", 4, new(false), []string{"naps", "walks"}}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got, err := decode("\ufeff"+`{"name":"Biscuit","whatever":`+strings.Repeat("[", 127)+strings.Repeat("]", 127)+`}`, nil); err != nil || got.Name != "Biscuit" {
		t.Errorf("a byte order mark, and as deep as may be: %v, %v", got, err)
	}
	if got, err := decode(`{"name":null,"vetted":null,"likes":null}`, nil); err != nil || !cmp.Equal(pet{}, got) {
		t.Errorf("null is not absent: %v, %v", got, err)
	}
}

func TestFaultsNameTheirField(t *testing.T) {
	for _, tt := range []struct {
		text  string
		code  failure.Code
		param string
	}{
		{`{"legs":"four"}`, "invalid_type", "legs"},
		{`{"legs":4.5}`, "invalid_type", "legs"},
		{`{"legs":4000000000}`, "integer_above_max_value", "legs"},
		{`{"likes":["naps","cats"]}`, "invalid_value", "likes[1]"},
		{`{"likes":["naps",null]}`, "invalid_type", "likes[1]"},
		{`{"likes":["naps","naps","naps","naps"]}`, "array_above_max_length", "likes"},
		{`{"wings":2}`, "unknown_parameter", "wings"},
		{`{"name":"a","name":"b"}`, "invalid_json", "name"},
		{`{"whatever":` + strings.Repeat("[", 128) + strings.Repeat("]", 128) + `}`, "invalid_json", "whatever[0][0][0]"},
		{`{"name":"a"} {}`, "invalid_json", ""},
		{`{"name":`, "invalid_json", ""},
		{``, "invalid_json", ""},
	} {
		if _, err := decode(tt.text, nil); err == nil || err.Code != tt.code || err.Param != tt.param {
			t.Errorf("%.40s: %v about %q, want %s about %q", tt.text, err, err.Param, tt.code, tt.param)
		}
	}
}

func TestHoldIsAskedForRoom(t *testing.T) {
	text := `{"likes":[` + strings.Repeat(`"naps",`, 63) + `"naps"]}`
	d := body.New([]byte(text), func(int) *failure.Error { return failure.NoRoom(0) })
	var likes []string
	err := d.Root(func([]byte) *failure.Error {
		return body.List(d, &likes, func(d *body.Decoder) (s string, err *failure.Error) {
			err = d.Text(&s)
			return s, err
		})
	})
	if err == nil || err.Code != "overloaded" {
		t.Errorf("%d things without room: %v", len(likes), err)
	}
}
