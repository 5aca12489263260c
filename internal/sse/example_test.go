package sse_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pawstream/pawstream/internal/sse"
)

func ExampleAppendFrame() {
	prefix, err := sse.NewID("chatcmpl-7.")
	if err != nil {
		fmt.Println(err)

		return
	}

	var buf []byte // used again for each write of a stream

	for i, text := range []string{"Hello", "two\nlines"} {
		fields := sse.Fields{IDPrefix: prefix, Sequence: uint64(i)}
		if i == 0 {
			fields.Retry = 2 * time.Second
		}

		buf, err = sse.AppendFrame(buf, fields, func(dst []byte) ([]byte, error) {
			return strconv.AppendQuote(dst, text), nil
		})
		if err != nil {
			fmt.Println(err)

			return
		}
	}

	fmt.Printf("%s", buf)
	// Output:
	// data: "Hello"
	// retry: 2000
	// id: chatcmpl-7.0
	//
	// data: "two\nlines"
	// id: chatcmpl-7.1
}

// An event without data cannot be written: it would break many clients.
func ExampleAppendFrame_withoutData() {
	nothing := func(dst []byte) ([]byte, error) { return dst, nil }
	buf, err := sse.AppendFrame(nil, sse.Fields{Retry: time.Second}, nothing)
	fmt.Printf("%q %v\n", buf, err)
	// Output:
	// "" sse: event has no data
}

func ExampleAppendComment() {
	fmt.Printf("%q\n", sse.AppendComment(nil, "hb"))
	// Output:
	// ": hb\n"
}

func ExampleDecoder() {
	stream := "retry: 2000\ndata: one\n\n" +
		": hb\n" +
		"id: 7\ndata: two\ndata: lines\n\n" +
		"data: unfinished\n"

	d := sse.NewDecoder(strings.NewReader(stream))
	d.OnComment = func(text string) { fmt.Println("comment", text) }

	var last sse.ID
	for event, err := range d.Events() {
		if err != nil {
			fmt.Println("cut:", err)

			break
		}

		last = event.ID
		fmt.Printf("event %q %q\n", event.ID, event.Data)
	}

	retry, _ := d.Retry()
	fmt.Println("resume after", last, "in", retry)
	// Output:
	// event "" "one"
	// comment hb
	// event "7" "two\nlines"
	// resume after 7 in 2s
}
