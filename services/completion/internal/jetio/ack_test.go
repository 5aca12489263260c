package jetio

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func TestReadAck(t *testing.T) {
	for name, test := range map[string]struct {
		data, status string
		want         uint64
		code         jetstream.ErrorCode
		err          error
	}{
		"the usual one":              {data: `{"stream":"LOG","seq":7}`, want: 7},
		"with a domain":              {data: `{"stream":"LOG", "domain":"x", "seq":7}`, want: 7},
		"a member behind the number": {data: `{"stream":"LOG","seq":7,"duplicate":true}`, want: 7},
		"the highest":                {data: `{"stream":"LOG","seq":18446744073709551615}`, want: 1<<64 - 1},
		"of another stream":          {data: `{"stream":"LOGS","seq":7}`, err: errInvalidAck},
		"of a stream's beginning":    {data: `{"stream":"LO","seq":7}`, err: errInvalidAck},
		"of no number":               {data: `{"stream":"LOG","seq":0}`, err: errInvalidAck},
		"cut short":                  {data: `{"stream":"LOG","seq":7`, err: errInvalidAck},
		"too large":                  {data: `{"stream":"LOG","seq":18446744073709551616}`, err: errInvalidAck},
		"nothing":                    {err: errInvalidAck},
		"nobody there":               {status: "503", err: nats.ErrNoResponders},
		"a refusal":                  {data: `{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 3"},"stream":"LOG","seq":0}`, code: codeWrongLastSequence},
	} {
		t.Run(name, func(t *testing.T) {
			answer := &nats.Msg{Data: []byte(test.data), Header: nats.Header{"Status": {test.status}}}
			got, err := readAck("LOG", answer)
			var told *jetstream.APIError
			switch {
			case test.code != 0:
				if !errors.As(err, &told) || told.ErrorCode != test.code {
					t.Errorf("error %v, want code %d", err, test.code)
				}
			case got != test.want || !errors.Is(err, test.err):
				t.Errorf("%d, error %v, want %d, %v", got, err, test.want, test.err)
			}
		})
	}
}

func TestAQueueThatIsFullIsNoRoomForNow(t *testing.T) {
	s := &Stream{cfg: Config{Name: "LOG"}}
	answer := &nats.Msg{Data: []byte(`{"error":{"code":429,"err_code":10167,"description":"too many requests"},"stream":"LOG","seq":0}`)}
	_, err := readAck("LOG", answer)
	if again, refused := s.refused(answer, err, true); !again {
		t.Errorf("a running completion fails: %v", refused)
	}
	if again, refused := s.refused(answer, err, false); again || !errors.Is(refused, chat.ErrLogFull) {
		t.Errorf("a new completion is refused with %v", refused)
	}
}
