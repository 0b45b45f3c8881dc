package explore

import "strings"

// kind is what the text written so far in the place of a confidence amounts to.
type kind int

const (
	foreign kind = iota // no beginning of a number
	outside             // the beginning of a number that is not in [0, 1], or is not written as looked for
	begun               // the beginning of a number in [0, 1] that is none yet: nothing, or "."
	number              // a number in [0, 1] that further decimals could follow
	full                // a number in [0, 1] with all decimals looked at: what follows changes it no more
)

// numeral reads text as the beginning of a number in [0, 1] of so many decimals, written with one digit before the point or none:
// "0", "0.", "0.8", ".83", "1.00". value counts units of the last decimal. A number that ends in its point is the one before it, as
// verbal.Parse has it.
func numeral(text string, decimals int) (what kind, value int) {
	whole, rest, point := strings.Cut(text, ".")
	switch {
	case text == "":
		return begun, 0
	case !digits(whole) || !digits(rest):
		return foreign, 0
	case len(rest) > decimals:
		return foreign, 0 // one token that writes more decimals than are looked at
	case whole != "" && whole != "0" && whole != "1":
		return outside, 0
	case whole == "" && rest == "":
		return begun, 0
	}
	unit := 1
	for range decimals {
		unit *= 10
	}
	if whole == "1" {
		value = unit
	}
	for i := range len(rest) {
		unit /= 10
		value += unit * int(rest[i]-'0')
	}
	switch {
	case whole == "1" && strings.Trim(rest, "0") != "":
		return outside, 0
	case point && len(rest) == decimals:
		return full, value
	}
	return number, value
}

// digits tells whether text is ASCII digits and nothing else; "" is.
func digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// writing reads text that must start with lead, as far as it goes, and go on with a numeral.
func writing(text, lead string, decimals int) (what kind, value int) {
	if strings.HasPrefix(lead, text) {
		return begun, 0
	}
	after, found := strings.CutPrefix(text, lead)
	if !found {
		return foreign, 0
	}
	return numeral(after, decimals)
}
