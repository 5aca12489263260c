// Package layout puts what an answer says into the form that is asked for: points, numbers, boxes, a table,
// values. It knows nothing of animals.
package layout

import (
	"encoding/csv"
	"regexp"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/excerpt"
)

// item is the mark of a list's item.
var item = regexp.MustCompile(`^(- \[ \] |- |\d+\. )`)

// IsList reports whether a block of an answer is a list or a table.
func IsList(block string) bool { return item.MatchString(block) || strings.HasPrefix(block, "|") }

// Leads reports whether a block only leads to the next one: "Seven rabbits:".
func Leads(block string) bool { return strings.HasSuffix(block, ":") && !IsList(block) }

// Points cuts the blocks of an answer into what may stand in a line by itself: the items of its lists, and its
// sentences. What only leads to a list is left out.
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

// Bullets is a list with a bullet before each point.
func Bullets(points []string) string { return lines(points, func(int) string { return "- " }) }

// Numbered is a list that counts.
func Numbered(points []string) string {
	return lines(points, func(i int) string { return strconv.Itoa(i+1) + ". " })
}

// Boxes is a list to tick off.
func Boxes(points []string) string { return lines(points, func(int) string { return "- [ ] " }) }

func lines(points []string, mark func(i int) string) string {
	var b strings.Builder
	for i, p := range points {
		b.WriteString(mark(i) + p + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Table writes rows below heads, as many in each.
func Table(heads []string, rows [][]string) string {
	var b strings.Builder
	b.WriteString("| " + strings.Join(heads, " | ") + " |\n" + strings.Repeat("|---", len(heads)) + "|\n")
	for _, r := range rows {
		b.WriteString("| " + strings.Join(r, " | ") + " |\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// labelled is a point with a label of its own: "**Energy:** calm".
var labelled = regexp.MustCompile(`^\*\*([^*]+?):?\*\*:?\s+(.+)$`)

// Labels makes a table of points: each with its label, or else with its number.
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

// Values writes rows below heads as comma-separated values (RFC 4180).
func Values(heads []string, rows [][]string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.WriteAll(append([][]string{heads}, rows...)) // a Builder takes all
	return b.String()
}
