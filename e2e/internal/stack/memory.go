package stack

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Resident returns the resident memory of the process, in bytes. ok is false on systems other than Linux.
func (p *Process) Resident() (bytes int64, ok bool) { return p.memory("VmRSS:") }

// Peak returns the maximum of [Process.Resident] since the last [Process.ForgetPeak], or since the start.
func (p *Process) Peak() (bytes int64, ok bool) { return p.memory("VmHWM:") }

// ForgetPeak resets [Process.Peak], if the system can.
func (p *Process) ForgetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID()), []byte("5"), 0) // on failure, Peak covers a longer time
}

// memory reads a line of the process's status on Linux (proc_pid_status(5)).
func (p *Process) memory(line string) (int64, bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, false
	}
	for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), line); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 10, 64)
			return kib << 10, err == nil
		}
	}
	return 0, false
}
