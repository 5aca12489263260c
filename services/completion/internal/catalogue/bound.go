package catalogue

import (
	"math"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/words"
)

// A bound is the range of right amounts, so that a question with an amount gets a yes or no: "most 6
// hours" for how long a dog may be alone.
type bound struct {
	unit        string
	least, most float64 // in the measure's unit
}

// boundOf reads "least 5 gallons", "most 6 hours" or "65 to 75 degrees". If the verdict is none of
// these, it returns nil and the verdict.
func boundOf(form Form, verdict string) (b *bound, rest string) {
	f := strings.Fields(verdict)
	if figureOf(form) == nil || len(f) < 3 {
		return nil, verdict
	}
	unit, size := measure(f[len(f)-1])
	var n []float64
	for _, w := range f {
		if v, err := strconv.ParseFloat(w, 64); err == nil {
			n = append(n, v*size)
		}
	}
	b = &bound{unit: unit, most: math.Inf(1)}
	switch {
	case unit == "":
		return nil, verdict
	case f[0] == "least" && len(n) == 1:
		b.least = n[0]
	case f[0] == "most" && len(n) == 1:
		b.most = n[0]
	case f[1] == "to" && len(n) == 2: //nolint:mnd // from and to
		b.least, b.most = n[0], n[1]
	default:
		return nil, verdict
	}
	return b, ""
}

// measure returns what a word measures, and how many units it stands for.
func measure(word string) (unit string, size float64) {
	for unit, list := range formsOf.Amounts.Measures {
		if size, ok := list[word]; ok {
			return unit, size
		}
	}
	return "", 0
}

// amountIn returns the amount of a unit in a question.
func amountIn(question []words.Word, unit string) (amount float64, ok bool) {
	for i, w := range question {
		digits := strings.TrimRight(w.Text, "abcdefghijklmnopqrstuvwxyz")
		number, known := formsOf.Amounts.Numbers[w.Text]
		if v, err := strconv.ParseFloat(digits, 64); err == nil {
			number, known = v, true
		}
		if !known {
			continue
		}
		next := w.Text[len(digits):] // "8hrs"
		if digits == "" || next == "" {
			next = ""
			if i+1 < len(question) {
				next = question[i+1].Text
			}
		}
		of, size := measure(next)
		if of == "celsius" && unit == "degrees" {
			return number*9/5 + 32, true //nolint:mnd // Fahrenheit
		}
		if of == unit && (unit == "degrees" || number > 0) {
			return number * size, true
		}
	}
	if unit == "hours" {
		text := words.Join(question)
		for span, hours := range formsOf.Amounts.Spans {
			if strings.Contains(text, " "+span+" ") {
				amount, ok = max(amount, hours), true
			}
		}
	}
	return amount, ok
}

// amount returns the amount in a question, or else in the words before it.
func (b *bound) amount(question []words.Word) (amount float64, ok bool) {
	from := max(0, polarFrom(question))
	if amount, ok = amountIn(question[from:], b.unit); ok {
		return amount, true
	}
	return amountIn(question[:from], b.unit)
}

// holds reports whether an amount is right.
func (b *bound) holds(amount float64) bool { return amount >= b.least && amount <= b.most }

// verdict returns the verdict on a question's amount, or "" if the question has none.
func (b *bound) verdict(asked *Asked, question []words.Word) string {
	amount, ok := b.amount(question)
	if !ok || asked.Forms[0] == FormNeed {
		return ""
	}
	text := words.Join(question)
	so := b.holds(amount)
	switch {
	case len(phrasesIn(text, formsOf.Amounts.Under)) > 0:
		so = amount < b.least
	case len(phrasesIn(text, formsOf.Amounts.Over)) > 0:
		so = amount > b.most
	case asked.Turned:
		so = !so
	}
	if so {
		return "Yes"
	}
	return "No"
}
