package compose

import (
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/layout"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/compose/suit"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/plan/asks"
	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
)

// The layout of an answer: the same pets and sentences as a table, as points, or only as names.

// genres are forms that are not written here, by wish. The facts are told instead.
var genres = map[string]string{ //nolint:gochecknoglobals // a table
	"poem": "a poem", "ad": "an ad", "letter": "a letter or an email", "story": "a story", "timetable": "a timetable",
}

// length returns the wished length of an answer, or v.
func length(pl *plan.Plan, v Length) Length {
	s := &pl.Style
	switch last := s.Last("short", "long", "one-sentence", "two-sentences", "three-sentences"); {
	case s.Count > 0:
		return Long // enough room for the points
	case last == "long":
		return min(v+1, Long)
	case last == "three-sentences":
		return min(v, Short)
	case last != "":
		return min(v, Brief)
	case len(pl.Items) > 1 && v > Short:
		return v - 1
	}
	return v
}

// A layouter puts its composer's text into the wished form.
type layouter struct{ *composer }

// lay puts the answer's blocks into the wished form. An emergency keeps its whole text.
func (c layouter) lay() {
	s := &c.plan.Style
	form := s.Last("table", "bullets", "numbered", "checklist", "csv", "line", "names-only", "no-bullets", "one-sentence", "poem", "ad", "letter", "story", "timetable")
	genre, foreign := genres[form]
	if len(s.Without) > 0 && !c.urgent() {
		defer func() { c.blocks = layout.Without(c.blocks, s.Without, s.Adding) }()
	}
	if form == "" {
		form = s.Last("short", "long")
	}
	switch {
	case c.urgent():
		if list := lists[form]; list != nil {
			c.blocks = []string{c.blocks[0], list(layout.Points(c.blocks[1:]))}
		}
		return
	case s.Last("number-only", "yes-no", "one-word") != "":
		return
	case c.plan.Items[0].Kind.IsTalk() || c.plan.Items[0].Kind == read.KindOffTopic:
		return
	case len(c.pets) > 1 && c.layPets(form):
		return
	case form == "table" && !slices.ContainsFunc(c.blocks, func(b string) bool { return strings.HasPrefix(b, "|") }):
		c.blocks = append(c.lead(), layout.Labels(layout.Points(c.blocks)))
	case foreign, lists[form] != nil:
		points := layout.Points(c.blocks)
		if n := s.Count; n > 0 {
			points = points[:min(n, len(points))]
		}
		lead := c.lead()
		if foreign {
			lead = []string{c.either("I cannot write "+genre+". These are the facts for it:", "genre")}
		}
		lead = append(lead, listOf(form)(points))
		c.blocks = lead
	case s.Wants("child"):
		c.blocks = []string{layout.Simple(layout.Points(c.blocks), 3)}
	case form == "no-bullets":
		c.blocks = []string{layout.Prose(layout.Points(c.blocks))}
	}
}

// lists are the forms with one line per point.
var lists = map[string]func([]string) string{ //nolint:gochecknoglobals // a table
	"bullets": layout.Bullets, "numbered": layout.Numbered, "checklist": layout.Boxes,
}

// listOf returns the writer of lists for a form, by default with bullets.
func listOf(form string) func([]string) string {
	if list := lists[form]; list != nil {
		return list
	}
	return layout.Bullets
}

// lead returns the block that introduces a list, if the answer begins with one.
func (c layouter) lead() []string {
	if len(c.blocks) > 1 && layout.Leads(c.blocks[0]) {
		return c.blocks[:1:1]
	}
	return nil
}

// layPets writes the answer's pets in a form with a line, a row or a word for each; false: the form is none of these.
func (c layouter) layPets(form string) bool {
	s, i := &c.plan.Style, &c.plan.Items[0]
	if len(c.plan.Items) > 1 || i.Reckon != nil || i.Kind != read.KindStock && i.Kind != read.KindRecommend && i.Kind != read.KindPet && i.Kind != read.KindCompare {
		return false
	}
	if s.By != nil {
		slices.SortStableFunc(c.pets, func(a, b *catalogue.Pet) int {
			return suit.Compare(&asks.Order{Attribute: s.By, Direction: s.Direction}, a, b)
		})
	}
	names := func() []string { return mapped(c.pets, func(p *catalogue.Pet) string { return p.Name }) }
	columns := s.Columns
	switch {
	case form == "line" || form == "names-only":
		c.blocks = []string{strings.Join(names(), ", ")}
	case form == "one-sentence" && i.Kind == read.KindStock && len(c.lead()) > 0:
		c.blocks = []string{c.blocks[0] + " " + strings.Join(names(), ", ") + "."}
	case form == "short" && i.Kind == read.KindStock && len(c.lead()) > 0:
		c.blocks = []string{c.blocks[0] + " " + join(c.pets, func(p *catalogue.Pet) string { return "**" + p.Name + "** (" + dollars(p.Price) + ")" }) + "."}
	case form == "long" && i.Kind == read.KindStock:
		reasons := c.merits()
		lines := make([]string, len(c.pets))
		for n, p := range c.pets {
			lines[n] = c.in().headline(p) + "; " + strings.Join(reasons[n], "; ")
		}
		c.relist(layout.Bullets(lines))
	case form == "csv":
		heads, rows := c.rowsOfPets(append([]string{"name"}, c.columns(i)...), "")
		c.blocks = []string{layout.Values(heads, rows)}
	case form == "table" && (i.Kind != read.KindCompare || len(columns) > 0):
		heads, rows := c.rowsOfPets(append([]string{""}, c.columns(i)...), "**")
		c.relist(layout.Table(mapped(heads, upperFirst), rows))
	case len(columns) > 0 || s.By != nil && i.Kind != read.KindStock:
		c.relist(listOf(form)(mapped(c.pets, func(p *catalogue.Pet) string { return c.line(p, columns, s.Only) })))
	default:
		return false
	}
	return true
}

// line returns a pet's line with the requested columns, alone or after its headline.
func (c layouter) line(p *catalogue.Pet, columns []*catalogue.Attribute, only bool) string {
	text := c.in().headline(p)
	if only {
		text = "**" + p.Name + "**"
	}
	for n, a := range columns {
		if !only && inHeadline(a.Name) {
			continue
		}
		between := "; "
		if only && n == 0 {
			between = ": "
		}
		text += between + c.cell(p, a.Name)
	}
	return text
}

// columns returns the columns of a pet's row.
func (c layouter) columns(i *plan.Item) []string {
	names := []string{"breed", "age", "fee"}
	if len(i.Asked) > 0 && len(c.plan.Style.Columns) == 0 {
		names = mapped(i.Asked, func(a *catalogue.Attribute) string { return a.Name })
	}
	if c.plan.Style.Only {
		names = nil
	}
	for _, a := range c.plan.Style.Columns {
		names = appendNew(names, a.Name)
	}
	return names
}

// rowsOfPets returns the heads and a row for each pet: its name between marks, and then all columns but the first.
func (c layouter) rowsOfPets(heads []string, mark string) ([]string, [][]string) {
	var rows [][]string
	for _, p := range c.pets {
		cells := []string{mark + p.Name + mark}
		for _, a := range heads[1:] {
			cells = append(cells, c.cell(p, a))
		}
		rows = append(rows, cells)
	}
	if c.tongue != nil { // the names of attributes are English
		heads = make([]string, len(heads))
	}
	return heads, rows
}

// cell returns an attribute's cell in a pet's row.
func (c layouter) cell(p *catalogue.Pet, attribute string) string {
	switch attribute {
	case "breed":
		return p.Breed.Name
	case "fee":
		return dollars(p.Price)
	}
	return c.in().says(p, attribute)
}

// relist replaces the answer's list.
func (c layouter) relist(list string) {
	at := slices.IndexFunc(c.blocks, layout.IsList)
	if at < 0 {
		c.blocks = append(c.blocks, list)
		return
	}
	c.blocks[at] = list
}
