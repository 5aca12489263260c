// Package oneline keeps JSON text on one line for every reader.
//
// JSON allows U+2028, U+2029 and U+0085 unescaped in a string. Readers that split text into lines by Unicode's
// rules, as Python's str.splitlines does, end a line there. Every other character at which some reader ends a
// line is a control character, which JSON escapes anyway.
package oneline

import "bytes"

// The first byte of each of the three in UTF-8.
const (
	leadNext      = 0xc2 // U+0085 is C2 85
	leadSeparator = 0xe2 // U+2028 and U+2029 are E2 80 A8 and E2 80 A9
)

// Escape replaces each character that ends a line with its escape, in the JSON text that begins at dst[from].
// It returns the extended buffer. Text without any stays as it is, and costs two searches for a byte.
func Escape(dst []byte, from int) []byte {
	at := next(dst, from)
	if at < 0 {
		return dst
	}
	rest := bytes.Clone(dst[at:])
	dst = dst[:at]
	for len(rest) > 0 {
		switch escape, size := escapeOf(rest); {
		case size > 0:
			dst, rest = append(dst, escape...), rest[size:]
		default:
			dst, rest = append(dst, rest[0]), rest[1:]
		}
	}
	return dst
}

// next returns the index of the first character at or after from that ends a line, or -1.
func next(text []byte, from int) int {
	first := -1
	for _, lead := range []byte{leadNext, leadSeparator} {
		end := len(text)
		if first >= 0 {
			end = first
		}
		for at := from; ; at++ {
			i := bytes.IndexByte(text[at:end], lead)
			if i < 0 {
				break
			}
			at += i
			if _, size := escapeOf(text[at:]); size > 0 {
				first = at
				break
			}
		}
	}
	return first
}

// escapeOf returns the escape of the character that text begins with, and its size; 0: it needs none.
func escapeOf(text []byte) (escape string, size int) {
	switch {
	case len(text) > 1 && text[0] == leadNext && text[1] == 0x85:
		return `\u0085`, 2
	case len(text) > 2 && text[0] == leadSeparator && text[1] == 0x80 && text[2] == 0xa8:
		return `\u2028`, 3
	case len(text) > 2 && text[0] == leadSeparator && text[1] == 0x80 && text[2] == 0xa9:
		return `\u2029`, 3
	}
	return "", 0
}
