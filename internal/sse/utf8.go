package sse

import "unicode/utf8"

func decodeUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}

	return string(appendUTF8(nil, b))
}

// appendUTF8 appends b to dst with each malformed sequence replaced by U+FFFD,
// as the WHATWG Encoding standard decodes UTF-8: a sequence that breaks off
// counts once. (Package strings replaces a run of them by one, a range loop each
// byte.) Values may be decoded one by one, since what delimits them is ASCII and
// so ends any sequence.
func appendUTF8(dst, b []byte) []byte {
	if utf8.Valid(b) {
		return append(dst, b...)
	}

	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			size = brokenLen(b)
		}

		dst = utf8.AppendRune(dst, r)
		b = b[size:]
	}

	return dst
}

// brokenLen returns the length of the malformed sequence that b begins with: as
// many bytes as could still have become a character, and one at least.
func brokenLen(b []byte) int {
	n := 1
	for n < len(b) && !utf8.FullRune(b[:n+1]) {
		n++
	}

	return n
}
