package asks

import (
	"regexp"

	"github.com/pawstream/pawstream/services/completion/internal/advisor/read"
)

// payments matches what may be the number of a payment card: 13 to 19 digits (ISO/IEC 7812), perhaps in groups.
var payments = regexp.MustCompile(`\b\d(?:[ -]?\d){12,18}\b`)

// Pays reports whether what is read of a turn has the number of a payment card, by its check digit.
func Pays(text string) bool {
	const chip = 15 // digits of an animal's microchip, which nobody puts in groups (ISO 11784)
	for _, number := range payments.FindAllString(read.Clip(text), -1) {
		if len(number) == chip {
			continue
		}
		sum, double := 0, false
		for i := len(number) - 1; i >= 0; i-- {
			if number[i] < '0' {
				continue // between two groups
			}
			d := int(number[i] - '0')
			if double {
				d = d*2/10 + d*2%10
			}
			sum, double = sum+d, !double
		}
		if sum%10 == 0 {
			return true
		}
	}
	return false
}
