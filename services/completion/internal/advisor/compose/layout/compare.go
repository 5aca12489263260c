package layout

import "strings"

// A Row is a row of a comparison: its label, and one cell for each column.
type Row struct {
	Label string
	Cells []string
}

// Compare formats rows about the named columns as a table or, with points, as one point for each row.
func Compare(points bool, names []string, rows []Row) string {
	if points {
		lines := make([]string, len(rows))
		for i, r := range rows {
			cells := make([]string, len(names))
			for k, name := range names {
				cells[k] = name + " " + r.Cells[k]
			}
			lines[i] = "**" + r.Label + ":** " + strings.Join(cells, "; ")
		}
		return Bullets(lines)
	}
	heads := []string{""}
	for _, name := range names {
		heads = append(heads, "**"+name+"**")
	}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		cells[i] = append([]string{r.Label}, r.Cells...)
	}
	return Table(heads, cells)
}
