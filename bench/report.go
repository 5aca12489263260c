package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A report collects the results of a run.
type report struct {
	Machine  machine   `json:"machine"`
	Flags    flags     `json:"flags"`
	Begun    time.Time `json:"begun"`
	Results  []*result `json:"results"`
	LeftOut  []omitted `json:"left_out"`
	position map[string]int
}

// A machine describes the machine of a run, and the versions of programs.
type machine struct {
	CPU      string            `json:"cpu"`
	Cores    int               `json:"cores"`
	Memory   string            `json:"memory"`
	Kernel   string            `json:"kernel"`
	Versions map[string]string `json:"versions"`
}

// A result is one contender in one scenario, over all rounds.
type result struct {
	Scenario  string    `json:"scenario"`
	Contender string    `json:"contender"`
	Rounds    []*sample `json:"rounds"`
}

// An omitted is a contender that could not run in a scenario.
type omitted struct {
	Scenario  string `json:"scenario"`
	Contender string `json:"contender"`
	Reason    string `json:"reason"`
}

func newReport(f *flags) *report {
	return &report{Machine: thisMachine(), Flags: *f, Begun: time.Now().UTC(), position: make(map[string]int)}
}

func (r *report) add(scenario, contender string, s *sample) {
	key := scenario + " " + contender
	at, known := r.position[key]
	if !known {
		at = len(r.Results)
		r.position[key] = at
		r.Results = append(r.Results, &result{Scenario: scenario, Contender: contender})
	}
	r.Results[at].Rounds = append(r.Results[at].Rounds, s)
}

func (r *report) leaveOut(scenario, contender string, reason error) {
	r.LeftOut = append(r.LeftOut, omitted{scenario, contender, reason.Error()})
}

func (r *report) leftOut(scenario, contender string) bool {
	return slices.ContainsFunc(r.LeftOut, func(o omitted) bool { return o.Scenario == scenario && o.Contender == contender })
}

// percentiles returns the percentiles 0 to 100 of a list, or nil if it is empty. It sorts the list.
func percentiles(list []float64) []float64 {
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	p := make([]float64, 101)
	for i := range p {
		p[i] = round(list[(len(list)-1)*i/100])
	}
	return p
}

// round rounds to three decimals: further digits are noise.
func round(f float64) float64 { return math.Round(f*1000) / 1000 }

// String returns the values as one line, for progress output.
func (s *sample) String() string {
	values := s.all()
	var words []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		words = append(words, fmt.Sprintf("%s=%.4g", name, values[name]))
	}
	return strings.Join(words, " ")
}

// all returns the values, and the median and 99th percentile of each kind of times.
func (s *sample) all() map[string]float64 {
	values := make(map[string]float64)
	maps.Copy(values, s.Values)
	for name, p := range s.Times {
		if len(p) > 0 {
			values[name+"_p50_ms"], values[name+"_p99_ms"] = p[50], p[99]
		}
	}
	return values
}

// median returns the median over the rounds of each value of a result.
func (r *result) median() map[string]float64 {
	all := make(map[string][]float64)
	for _, s := range r.Rounds {
		for name, value := range s.all() {
			all[name] = append(all[name], value)
		}
	}
	median := make(map[string]float64, len(all))
	for name, list := range all {
		slices.Sort(list)
		median[name] = (list[(len(list)-1)/2] + list[len(list)/2]) / 2
	}
	return median
}

// write writes results.json, results.md and the plots to dir, and prints the table.
func (r *report) write(dir string, stdout io.Writer) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "results.json"), text, 0o600); err != nil {
		return err
	}
	table := r.table()
	if err := os.WriteFile(filepath.Join(dir, "results.md"), []byte(table), 0o600); err != nil {
		return err
	}
	for name, svg := range r.plots() {
		if err := os.WriteFile(filepath.Join(dir, name+".svg"), []byte(svg), 0o600); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "\n%s\nwritten to %s\n", table, dir)
	return nil
}

// table returns the report as Markdown, with a table for each scenario.
func (r *report) table() string {
	var b strings.Builder
	m := &r.Machine
	fmt.Fprintf(&b, "%s, %d cores, %s, %s\n", m.CPU, m.Cores, m.Memory, m.Kernel)
	for _, name := range slices.Sorted(maps.Keys(m.Versions)) {
		fmt.Fprintf(&b, "%s %s; ", name, m.Versions[name])
	}
	fmt.Fprintf(&b, "\n%v a window, median of %d rounds, part %v of each load; scripts decide the events (no random seed)\n", r.Flags.Window, r.Flags.Rounds, r.Flags.Part)
	for _, s := range scenarios() {
		if rows := r.rows(s.name); len(rows) > 0 {
			writeTable(&b, &s, rows)
		}
		for _, o := range r.LeftOut {
			if o.Scenario == s.name {
				fmt.Fprintf(&b, "\n%s is left out: %s\n", o.Contender, o.Reason)
			}
		}
	}
	return b.String()
}

// A row is the row of one contender in the table of a scenario.
type row struct {
	contender string
	values    map[string]float64
}

// rows returns the results of a scenario. If contender "direct" is among them, each also has the difference
// from its times.
func (r *report) rows(scenario string) []row {
	var rows []row
	for _, one := range r.Results {
		if one.Scenario == scenario {
			rows = append(rows, row{one.Contender, one.median()})
		}
	}
	at := slices.IndexFunc(rows, func(r row) bool { return r.contender == "direct" })
	if at < 0 {
		return rows
	}
	for i, one := range rows {
		for _, name := range []string{firstEvent, ttft, itl, answered} {
			for _, p := range []string{"_p50_ms", "_p99_ms"} {
				own, known := one.values[name+p]
				if least, ok := rows[at].values[name+p]; ok && known && i != at {
					one.values["added_"+name+p] = own - least
				}
			}
		}
	}
	return rows
}

func writeTable(b *strings.Builder, s *scenario, rows []row) {
	named := make(map[string]bool)
	for _, row := range rows {
		for name := range row.values {
			named[name] = true
		}
	}
	columns := slices.Sorted(maps.Keys(named))
	fmt.Fprintf(b, "\n### %s: %s\n\n| contender |", s.name, s.about)
	for _, name := range columns {
		fmt.Fprintf(b, " %s |", strings.ReplaceAll(name, "_", " "))
	}
	b.WriteString("\n| --- |" + strings.Repeat(" ---: |", len(columns)) + "\n")
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |", row.contender)
		for _, name := range columns {
			if value, ok := row.values[name]; ok {
				fmt.Fprintf(b, " %s |", number(value))
			} else {
				b.WriteString(" |")
			}
		}
		b.WriteString("\n")
	}
}

func number(f float64) string {
	switch {
	case math.Abs(f) >= 1000:
		return fmt.Sprintf("%.0f", f)
	case math.Abs(f) >= 10:
		return fmt.Sprintf("%.1f", f)
	default:
		return fmt.Sprintf("%.2f", f)
	}
}

// thisMachine describes this machine. Unknown versions are absent.
func thisMachine() machine {
	m := machine{Cores: runtime.NumCPU(), Versions: map[string]string{"go": runtime.Version()}}
	m.CPU = firstField("/proc/cpuinfo", "model name")
	m.Memory = firstField("/proc/meminfo", "MemTotal")
	text, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	m.Kernel = "Linux " + strings.TrimSpace(string(text))
	for name, command := range map[string][]string{
		"nginx": {"nginx", "-v"}, "caddy": {"caddy", "version"}, "node": {"node", "--version"}, "pawstream": {"git", "describe", "--always", "--dirty"},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err == nil { //nolint:gosec,noctx // it ends by itself
			m.Versions[name], _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(out)), "nginx version: nginx/"), " ")
		}
	}
	return m
}

func firstField(file, name string) string {
	text, _ := os.ReadFile(file) //nolint:gosec // in /proc
	for line := range strings.Lines(string(text)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
