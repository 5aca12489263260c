package tokencount

import "github.com/tiktoken-go/tokenizer"

// Over returns a counter that uses codec.
func Over(codec tokenizer.Codec) Counter { return Counter{codec} }
