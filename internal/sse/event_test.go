package sse_test

import (
	"errors"
	"testing"

	"github.com/pawstream/pawstream/internal/sse"
)

func TestNewIDAndNewName(t *testing.T) {
	tests := []struct {
		name string
		text string
		ok   bool
	}{
		{"empty is absent", "", true},
		{"completion id", "chatcmpl-abc.17", true},
		{"leading space", " x", true},
		{"colon", "a:b", true},
		{"not ASCII", "größer", true},
		{"line feed", "a\nb", false},
		{"carriage return", "a\rb", false},
		{"final line feed", "a\n", false},
		{"null", "a\x00b", false},
		{"invalid UTF-8", "a\xff", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id, errID := sse.NewID(tt.text)
			name, errName := sse.NewName(tt.text)

			if !tt.ok {
				if !errors.Is(errID, sse.ErrMalformed) || !errors.Is(errName, sse.ErrMalformed) {
					t.Fatalf("errors = %v, %v; want ErrMalformed", errID, errName)
				}

				if id != (sse.ID{}) || name != (sse.Name{}) {
					t.Fatalf("got %q, %q along with the errors", id, name)
				}

				return
			}

			if errID != nil || errName != nil {
				t.Fatalf("errors = %v, %v", errID, errName)
			}

			if id.String() != tt.text || name.String() != tt.text {
				t.Errorf("got %q, %q; want %q", id, name, tt.text)
			}
		})
	}
}

func TestMustPanics(t *testing.T) {
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, sse.ErrMalformed) {
			t.Errorf("recovered %v, want ErrMalformed", err)
		}
	}()

	sse.Must(sse.NewName("a\nb"))
}
