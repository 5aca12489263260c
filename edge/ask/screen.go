package ask

import (
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// A screen is a terminal that shows an answer: it paints Markdown, shows a spinner until the first word, and
// puts notes to the user on lines of their own. It is safe for concurrent use.
type screen struct {
	mu       sync.Mutex
	out      io.Writer
	painter  *painter
	spinning bool // there is a sign to erase
	silent   bool // the spinner has stopped for good
}

// newScreen returns a screen with the given width in columns; 0: do not wrap lines. A grey screen has no
// colours.
func newScreen(out io.Writer, width int, grey bool) *screen {
	return &screen{out: out, painter: &painter{out: out, width: width, grey: grey}}
}

// widthOf returns the width of a terminal in columns, or 0 if it is unknown.
func widthOf(terminal *os.File) int {
	width, _, err := term.GetSize(int(terminal.Fd()))
	if err != nil {
		return 0
	}
	return width
}

const (
	wipe = "\r\x1b[2K"            // erases the line
	tick = 120 * time.Millisecond // the time between two signs of the spinner
)

// spin shows a spinner until the answer begins or stop is called.
func (s *screen) spin() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		signs := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
		ticks := time.NewTicker(tick)
		defer ticks.Stop()
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-ticks.C:
				if !s.show(signs[n%len(signs)]) {
					return
				}
			}
		}
	}()
	return func() {
		close(done)
		<-ended
		s.mu.Lock()
		defer s.mu.Unlock()
		s.quiet()
	}
}

// show shows a sign, and reports whether the spinner may continue.
func (s *screen) show(sign rune) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silent {
		return false
	}
	s.spinning = true
	_, _ = io.WriteString(s.out, wipe+styleDim+string(sign)+" waiting"+styleNone)
	return true
}

// quiet erases the spinner. The caller holds mu.
func (s *screen) quiet() {
	if s.spinning {
		_, _ = io.WriteString(s.out, wipe)
	}
	s.spinning = false
}

// Write implements io.Writer for the text of an answer.
func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = true
	s.quiet()
	return s.painter.Write(text)
}

// end ends the answer's last line.
func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quiet()
	_ = s.painter.Close() // the output is ending anyway
}

// note returns a writer for lines that are not part of the answer. They go to notes, which is width columns wide,
// or with 0 no terminal.
func (s *screen) note(notes io.Writer, width int) io.Writer {
	return writerFunc(func(line []byte) (int, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.quiet()
		s.painter.breakLine()
		if _, err := io.WriteString(notes, wrapped(string(line), width)); err != nil {
			return 0, err
		}
		return len(line), nil
	})
}

// wrapped breaks a line between words, so that each part has at most width columns; 0: as it is.
func wrapped(line string, width int) string {
	if width == 0 {
		return line
	}
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(line) {
		n := columns(word)
		switch {
		case column > 0 && column+1+n > width:
			b.WriteByte('\n')
			column = 0
		case column > 0:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
	return b.String()
}

type writerFunc func([]byte) (int, error)

// Write implements io.Writer.
func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
