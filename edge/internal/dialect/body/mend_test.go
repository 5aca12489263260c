package body_test

import (
	"strings"
	"testing"

	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
)

// TestMended decodes bodies that are JSON but not I-JSON. The results are those of JavaScript's JSON.parse and Python's
// json.loads, except for halves of characters, which UTF-8 cannot represent.
func TestMended(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`{"a":1}`, `{"a":1}`},
		{`{"a":1,"a":2}`, `{"a":2}`},
		{`{"a":1,"b":[1.50,-0,1e400,true,null,"x"],"a":{"c":1,"d":2,"c":3},"e":{}}`, `{"b":[1.50,-0,1e400,true,null,"x"],"a":{"d":2,"c":3},"e":{}}`},
		{`{"a":1,"\u0061":2,"b":3}`, `{"a":2,"b":3}`},
		{`{"":1,"":2,"":3}`, `{"":3}`},
		{`{"a":"x\ud83dy"}`, "{\"a\":\"x\ufffdy\"}"},
		{`{"a":"\udc08\ud83d"}`, "{\"a\":\"\ufffd\ufffd\"}"},
		{`{"a":"\ud83d\udc08\ud83d"}`, "{\"a\":\"🐈\ufffd\"}"},
		{`{"\ud83d":[["\ud83d"]]}`, "{\"\ufffd\":[[\"\ufffd\"]]}"},
		{"\ufeff" + `{"a":1,"a":2} ` + "\n", `{"a":2}`},
		{`{"a":[1,1,{"b":1,"b":1}]}`, `{"a":[1,1,{"b":1}]}`},
	} {
		if got, err := mended(tt.text); err != nil || got != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.text, got, err, tt.want)
		}
	}
	for _, text := range []string{
		`{"a":1,"a":}`, `{"a":1,"a":2}x`, `{"a":1,"a":2}{}`, `{"a":1,"a":2`, `{"a":"\ud83`, "{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\xbd\"}",
		`{"a":"\ud83d","b":"\x"}`, `{"a":1,"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, `[`, ``,
	} {
		_, want := plain([]byte(text))
		if got, err := mended(text); err == nil || want == nil || err.Message != want.Message {
			t.Errorf("%.40s: %s, %v, want %v", text, got, err, want)
		}
	}
}

// TestToMendTakesRoom checks that a text is not mended if there is no room for that.
func TestToMendTakesRoom(t *testing.T) {
	asked := 0
	hold := func(bytes int) *failure.Error {
		asked += bytes
		return failure.NoRoom(0)
	}
	if _, err := body.Mended([]byte(`{"a":1,"a":2}`), hold, plain); err == nil || err.Code != "overloaded" || asked == 0 {
		t.Errorf("%d bytes: %v", asked, err)
	}
	if _, err := body.Mended([]byte(`{"a":1}`), hold, plain); err != nil {
		t.Error(err)
	}
}

// TestBrokenTextTakesNoRoom checks that a text that cannot be mended is refused for its real error, even if there
// is no room.
func TestBrokenTextTakesNoRoom(t *testing.T) {
	hold := func(int) *failure.Error { return failure.NoRoom(0) }
	for _, text := range []string{
		`{"a":1`, `{"a":tru}`, `{"a":1,}`, `{'a':1}`, `{"a":1}x`, `{"a":"\x"}`, `{"a":"\ud83`, `{"a":"\ud83d\x"}`, ``,
		`{"a":1,"a":2`, `{"a":1,"a":2}}`, `{"a":"\ud83d","b":nul}`, strings.Repeat("[", 200) + strings.Repeat("]", 200),
	} {
		_, want := plain([]byte(text))
		if _, err := body.Mended([]byte(text), hold, plain); err == nil || want == nil || err.Message != want.Message {
			t.Errorf("%.40s: %v, want %v", text, err, want)
		}
	}
}

// TestToMendTakesRoomForMembers checks that the room is for the members that are open at once, regardless of their values.
func TestToMendTakesRoomForMembers(t *testing.T) {
	const each = 256
	for _, tt := range []struct {
		text string
		want int
	}{
		{`{"a":"` + strings.Repeat("x", 1<<20) + `","a":2}`, 2},
		{`{"a":[{"b":1,"c":2},{"b":1,"c":2},{}],"a":2}`, 3},
		{`{"a":{"b":{"c":[]},"d":1},"e":{"f":{"g":1,"h":2}},"a":2}`, 5},
		{`["\ud83d"]`, 0},
	} {
		asked := 0
		hold := func(bytes int) *failure.Error {
			asked += bytes
			return nil
		}
		_, _ = body.Mended([]byte(tt.text), hold, plain)
		if asked != each*tt.want {
			t.Errorf("%.40s: %d bytes, want %d", tt.text, asked, each*tt.want)
		}
	}
}

func mended(text string) (string, *failure.Error) { return body.Mended([]byte(text), nil, plain) }

// plain returns a text that is I-JSON.
func plain(text []byte) (string, *failure.Error) {
	d := body.New(text, nil)
	if err := d.Root(func([]byte) *failure.Error { return d.Skip() }); err != nil {
		return "", err
	}
	return string(text), nil
}
