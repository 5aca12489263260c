package ask

import (
	"io"
	"regexp"
	"strings"
	"unicode"
)

// The styles of a terminal (ECMA-48, SGR).
const (
	styleBold   = "\x1b[1m"
	styleDim    = "\x1b[2m"
	styleItalic = "\x1b[3m"
	styleCode   = "\x1b[36m"
	styleNone   = "\x1b[0m"
)

// A painter writes Markdown for a terminal as it comes: words in their style, lines broken between words. It knows the
// Markdown that answers have, and shows the rest as it is. It holds back a word that is not whole, the begin of a line
// that may be a marker, and a table. What would command the terminal is left out: an answer is text.
type painter struct {
	out   io.Writer
	width int  // of a line, in columns; 0: lines are not broken
	grey  bool // there are no colours
	err   error

	head  strings.Builder // of a line, while it may be a marker
	begun bool            // the line is past its marker
	marks []rune          // a run of one of * _ `
	last  rune            // before the marks
	fence string          // of the code block that is open
	table []string        // rows of the table that is open

	open   open
	word   word
	column int    // where the line has come to
	hang   string // what later lines of the paragraph begin with
}

// open are the styles of what comes next.
type open struct {
	bold, italic, heading bool
	code                  int // backticks of the code span
}

// A word is written once it is whole.
type word struct {
	text    string
	columns int
	space   bool // before it
}

func (w *word) add(r rune) {
	w.text += string(r)
	w.columns += columnsOf(r)
}

var (
	// Whether the begin of a line may become a marker, and whether it is one.
	mayMark = regexp.MustCompile("^ *(?:[-*+]|[0-9]{1,3}[.)]?|#{1,6}|>|`{1,2}|~{1,2})?$")
	isMark  = regexp.MustCompile("^( *)(?:([-*+]) |([0-9]{1,3}[.)]) |(#{1,6}) |(>) |(`{3,}|~{3,}|\\|))$")
)

// Write implements io.Writer. Its error is that of an earlier write.
func (p *painter) Write(text []byte) (int, error) {
	for _, r := range string(text) {
		p.rune(r)
	}
	return len(text), p.err
}

// Close writes what is held back, and ends the last line.
func (p *painter) Close() error {
	if p.head.Len() > 0 || p.column > 0 || p.word.columns > 0 || len(p.marks) > 0 {
		p.rune('\n')
	}
	p.endTable()
	p.reset()
	return p.err
}

// breakLine has what others write begin on a line of its own.
func (p *painter) breakLine() {
	if p.column > 0 {
		p.emit("\n")
		p.column, p.word.space = 0, false
	}
}

func (p *painter) emit(text string) {
	if p.err == nil && text != "" {
		_, p.err = io.WriteString(p.out, text)
	}
}

func (p *painter) rune(r rune) {
	switch {
	case r == '\n':
		p.endLine()
	case r == '\t':
		p.rune(' ')
	case unicode.IsControl(r), r == unicode.ReplacementChar, r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		// It would command the terminal, or reorder what it shows.
	case p.begun:
		p.inline(r)
	default:
		p.atHead(r)
	}
}

// atHead takes a rune of a line of which it is not known yet what it is.
func (p *painter) atHead(r rune) {
	p.head.WriteRune(r)
	head := p.head.String()
	if p.fence != "" || isTableRow(head) || strings.HasPrefix(strings.TrimLeft(head, " "), "```") || strings.HasPrefix(strings.TrimLeft(head, " "), "~~~") {
		return // a whole line decides
	}
	mark := isMark.FindStringSubmatch(head)
	if mark == nil {
		if !mayMark.MatchString(head) {
			p.beginText(head)
		}
		return
	}
	p.endTable()
	p.begun = true
	p.head.Reset()
	indent := mark[1]
	switch {
	case mark[2] != "":
		p.prefix(indent + "• ")
		p.hang = indent + "  "
	case mark[3] != "":
		p.prefix(indent + mark[3] + " ")
		p.hang = indent + strings.Repeat(" ", len(mark[3])+1)
	case mark[4] != "":
		p.open.heading = true
		p.style(styleBold)
	case mark[5] != "":
		p.hang = indent + styleDim + "│ " + styleNone
		p.prefix(p.hang)
	}
}

func isTableRow(head string) bool { return strings.HasPrefix(strings.TrimLeft(head, " "), "|") }

// beginText has a line be text from its first rune.
func (p *painter) beginText(head string) {
	p.endTable()
	p.begun = true
	p.head.Reset()
	text := strings.TrimLeft(head, " ")
	if indent := head[:len(head)-len(text)]; indent != "" {
		p.prefix(indent)
		p.hang = indent
	}
	for _, r := range text {
		p.inline(r)
	}
}

// prefix writes what a line begins with.
func (p *painter) prefix(text string) {
	p.emit(text)
	p.column = columns(text)
}

// inline takes a rune of text.
func (p *painter) inline(r rune) {
	if len(p.marks) > 0 && (r != p.marks[0] || r == '\n') {
		p.mark(r)
	}
	switch {
	case r == '`', (r == '*' || r == '_') && p.open.code == 0:
		p.marks = append(p.marks, r)
		return
	case r == ' ':
		p.endWord()
		p.word.space = p.column > 0
	default:
		p.word.add(r)
	}
	p.last = r
}

// mark makes of a run of marks what it is before next.
func (p *painter) mark(next rune) {
	run := p.marks
	p.marks = nil
	before, after := !unicode.IsSpace(p.last) && p.last != 0, !unicode.IsSpace(next)
	letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	switch {
	case run[0] == '`':
		switch {
		case p.open.code == 0 && after:
			p.open.code = len(run)
			p.style(p.codeStyle())
		case p.open.code == len(run):
			p.open.code = 0
			p.restyle()
		default:
			p.literal(run)
		}
		p.last = '`'
	case run[0] == '_' && letter(p.last) && letter(next), len(run) > 3, !before && !after:
		p.literal(run)
	default:
		closes := p.open.italic
		if len(run) >= 2 {
			closes = p.open.bold
		}
		if closes && !before || !closes && !after {
			p.literal(run)
			return
		}
		if len(run) >= 2 {
			p.open.bold = !p.open.bold
		}
		if len(run)%2 == 1 {
			p.open.italic = !p.open.italic
		}
		p.restyle()
	}
}

func (p *painter) literal(run []rune) {
	for _, r := range run {
		p.word.add(r)
		p.last = r
	}
}

// style has what follows in the word be of a style too.
func (p *painter) style(code string) { p.word.text += code }

// codeStyle is how code looks, which is all that has a colour.
func (p *painter) codeStyle() string {
	if p.grey {
		return ""
	}
	return styleCode
}

// restyle has what follows be of the styles that are open.
func (p *painter) restyle() {
	p.style(styleNone)
	if p.open.bold || p.open.heading {
		p.style(styleBold)
	}
	if p.open.italic {
		p.style(styleItalic)
	}
	if p.open.code > 0 {
		p.style(p.codeStyle())
	}
}

// endWord writes the word, on the next line where this one has no room.
func (p *painter) endWord() {
	if p.word.columns > 0 && p.width > 0 && p.column > columns(p.hang) && p.column+1+p.word.columns > p.width {
		p.emit("\n" + p.hang)
		p.column, p.word.space = columns(p.hang), false
	}
	if p.word.columns > 0 && p.word.space {
		p.emit(" ")
		p.column++
		p.word.space = false
	}
	p.emit(p.word.text)
	p.column += p.word.columns
	p.word.text = ""
	p.word.columns = 0
}

func (p *painter) endLine() {
	head := p.head.String()
	trimmed := strings.TrimSpace(head)
	switch {
	case p.begun:
		if len(p.marks) > 0 {
			p.mark(' ')
		}
	case p.fence != "" || strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~"):
		p.codeLine(head, trimmed)
		return
	case isTableRow(head):
		p.table = append(p.table, trimmed)
		p.head.Reset()
		return
	case trimmed == "":
		p.endTable()
		p.reset() // a paragraph ends
	default:
		p.beginText(head)
		if len(p.marks) > 0 {
			p.mark(' ')
		}
	}
	if p.open.heading {
		p.open.heading = false
		p.restyle()
	}
	p.endWord()
	p.emit("\n")
	p.head.Reset()
	p.begun, p.word.space, p.column, p.hang, p.last = false, false, 0, "", 0
}

// codeLine writes a line of a code block, or begins or ends one.
func (p *painter) codeLine(head, trimmed string) {
	p.endTable()
	p.head.Reset()
	switch {
	case p.fence == "":
		p.fence = trimmed[:3]
	case strings.HasPrefix(trimmed, p.fence) && strings.Trim(trimmed, p.fence[:1]) == "":
		p.fence = ""
	default:
		p.emit("  " + p.codeStyle() + head + styleNone + "\n")
	}
}

// reset ends the styles that are open.
func (p *painter) reset() {
	if p.open.bold || p.open.italic || p.open.code > 0 {
		p.open.bold, p.open.italic, p.open.code = false, false, 0
		p.emit(styleNone)
	}
}

// endTable writes the table that is open, with its columns below each other.
func (p *painter) endTable() {
	if len(p.table) == 0 {
		return
	}
	rows, widths := make([][]string, 0, len(p.table)), []int{}
	for _, line := range p.table {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if strings.Trim(line, "|-: ") == "" {
			continue // the rule below the head
		}
		for i, cell := range cells {
			cells[i] = strings.NewReplacer("**", "", "`", "").Replace(strings.TrimSpace(cell))
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(cells[i]))
		}
		rows = append(rows, cells)
	}
	p.table = nil
	for n, cells := range rows {
		var line strings.Builder
		for i, cell := range cells {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-columns(cell)+2))
		}
		text := strings.TrimRight(line.String(), " ")
		if n == 0 {
			text = styleBold + text + styleNone
		}
		p.emit(text + "\n")
	}
}

var styles = regexp.MustCompile("\x1b\\[[0-9]*m")

// columns returns how many columns of a terminal a text takes, styles left aside.
func columns(text string) (n int) {
	for _, r := range styles.ReplaceAllString(text, "") {
		n += columnsOf(r)
	}
	return n
}

// columnsOf returns how many columns a rune takes: none where it belongs to the one before, two for the letters of East Asia and
// for pictures.
func columnsOf(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana), r >= 0xff01 && r <= 0xff60, r >= 0x1f300 && r <= 0x1faff:
		return 2
	}
	return 1
}
