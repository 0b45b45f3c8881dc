package grade

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokNumber  tokenKind = iota
	tokLetter            // one variable, such as x or \theta
	tokWord              // text: a word, or the content of \text{…}
	tokCommand           // a function or construction, such as sin or frac
	tokOp                // operator, bracket or separator
)

type token struct {
	kind  tokenKind
	text  string
	space bool // white space stands before it
}

// reading says how to take what is ambiguous in an answer.
type reading struct {
	// lists reads 1,234 as a list of two; otherwise it is a number.
	lists bool
	// decimalComma reads 3,14 as the decimal number 3.14.
	decimalComma bool
	// euler reads 2e-1 as LaTeX does, 2·e − 1; otherwise it is 0.2.
	euler bool
}

// lexer cuts LaTeX or plain text into tokens. Spacing, sizes and dollar signs
// vanish; several spellings of one operator become one.
type lexer struct {
	src     string
	pos     int
	toks    []token
	depth   int // of brackets that hold lists
	nested  int // of \text{…} within \text{…}
	reading reading
	space   bool
}

func lex(text string, r reading) []token {
	l := lexer{src: unify.Replace(text), reading: r}
	l.run()
	return trimPunctuation(l.toks)
}

func (l *lexer) run() {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '~':
			l.pos++
			l.space = true
		case c == '$':
			l.pos++
		case isDigit(c) || c == '.' && l.pos+1 < len(l.src) && isDigit(l.src[l.pos+1]):
			l.number()
		case c == '\\':
			l.command()
		case isLetter(c) || c >= utf8.RuneSelf:
			l.letters()
		default:
			l.operator()
		}
	}
}

func (l *lexer) emit(kind tokenKind, text string) {
	l.toks = append(l.toks, token{kind: kind, text: text, space: l.space})
	l.space = false
}

// letters reads a run of letters: a function, a word, or variables side by
// side.
func (l *lexer) letters() {
	start := l.pos
	ascii := true
	for l.pos < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.pos:])
		if !unicode.IsLetter(r) && !(r >= utf8.RuneSelf && unicode.IsMark(r)) {
			break
		}
		ascii = ascii && r < utf8.RuneSelf
		l.pos += n
	}
	if l.pos == start { // some other symbol, kept as a name
		_, n := utf8.DecodeRuneInString(l.src[l.pos:])
		l.pos += n
		kind := tokLetter
		if l.src[start:l.pos] == "°" {
			kind = tokOp
		}
		l.emit(kind, l.src[start:l.pos])
		return
	}
	if c := conjunction(l.src[start:l.pos]); c != "" {
		l.pos = start + len(c)
	}
	run := l.src[start:l.pos]
	lower := strings.ToLower(run)
	switch {
	case len(run) == 1:
		l.emit(tokLetter, run)
	case lower == "and" || lower == "or":
		l.emit(tokOp, lower)
	case lower == "pi" || lower == "inf" || lower == "infinity":
		l.emit(tokLetter, map[byte]string{'p': "pi", 'i': "∞"}[lower[0]])
	case lower == "sqrt":
		l.emit(tokCommand, "sqrt")
	case functions[run] != "":
		l.emit(tokCommand, functions[run])
	case !ascii || len(run) >= 4 || isUpper(run) || shortWords[lower] || l.isUnitHere(lower):
		l.emit(tokWord, run)
	default:
		for i := range len(run) {
			l.emit(tokLetter, run[i:i+1])
		}
	}
}

// conjunction returns the "and" or "or" that a run of letters is, or that
// stands before a name without a space, as in x=1orY=2; "" for any other.
func conjunction(run string) string {
	for _, c := range []string{"and", "or"} {
		if len(run) >= len(c) && strings.EqualFold(run[:len(c)], c) && (len(run) == len(c) || isUpper(run[len(c):]) && !isUpper(run[:len(c)])) {
			return c
		}
	}
	return ""
}

// isUnitHere tells whether a short run after a value is a unit, as in 35 cm.
func (l *lexer) isUnitHere(run string) bool {
	return bareUnits[run] && len(l.toks) > 0 && endsValue(l.toks[len(l.toks)-1])
}

func endsValue(t token) bool {
	return t.kind == tokNumber || t.kind == tokOp && (t.text == "}" || t.text == ")")
}

func (l *lexer) operator() {
	for _, two := range []string{"<=", ">=", "!=", "**", "==", "..."} {
		if strings.HasPrefix(l.src[l.pos:], two) {
			l.pos += len(two)
			l.emit(tokOp, map[string]string{"<=": "≤", ">=": "≥", "!=": "≠", "**": "^", "==": "=", "...": "…"}[two])
			return
		}
	}
	c := l.src[l.pos : l.pos+1]
	l.pos++
	switch c {
	case "(", "[":
		l.depth++
	case ")", "]":
		l.depth--
	}
	l.emit(tokOp, c)
}

// trimPunctuation removes what ends a sentence, not an expression.
func trimPunctuation(toks []token) []token {
	for len(toks) > 0 {
		last := toks[len(toks)-1]
		if last.kind != tokOp || !strings.Contains(".,;:", last.text) {
			break
		}
		toks = toks[:len(toks)-1]
	}
	return toks
}

// unify maps characters, and the spellings of degrees, to the LaTeX or ASCII
// the lexer reads.
var unify = strings.NewReplacer(
	"−", "-", "–", "-", "×", `\times `, "·", `\cdot `, "⋅", `\cdot `, "∙", `\cdot `, "÷", `\div `,
	"√", `\sqrt `, "π", `\pi `, "∞", `\infty `, "≤", `\le `, "≥", `\ge `, "≠", `\ne `, "≈", `\approx `,
	"∪", `\cup `, "∩", `\cap `, "∈", `\in `, "±", `\pm `, "∓", `\mp `, "∅", `\emptyset `,
	"²", "^{2}", "³", "^{3}", "½", `\frac{1}{2}`, "¼", `\frac{1}{4}`, "¾", `\frac{3}{4}`, "⅓", `\frac{1}{3}`, "⅔", `\frac{2}{3}`,
	"α", `\alpha `, "β", `\beta `, "γ", `\gamma `, "δ", `\delta `, "θ", `\theta `, "λ", `\lambda `, "μ", `\mu `,
	"φ", `\phi `, "ω", `\omega `, "σ", `\sigma `, "ρ", `\rho `, "τ", `\tau `,
	"“", `"`, "”", `"`, "’", "'", "′", "'", "\u00a0", " ", "\u2009", " ", "\u202f", " ", "，", ",", "：", ":",
	"€", "", "£", "", "**", "^",
	`^{\circ}`, "°", `^\circ`, "°", `^ \circ`, "°", `^{ \circ}`, "°", `^{\circ }`, "°", `\degree`, "°", `\degrees`, "°",
	`^{\prime}`, "'", `^\prime`, "'",
)
