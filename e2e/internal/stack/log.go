package stack

import (
	"bytes"
	"strings"
	"sync"
)

// tailLines is how many of a process's last log lines are kept for a failure's message.
const tailLines = 60

// alarms are what no process may write, whatever its clients do.
var alarms = []string{"level=ERROR", "DATA RACE", "panic:", "fatal error:"} //nolint:gochecknoglobals // a constant

// A logbook takes what a process writes to standard error. It keeps the lines that
// raise an alarm, all that follows the first of them, and the last few others.
type logbook struct {
	mu      sync.Mutex
	partial []byte
	tail    []string
	faults  []string
	each    func(line string) // nil: nobody listens
}

// Write implements io.Writer.
func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.partial = append(l.partial, b...)
	for {
		line, rest, ended := bytes.Cut(l.partial, []byte("\n"))
		if !ended {
			return len(b), nil
		}
		l.add(string(line))
		l.partial = rest
	}
}

func (l *logbook) add(line string) {
	if l.each != nil {
		l.each(line)
	}
	l.tail = append(l.tail, line)
	if len(l.tail) > tailLines {
		l.tail = l.tail[1:]
	}
	if len(l.faults) < tailLines && (len(l.faults) > 0 || alarming(line)) {
		l.faults = append(l.faults, line)
	}
}

func alarming(line string) bool {
	for _, alarm := range alarms {
		if strings.Contains(line, alarm) {
			return true
		}
	}
	return false
}

// last returns the end of the log.
func (l *logbook) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(append(l.tail, string(l.partial)), "\n")
}

// alarm returns what follows the first line that raised an alarm; "": none did.
func (l *logbook) alarm() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.faults, "\n")
}
