package sse_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pawstream/pawstream/edge/sse"
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

func ExampleAppendEvent() {
	buf, err := sse.AppendEvent(nil, sse.Event{
		Name: sse.Must(sse.NewName("progress")),
		Data: "searching\nthe catalogue",
	})
	if err != nil {
		fmt.Println(err)

		return
	}

	fmt.Printf("%s", buf)
	// Output:
	// event: progress
	// data: searching
	// data: the catalogue
}

// An event without data cannot be written: it would break many clients.
func ExampleAppendEvent_withoutData() {
	buf, err := sse.AppendEvent(nil, sse.Event{Retry: time.Second})
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

	for event, err := range d.Events() {
		if err != nil {
			fmt.Println("cut:", err)

			break
		}

		fmt.Printf("event %q %q\n", event.ID, event.Data)
	}

	retry, _ := d.Retry()
	fmt.Println("resume after", d.LastEventID(), "in", retry)
	// Output:
	// event "" "one"
	// comment hb
	// event "7" "two\nlines"
	// resume after 7 in 2s
}
