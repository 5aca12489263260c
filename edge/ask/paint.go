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

// A painter writes Markdown for a terminal as it arrives: it styles words, and breaks lines between words. It
// supports the Markdown that answers use, and shows the rest unchanged. It holds back an incomplete word, the
// beginning of a line that may be a marker, and a table. It drops control characters, so that an answer cannot
// control the terminal.
type painter struct {
	out   io.Writer
	width int  // of a line, in columns; 0: do not break lines
	grey  bool // no colours
	err   error

	head  strings.Builder // the beginning of a line, while it may be a marker
	begun bool            // the line is past its marker
	marks []rune          // a run of one of * _ `
	last  rune            // the rune before the marks
	fence string          // of the open code block
	table []string        // rows of the open table

	open   open
	word   word
	column int    // the current column of the line
	hang   string // the indent of later lines of the paragraph
}

// open has the styles of the following text.
type open struct {
	bold, italic, heading bool
	code                  int // backticks of the code span
}

// A word is the current word, which is written once it is complete.
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
	// They match the beginning of a line that may become a marker, and one that is a marker.
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

// Close writes the text that was held back, and ends the last line.
func (p *painter) Close() error {
	if p.head.Len() > 0 || p.column > 0 || p.word.columns > 0 || len(p.marks) > 0 {
		p.rune('\n')
	}
	p.endTable()
	p.reset()
	return p.err
}

// breakLine starts a new line for other output.
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
		// It would control the terminal, or reorder its text.
	case p.begun:
		p.inline(r)
	default:
		p.atHead(r)
	}
}

// atHead adds a rune to a line whose kind is not known yet.
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

// beginText treats a line as text from its first rune.
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

// prefix writes the beginning of a line.
func (p *painter) prefix(text string) {
	p.emit(text)
	p.column = columns(text)
}

// inline adds a rune of text.
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

// mark interprets a run of marks, which depends on the next rune.
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

// style switches the style within the word.
func (p *painter) style(code string) { p.word.text += code }

// codeStyle returns the style of code, the only one with a colour.
func (p *painter) codeStyle() string {
	if p.grey {
		return ""
	}
	return styleCode
}

// restyle switches to the open styles.
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

// endWord writes the word, on the next line if this one has no room.
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

// reset ends the open styles.
func (p *painter) reset() {
	if p.open.bold || p.open.italic || p.open.code > 0 {
		p.open.bold, p.open.italic, p.open.code = false, false, 0
		p.emit(styleNone)
	}
}

// endTable writes the open table with aligned columns.
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

// columns returns how many columns of a terminal a text takes, without its styles.
func columns(text string) (n int) {
	for _, r := range styles.ReplaceAllString(text, "") {
		n += columnsOf(r)
	}
	return n
}

// columnsOf returns how many columns a rune takes: 0 for a combining one, 2 for East Asian characters and
// emoji, otherwise 1.
func columnsOf(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana), r >= 0xff01 && r <= 0xff60, r >= 0x1f300 && r <= 0x1faff:
		return 2
	}
	return 1
}
