package grade

import "strings"

// command reads what a backslash begins.
func (l *lexer) command() {
	start := l.pos
	l.pos++
	if l.pos >= len(l.src) {
		return
	}
	if c := l.src[l.pos]; !isLetter(c) {
		l.pos++
		switch c {
		case '{':
			l.depth++
			l.emit(tokOp, `\{`)
		case '}':
			l.depth--
			l.emit(tokOp, `\}`)
		case '|':
			l.emit(tokOp, "|")
		case '%':
			l.emit(tokOp, "%")
		case '\\':
			l.rowBreak()
		default: // \, \! \; \: \  \$ \( \) \[ \] are spacing or delimiters
			l.space = true
		}
		return
	}
	for isLetter(l.peek(0)) {
		l.pos++
	}
	name := l.src[start+1 : l.pos]
	switch {
	case dropped[name]:
		if (name == "left" || name == "right") && l.peek(0) == '.' {
			l.pos++
		}
		l.space = true
	case name == "mathbb" || name == "R":
		l.numberSet(name)
	case textCommands[name]:
		l.textBlock()
	case operators[name] != "":
		l.openClose(operators[name])
		l.emit(tokOp, operators[name])
	case functions[name] != "":
		l.emit(tokCommand, functions[name])
	case constructions[name] != "":
		l.emit(tokCommand, constructions[name])
	case name == "begin" || name == "end":
		l.environment(name)
	case name == "hspace" || name == "vspace" || name == "phantom" || name == "color":
		l.braced()
	case name == "varnothing":
		l.emit(tokLetter, "emptyset")
	case name == "infty":
		l.emit(tokLetter, "∞")
	default:
		l.emit(tokLetter, name)
	}
}

// rowBreak reads \\, or an over-escaped command such as \\frac: outside
// environments there are no rows.
func (l *lexer) rowBreak() {
	if isLetter(l.peek(0)) && !strings.Contains(l.src, `\begin{`) {
		l.pos--
		l.command()
		return
	}
	l.emit(tokOp, `\\`)
}

// numberSet reads \mathbb{R} and its kin, which must not be taken for variables.
func (l *lexer) numberSet(name string) {
	start := l.pos
	if name == "mathbb" {
		name = strings.TrimSpace(l.braced())
	}
	if set, ok := numberSets[name]; ok {
		l.emit(tokLetter, set)
		return
	}
	l.pos = start
	l.textBlock()
}

func (l *lexer) openClose(op string) {
	switch op {
	case `\{`:
		l.depth++
	case `\}`:
		l.depth--
	}
}

// braced reads {…} and returns its content; "" where there is none.
func (l *lexer) braced() string {
	i := l.pos
	for i < len(l.src) && l.src[i] == ' ' {
		i++
	}
	if i >= len(l.src) || l.src[i] != '{' {
		return ""
	}
	end := closingBrace(l.src, i)
	if end < 0 {
		end = len(l.src)
		l.pos = end
		return l.src[i+1:]
	}
	l.pos = end + 1
	return l.src[i+1 : end]
}

func (l *lexer) environment(command string) {
	name := strings.TrimSuffix(l.braced(), "*")
	if name == "array" && command == "begin" {
		l.braced() // column specification
	}
	switch name {
	case "pmatrix", "bmatrix", "matrix", "smallmatrix", "array":
		name = "matrix"
	case "vmatrix", "Vmatrix", "Bmatrix":
	case "align", "aligned", "equation", "gather", "gathered", "split":
		return
	}
	l.emit(tokOp, command+":"+name)
}

// textBlock reads \text{…}. Its content is a separator, mathematics in text
// clothing, or words.
func (l *lexer) textBlock() {
	content := l.braced()
	trimmed := strings.Trim(content, " \t\n~")
	lower := strings.Trim(strings.ToLower(trimmed), " ,")
	switch {
	case trimmed == "":
		l.space = true
	case trimmed == "," || trimmed == ";":
		l.emit(tokOp, trimmed)
	case functions[trimmed] != "":
		l.emit(tokCommand, functions[trimmed])
	case lower == "and" || lower == "or":
		l.emit(tokOp, lower)
	case isUnit(lower) && len(l.toks) > 0 && l.toks[len(l.toks)-1].kind != tokOp,
		isUnit(lower) && len(l.toks) > 0 && endsValue(l.toks[len(l.toks)-1]):
		l.emit(tokWord, trimmed)
	case l.nested < 4 && isMathText(trimmed):
		inner := lexer{src: trimmed, reading: l.reading, nested: l.nested + 1, space: l.space}
		inner.run()
		l.toks = append(l.toks, trimPunctuation(inner.toks)...)
		l.space = true
	default:
		l.emit(tokWord, strings.Trim(trimmed, " .,:;\"'`"))
	}
}

// isMathText tells whether the content of a text block is an expression: a
// number, a letter, a choice label, or nested commands.
func isMathText(text string) bool {
	letters := 0
	for i := range len(text) {
		if isLetter(text[i]) {
			letters++
		}
	}
	return letters <= 1 || strings.ContainsAny(text, `\^_=0123456789`) && len(text) < 256
}
