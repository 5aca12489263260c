package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
)

// IsTerminal reports whether w may be a terminal: a file that is a character device.
func IsTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// A terminal is a handler that writes short lines for people: the time of day, the level in its
// colour, the message, and the attributes as slog's text handler has them.
type terminal struct {
	out    *output
	attrs  slog.Handler // writes the attributes to out.line
	colour bool
}

// An output is shared by all handlers of one logger.
type output struct {
	mu   sync.Mutex
	w    io.Writer
	line bytes.Buffer
}

func newTerminal(w io.Writer, least slog.Leveler, colour bool) *terminal {
	t := &terminal{out: &output{w: w}, colour: colour}
	t.attrs = slog.NewTextHandler(&t.out.line, &slog.HandlerOptions{Level: least, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
			return slog.Attr{}
		}
		return a
	}})
	return t
}

// Enabled implements slog.Handler.
func (t *terminal) Enabled(ctx context.Context, level slog.Level) bool {
	return t.attrs.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (t *terminal) Handle(ctx context.Context, r slog.Record) error {
	t.out.mu.Lock()
	defer t.out.mu.Unlock()
	t.out.line.Reset()
	level := fmt.Sprintf("%-5s", r.Level)
	if t.colour {
		level = "\x1b[" + colourOf(r.Level) + "m" + level + "\x1b[0m"
	}
	fmt.Fprintf(&t.out.line, "%s %s %s ", r.Time.Format("15:04:05"), level, r.Message)
	if err := t.attrs.Handle(ctx, r); err != nil {
		return err
	}
	_, err := t.out.w.Write(append(bytes.TrimRight(t.out.line.Bytes(), " \n"), '\n'))
	return err
}

// WithAttrs implements slog.Handler.
func (t *terminal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &terminal{out: t.out, attrs: t.attrs.WithAttrs(attrs), colour: t.colour}
}

// WithGroup implements slog.Handler.
func (t *terminal) WithGroup(name string) slog.Handler {
	return &terminal{out: t.out, attrs: t.attrs.WithGroup(name), colour: t.colour}
}

func colourOf(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "31" // red
	case level >= slog.LevelWarn:
		return "33" // yellow
	case level >= slog.LevelInfo:
		return "32" // green
	}
	return "2" // faint
}
