package sse_test

import (
	"strings"
	"unicode/utf8"

	"github.com/pawstream/pawstream/internal/sse"
)

// oracle decodes a whole stream at once in the plainest way that the standard
// allows. It shares no code with the Decoder, so the fuzz tests compare the two.
// It reads no retry field.
func oracle(stream string) (got result) {
	text := strings.TrimPrefix(oracleUTF8(stream), "\ufeff")
	lines := strings.Split(unixLines(text), "\n")

	var data, name, id string

	for _, line := range lines[:len(lines)-1] {
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")

		switch {
		case line == "":
			if data != "" {
				got.Events = append(got.Events, oracleEvent(id, name, data))
			}

			data, name = "", ""
		case line[0] == ':':
			got.Comments = append(got.Comments, value)
		case field == "data":
			data += value + "\n"
		case field == "event":
			name = value
		case field == "id" && !strings.Contains(value, "\x00"):
			id = value
		}
	}

	return got
}

// oracleEvent leaves the name without its NULs, which NewName refuses.
func oracleEvent(id, name, data string) sse.Event {
	return sse.Event{
		ID:   sse.Must(sse.NewID(id)),
		Name: sse.Must(sse.NewName(strings.ReplaceAll(name, "\x00", ""))),
		Data: strings.TrimSuffix(data, "\n"),
	}
}

func unixLines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// oracleUTF8 is the state machine of the WHATWG Encoding standard, "UTF-8
// decoder": what is still needed, and the bounds of the next byte.
func oracleUTF8(s string) string {
	var (
		out          []rune
		point        rune
		needed       int
		lower, upper byte = 0x80, 0xBF
	)

	for i := 0; i < len(s); i++ {
		b := s[i]

		if needed > 0 {
			if b < lower || b > upper {
				out, needed = append(out, utf8.RuneError), 0
				lower, upper = 0x80, 0xBF
				i-- // the byte is looked at again, as the first of a character

				continue
			}

			lower, upper = 0x80, 0xBF
			point = point<<6 | rune(b&0x3F)

			if needed--; needed == 0 {
				out = append(out, point)
			}

			continue
		}

		switch {
		case b < 0x80:
			out = append(out, rune(b))
		case b >= 0xC2 && b <= 0xDF:
			needed, point = 1, rune(b&0x1F)
		case b >= 0xE0 && b <= 0xEF:
			needed, point = 2, rune(b&0xF)
			lower, upper = bounds(b, 0xE0, 0xA0, 0xED, 0x9F)
		case b >= 0xF0 && b <= 0xF4:
			needed, point = 3, rune(b&0x7)
			lower, upper = bounds(b, 0xF0, 0x90, 0xF4, 0x8F)
		default:
			out = append(out, utf8.RuneError)
		}
	}

	if needed > 0 {
		out = append(out, utf8.RuneError)
	}

	return string(out)
}

// bounds returns those of the second byte, narrower for two of the first bytes.
func bounds(b, raises, lower, lowers, upper byte) (byte, byte) {
	switch b {
	case raises:
		return lower, 0xBF
	case lowers:
		return 0x80, upper
	default:
		return 0x80, 0xBF
	}
}
