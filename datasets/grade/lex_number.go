package grade

import "strings"

// number reads a decimal literal with its thousands separators, exponent and
// repeating part. The token's text has the form -less digits[.digits][~digits]
// [eN], where ~ begins the repeating part.
func (l *lexer) number() {
	var b strings.Builder
	whole := l.digits()
	b.WriteString(whole)
	if len(whole) >= 1 && len(whole) <= 3 {
		for {
			group, ok := l.thousands()
			if !ok {
				break
			}
			b.WriteString(group)
		}
	}
	point := l.peek(0) == '.' || l.reading.decimalComma && l.peek(0) == ',' && l.depth == 0
	if point && isDigit(l.peek(1)) {
		l.pos++
		b.WriteString(".")
		b.WriteString(l.digits())
		// 0.333 333 is rare; a thin space within decimals is left to fail.
	} else if l.peek(0) == '.' && strings.HasPrefix(l.src[l.pos+1:], `\overline{`) {
		l.pos++
		b.WriteString(".")
	}
	if strings.Contains(b.String(), ".") {
		b.WriteString(l.repeating())
	} else if l.peek(0) == '.' && (l.peek(1) == '/' || l.peek(1) == '*') { // 3./2
		l.pos++
	}
	b.WriteString(l.exponent())
	l.emit(tokNumber, l.goesOn(b.String()))
}

// goesOn reads the dots of 0.8333…, of which the digit written three times
// repeats; behind other decimals dots say nothing that could be compared.
func (l *lexer) goesOn(text string) string {
	whole, decimals, ok := strings.Cut(text, ".")
	if !ok || decimals == "" || strings.ContainsAny(decimals, "~e") {
		return text
	}
	rest := strings.TrimLeft(l.src[l.pos:], " {")
	for _, dots := range []string{"...", `\ldots`, `\dots`, `\cdots`, "…"} {
		after, ok := strings.CutPrefix(rest, dots)
		if !ok {
			continue
		}
		l.pos = len(l.src) - len(strings.TrimPrefix(after, "}"))
		kept := strings.TrimRight(decimals, decimals[len(decimals)-1:])
		if len(decimals)-len(kept) < 3 || len(decimals) > 64 {
			return text
		}
		return whole + "." + kept + "~" + decimals[len(decimals)-1:]
	}
	return text
}

func (l *lexer) peek(i int) byte {
	if l.pos+i < len(l.src) {
		return l.src[l.pos+i]
	}
	return 0
}

func (l *lexer) digits() string {
	start := l.pos
	for isDigit(l.peek(0)) {
		l.pos++
	}
	return l.src[start:l.pos]
}

// thousands reads a separator and its group of exactly three digits. A plain
// comma separates thousands only outside brackets, and not where a list is
// read.
func (l *lexer) thousands() (string, bool) {
	rest := l.src[l.pos:]
	for _, sep := range []string{`{,}\!`, `{,}`, `{, }`, ` {,}`, ` {, }`, `,\!`, `\,`, `\!`, ",", " "} {
		if !strings.HasPrefix(rest, sep) || sep == "," && (l.reading.lists || l.reading.decimalComma || l.depth > 0) {
			continue
		}
		after := rest[len(sep):]
		if sep == `,\!` {
			after = strings.TrimLeft(after, " ")
		}
		if len(after) >= 3 && isDigit(after[0]) && isDigit(after[1]) && isDigit(after[2]) && !(len(after) > 3 && isDigit(after[3])) {
			l.pos += len(rest) - len(after) + 3
			return after[:3], true
		}
	}
	return "", false
}

// repeating reads \overline{36} or \bar{3} after decimals.
func (l *lexer) repeating() string {
	for _, bar := range []string{`\overline{`, `\bar{`} {
		rest, ok := strings.CutPrefix(l.src[l.pos:], bar)
		if !ok {
			continue
		}
		n := 0
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		if n > 0 && n < 64 && n < len(rest) && rest[n] == '}' {
			l.pos += len(bar) + n + 1
			return "~" + rest[:n]
		}
	}
	return ""
}

// exponent reads the e33 of 4.5e33; the letter must touch both numbers.
func (l *lexer) exponent() string {
	if c := l.peek(0); c != 'e' && c != 'E' || l.reading.euler {
		return ""
	}
	i := 1
	if c := l.peek(1); c == '+' || c == '-' {
		i = 2
	}
	start := i
	for isDigit(l.peek(i)) {
		i++
	}
	if i == start || isLetter(l.peek(i)) || i-start > 6 {
		return ""
	}
	text := l.src[l.pos : l.pos+i]
	l.pos += i
	return "e" + text[1:]
}
