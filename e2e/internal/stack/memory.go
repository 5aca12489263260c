package stack

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Resident returns how much memory the process has, in bytes: false where the system does not tell, as only Linux does.
func (p *Process) Resident() (bytes int64, ok bool) { return p.memory("VmRSS:") }

// Peak returns the most memory that the process has taken since [Process.ForgetPeak], or ever, like
// [Process.Resident].
func (p *Process) Peak() (bytes int64, ok bool) { return p.memory("VmHWM:") }

// ForgetPeak has [Process.Peak] begin anew, where the system can.
func (p *Process) ForgetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID()), []byte("5"), 0) // then Peak is of longer
}

// memory reads a line of what Linux says of the process's memory (proc_pid_status(5)).
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
