package ask

import (
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// A screen is a terminal that somebody reads an answer on: Markdown is painted, something turns until the first word, and
// what a person is told on the way has lines of its own. It is safe for concurrent use.
type screen struct {
	mu      sync.Mutex
	out     io.Writer
	painter *painter
	turning bool // there is a sign to wipe away
	silent  bool // nothing turns any more
}

// newScreen returns a screen of so many columns; 0: lines are not broken. A grey one has no colours.
func newScreen(out io.Writer, width int, grey bool) *screen {
	return &screen{out: out, painter: &painter{out: out, width: width, grey: grey}}
}

// widthOf returns how many columns a terminal has; 0: it does not say.
func widthOf(terminal *os.File) int {
	width, _, err := term.GetSize(int(terminal.Fd()))
	if err != nil {
		return 0
	}
	return width
}

const (
	wipe = "\r\x1b[2K" // the line
	turn = 120 * time.Millisecond
)

// spin shows that an answer is waited for, until it begins or the function that it returns is called.
func (s *screen) spin() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		signs := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
		ticks := time.NewTicker(turn)
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

// show shows a sign, and reports whether there may be others.
func (s *screen) show(sign rune) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silent {
		return false
	}
	s.turning = true
	_, _ = io.WriteString(s.out, wipe+styleDim+string(sign)+" waiting"+styleNone)
	return true
}

// quiet wipes away what turns.
func (s *screen) quiet() {
	if s.turning {
		_, _ = io.WriteString(s.out, wipe)
	}
	s.turning = false
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
	_ = s.painter.Close() // nobody reads any more
}

// note returns where lines are written that are not the answer's.
func (s *screen) note(notes io.Writer) io.Writer {
	return writerFunc(func(line []byte) (int, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.quiet()
		s.painter.breakLine()
		return notes.Write(line)
	})
}

type writerFunc func([]byte) (int, error)

// Write implements io.Writer.
func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
