package stack

import (
	"bytes"
	"strings"
	"sync"
)

const (
	// tailLines is how many of a process's last log lines an error has.
	tailLines = 60
	// keptLines is how many lines a logbook keeps.
	keptLines = 4000
)

// alarms are texts that no process may log, regardless of its clients.
var alarms = []string{"level=ERROR", `"level":"ERROR"`, "DATA RACE", "panic:", "fatal error:"} //nolint:gochecknoglobals // a constant

// A logbook records the standard error of a process. It keeps up to tailLines lines from the first alarm on,
// and the last keptLines lines.
type logbook struct {
	mu      sync.Mutex
	partial []byte
	kept    []string
	faults  []string
	each    func(line string) // nil: no listener
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
	l.kept = append(l.kept, line)
	if len(l.kept) > keptLines {
		l.kept = l.kept[1:]
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

// last returns the last n lines.
func (l *logbook) last(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(append(l.kept[max(0, len(l.kept)-n):len(l.kept):len(l.kept)], string(l.partial)), "\n")
}

// alarm returns the log from the first line with an alarm, or "" if there is none.
func (l *logbook) alarm() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.faults, "\n")
}
