package grade

import "strings"

// sameTokens compares two texts without regard to spacing and case.
func sameTokens(a, b []token) bool {
	return strings.EqualFold(flat(a), flat(b))
}

func flat(toks []token) string {
	var b strings.Builder
	for i, t := range toks {
		if i > 0 && t.kind == tokNumber && toks[i-1].kind == tokNumber {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	return b.String()
}

// withoutLabel returns the tokens, and where they begin with the label of a
// choice, as in (C) 106, also what follows it and the letter alone.
func withoutLabel(toks []token) [][]token {
	all := [][]token{toks}
	isChoice := func(t token) bool {
		return (t.kind == tokLetter || t.kind == tokWord) && len(t.text) == 1 && t.text >= "A" && t.text <= "J"
	}
	if len(toks) > 3 && toks[0].text == "(" && isChoice(toks[1]) && toks[2].text == ")" && (toks[3].kind != tokOp || strings.Contains(`-{(\{|`, toks[3].text)) {
		all = append(all, toks[3:], toks[1:2])
	}
	if len(toks) > 2 && isChoice(toks[0]) && (toks[1].text == "." || toks[1].text == ")" || toks[1].text == ":") {
		all = append(all, toks[2:], toks[:1])
	}
	return all
}

// withoutUnit returns the tokens without a last letter that may be a unit, as
// in the reference "\frac{37}{4} m": a number, a space, and m.
func withoutUnit(toks []token) [][]token {
	last := len(toks) - 1
	if last < 1 || toks[last].kind != tokLetter || !toks[last].space || units[strings.ToLower(toks[last].text)] == "" || !endsValue(toks[last-1]) {
		return nil
	}
	for _, t := range toks[:last] {
		if t.kind == tokLetter {
			return nil
		}
	}
	return [][]token{toks[:last]}
}
