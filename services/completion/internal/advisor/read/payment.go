package read

import "regexp"

// payments matches what may be the number of a payment card: 13 to 19 digits (ISO/IEC 7812), perhaps in groups.
var payments = regexp.MustCompile(`\b\d(?:[ -]?\d){12,18}\b`)

// Pays reports whether a text has the number of a payment card, by its check digit.
func Pays(text string) bool {
	for _, number := range payments.FindAllString(text, -1) {
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
