package service_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// speaks returns a cheap engine that yields n words.
func speaks(n int) engine {
	return engine{complete: func(_ context.Context, _ *chat.Request, yield func(chat.Event, error) bool) {
		if !yield(chat.Opening(0), nil) {
			return
		}
		for range n {
			if !yield(chat.Text(0, "word "), nil) {
				return
			}
		}
		_ = yield(chat.Finish(0, chat.FinishStop), nil) && yield(chat.UsageEvent(cost), nil)
	}}
}

// BenchmarkCompletion generates, stores and reads a completion of 500 tokens.
func BenchmarkCompletion(b *testing.B) {
	const tokens = 500
	for _, readers := range []int{1, 10} {
		b.Run(fmt.Sprintf("readers=%d", readers), func(b *testing.B) {
			s := newService(b, speaks(tokens), service.Config{})
			request := ask(withUsage)
			b.ReportAllocs()
			for b.Loop() {
				first, err := s.Stream(b.Context(), anna, "", request)
				if err != nil {
					b.Fatal(err)
				}
				ends := make(chan error, readers)
				follow := func(st *service.Stream) {
					var end error
					for _, end = range st.Entries() {
					}
					ends <- end
				}
				for range readers - 1 {
					st, err := s.Resume(b.Context(), anna, first.Meta().ID, chat.FromStart, false)
					if err != nil {
						b.Fatal(err)
					}
					go follow(st)
				}
				follow(first)
				for range readers {
					if err := <-ends; err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/tokens, "ns/token")
		})
	}
}

// BenchmarkTruncated gives a short answer to a conversation twice as long as the context window.
func BenchmarkTruncated(b *testing.B) {
	counter, err := tokencount.New()
	if err != nil {
		b.Fatal(err)
	}
	s := newService(b, nil, service.Config{
		Counter: counter,
		Models:  []chat.Model{{ID: "model", Capabilities: everything, Engine: speaks(1), ContextWindow: 25_000}},
	})
	request := ask(func(r *chat.Request) {
		r.Truncate = true
		for range 200 {
			r.Messages = append(r.Messages, user(strings.Repeat("Which dog is good with children? ", 35)))
		}
	})
	b.ReportAllocs()
	for b.Loop() {
		st, err := s.Stream(b.Context(), anna, "", request)
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range st.Entries() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
