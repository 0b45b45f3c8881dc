package explore

import "unicode/utf8"

// characterAround returns the character of text that the bytes [from, to) hold only a part of, at either of their ends; "" where they
// hold whole characters, or bytes of none.
func characterAround(text string, from, to int) string {
	if from >= to {
		return ""
	}
	for _, at := range []int{from, to - 1} {
		start := at
		for start > 0 && at-start < utf8.UTFMax-1 && !utf8.RuneStart(text[start]) {
			start--
		}
		r, size := utf8.DecodeRuneInString(text[start:])
		if r == utf8.RuneError && size <= 1 || start+size <= at {
			continue
		}
		if start < from || start+size > to {
			return text[start : start+size]
		}
	}
	return ""
}
