// Package layout converts an answer into the requested form: points, numbers, boxes, a table, or values. It knows
// nothing about animals.
package layout

import (
	"encoding/csv"
	"regexp"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/excerpt"
)

// item matches the mark of a list's item.
var item = regexp.MustCompile(`^(- \[ \] |- |\d+\. )`)

// IsList reports whether a block of an answer is a list or a table.
func IsList(block string) bool { return item.MatchString(block) || strings.HasPrefix(block, "|") }

// Leads reports whether a block only introduces the next one: "Seven rabbits:".
func Leads(block string) bool { return strings.HasSuffix(block, ":") && !IsList(block) }

// Points splits the blocks of an answer into independent points: the items of its lists, and its sentences. It omits
// introductions of lists.
func Points(blocks []string) []string {
	var points []string
	for _, block := range blocks {
		for part := range strings.SplitSeq(block, "\n\n") {
			switch {
			case Leads(part):
			case IsList(part):
				for line := range strings.Lines(part) {
					points = append(points, strings.TrimSpace(item.ReplaceAllString(line, "")))
				}
			default:
				points = append(points, excerpt.Split(part)...)
			}
		}
	}
	return points
}

// Bullets returns a list with bullets.
func Bullets(points []string) string { return lines(points, func(int) string { return "- " }) }

// Numbered returns a numbered list.
func Numbered(points []string) string {
	return lines(points, func(i int) string { return strconv.Itoa(i+1) + ". " })
}

// Boxes returns a list with boxes to tick.
func Boxes(points []string) string { return lines(points, func(int) string { return "- [ ] " }) }

func lines(points []string, mark func(i int) string) string {
	var b strings.Builder
	for i, p := range points {
		b.WriteString(mark(i) + p + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Table returns a table. Each row has as many cells as heads.
func Table(heads []string, rows [][]string) string {
	var b strings.Builder
	b.WriteString("| " + strings.Join(heads, " | ") + " |\n" + strings.Repeat("|---", len(heads)) + "|\n")
	for _, r := range rows {
		b.WriteString("| " + strings.Join(r, " | ") + " |\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// labelled matches a point with its own label: "**Energy:** calm".
var labelled = regexp.MustCompile(`^\*\*([^*]+?):?\*\*:?\s+(.+)$`)

// Labels returns a table of points, with their labels or else their numbers.
func Labels(points []string) string {
	var rows [][]string
	for i, p := range points {
		if m := labelled.FindStringSubmatch(p); m != nil && strings.Contains(p, ":**") {
			rows = append(rows, []string{"**" + m[1] + "**", m[2]})
			continue
		}
		rows = append(rows, []string{strconv.Itoa(i + 1), p})
	}
	return Table([]string{"", ""}, rows)
}

// Values returns rows below heads as comma-separated values (RFC 4180).
func Values(heads []string, rows [][]string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.WriteAll(append([][]string{heads}, rows...)) // a Builder accepts everything
	return b.String()
}
