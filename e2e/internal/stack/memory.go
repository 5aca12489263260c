package stack

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Peak returns the most memory that the process has taken since [Process.ForgetPeak], or ever, in bytes: false where
// the system does not tell, as only Linux does.
func (p *Process) Peak() (bytes int64, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, false
	}
	return peak(text)
}

// ForgetPeak has [Process.Peak] begin anew, where the system can.
func (p *Process) ForgetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID()), []byte("5"), 0) // then Peak is of longer
}

// peak reads VmHWM from what Linux says of a process's state (proc_pid_status(5)).
func peak(status []byte) (int64, bool) {
	for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 10, 64)
			return kib << 10, err == nil
		}
	}
	return 0, false
}
