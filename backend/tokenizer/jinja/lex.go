package jinja

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is a fault of a template, or one that it raises.
type Error struct {
	Line    int // 1-based, in the template
	Message string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("chat template, line %d: %s", e.Line, e.Message) }

// fail makes an error at a line.
func fail(line int, format string, args ...any) error {
	return &Error{line, fmt.Sprintf(format, args...)}
}

// kind is the kind of a token.
type kind uint8

const (
	textToken     kind = iota // text outside tags
	openVariable              // {{
	closeVariable             // }}
	openBlock                 // {%
	closeBlock                // %}
	nameToken                 // an identifier or keyword
	stringToken               // text holds its value
	numberToken               // an integer or float
	operatorToken             // punctuation
	endToken                  // end of the template
)

// token is one lexical element.
type token struct {
	kind kind
	text string
	line int
}

// is tells whether the token is the given name or operator.
func (t token) is(text string) bool {
	return (t.kind == nameToken || t.kind == operatorToken) && t.text == text
}

// String names the token in messages.
func (t token) String() string {
	switch t.kind {
	case endToken:
		return "the end of the template"
	case closeVariable:
		return "}}"
	case closeBlock:
		return "%}"
	case textToken:
		return "text"
	}
	return strconv.Quote(t.text)
}

// lexer cuts a template into tokens.
type lexer struct {
	source string
	at     int
	line   int
	fresh  bool // the text at hand begins a line
	tokens []token
}

// lex cuts a template into tokens, with white space control applied.
func lex(source string) ([]token, error) {
	source = strings.ReplaceAll(strings.ReplaceAll(source, "\r\n", "\n"), "\r", "\n")
	l := &lexer{source: strings.TrimSuffix(source, "\n"), line: 1, fresh: true}
	for l.at < len(l.source) {
		if err := l.step(); err != nil {
			return nil, err
		}
	}
	l.tokens = append(l.tokens, token{endToken, "", l.line})
	return l.tokens, nil
}

// step reads the text up to the next tag, and the tag.
func (l *lexer) step() error {
	start := l.at
	next := nextTag(l.source[start:])
	if next < 0 {
		l.data(l.source[start:])
		l.advance(len(l.source))
		return nil
	}
	text, tag := l.source[start:start+next], l.source[start+next:start+next+2]
	rest := l.source[start+next+2:]
	switch {
	case strings.HasPrefix(rest, "-"):
		text = strings.TrimRightFunc(text, unicode.IsSpace)
	case !strings.HasPrefix(rest, "+") && tag != "{{": // lstrip_blocks
		line := strings.LastIndexByte(text, '\n') + 1
		if (line > 0 || l.fresh) && strings.TrimSpace(text[line:]) == "" {
			text = text[:line]
		}
	}
	l.data(text)
	l.advance(start + next)
	opened := l.line
	width := 2
	if strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "+") {
		width = 3
	}
	l.advance(l.at + width)
	switch tag {
	case "{#":
		return l.comment(opened)
	case "{{":
		l.tokens = append(l.tokens, token{openVariable, "{{", opened})
		return l.inside("}}", closeVariable)
	}
	if m := rawTag.FindString(l.source[l.at:]); m != "" {
		return l.raw(m, opened)
	}
	l.tokens = append(l.tokens, token{openBlock, "{%", opened})
	return l.inside("%}", closeBlock)
}

// nextTag is the position of the next opening bracket, −1 for none.
func nextTag(text string) int {
	for i := 0; i+1 < len(text); i++ {
		if text[i] == '{' && (text[i+1] == '{' || text[i+1] == '%' || text[i+1] == '#') {
			return i
		}
	}
	return -1
}

// data emits text.
func (l *lexer) data(text string) {
	if text != "" {
		l.tokens = append(l.tokens, token{textToken, text, l.line})
	}
}

// advance moves to a position and counts the lines passed.
func (l *lexer) advance(to int) {
	l.line += strings.Count(l.source[l.at:to], "\n")
	l.at = to
}

// closeTag consumes what follows a closing bracket: all white space after a minus sign, one line break after a block or comment.
func (l *lexer) closeTag(minus, plus, block bool) {
	end := l.at
	switch {
	case minus:
		end = len(l.source) - len(strings.TrimLeftFunc(l.source[l.at:], unicode.IsSpace))
	case block && !plus && strings.HasPrefix(l.source[l.at:], "\n"):
		end++
	}
	l.advance(end)
	l.fresh = l.at > 0 && l.source[l.at-1] == '\n'
}

// comment skips a comment.
func (l *lexer) comment(opened int) error {
	end := strings.Index(l.source[l.at:], "#}")
	if end < 0 {
		return fail(opened, "the comment is not closed by #}")
	}
	minus, plus := false, false
	if end > 0 {
		minus, plus = l.source[l.at+end-1] == '-', l.source[l.at+end-1] == '+'
	}
	l.advance(l.at + end + 2)
	l.closeTag(minus, plus, true)
	return nil
}

// The tags of a raw block, whose content is text.
var (
	rawTag    = regexp.MustCompile(`^\s*raw\s*(-?)%\}`)
	endRawTag = regexp.MustCompile(`\{%([-+]?)\s*endraw\s*([-+]?)%\}`)
)

// raw reads a raw block after its opening bracket.
func (l *lexer) raw(opening string, opened int) error {
	l.advance(l.at + len(opening))
	l.closeTag(rawTag.FindStringSubmatch(opening)[1] == "-", false, false) // no line break is dropped here
	m := endRawTag.FindStringSubmatchIndex(l.source[l.at:])
	if m == nil {
		return fail(opened, "the raw block is not closed by {%% endraw %%}")
	}
	text := l.source[l.at : l.at+m[0]]
	switch sign := l.source[l.at+m[2] : l.at+m[3]]; sign {
	case "-":
		text = strings.TrimRightFunc(text, unicode.IsSpace)
	case "":
		if line := strings.LastIndexByte(text, '\n') + 1; (line > 0 || l.fresh) && strings.TrimSpace(text[line:]) == "" {
			text = text[:line]
		}
	}
	l.data(text)
	last := l.source[l.at+m[4] : l.at+m[5]]
	l.advance(l.at + m[1])
	l.closeTag(last == "-", last == "+", true)
	return nil
}

// operators, the longest first.
var operators = []string{"**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ".", ":", "|", ",", ";"}

// numberPattern is a number, with the underscores that Python allows.
var numberPattern = regexp.MustCompile(`^(\d+(?:_\d+)*)(\.\d+(?:_\d+)*)?([eE][+-]?\d+(?:_\d+)*)?`)

// inside reads the tokens of a tag up to its closing bracket.
func (l *lexer) inside(closing string, closeKind kind) error {
	opened, depth := l.line, 0
	for {
		rest := l.source[l.at:]
		trimmed := strings.TrimLeftFunc(rest, unicode.IsSpace)
		l.advance(l.at + len(rest) - len(trimmed))
		rest = trimmed
		if rest == "" {
			return fail(opened, "the tag is not closed by %s", closing)
		}
		if depth == 0 {
			minus, plus := strings.HasPrefix(rest, "-"+closing), closeKind == closeBlock && strings.HasPrefix(rest, "+"+closing)
			if minus || plus || strings.HasPrefix(rest, closing) {
				l.tokens = append(l.tokens, token{closeKind, closing, l.line})
				width := len(closing)
				if minus || plus {
					width++
				}
				l.advance(l.at + width)
				l.closeTag(minus, plus, closeKind == closeBlock)
				return nil
			}
		}
		switch rest[0] {
		case '{', '(', '[':
			depth++
		case '}', ')', ']':
			depth--
		}
		if err := l.element(rest); err != nil {
			return err
		}
	}
}

// element reads one name, string, number or operator.
func (l *lexer) element(rest string) error {
	if rest[0] == '\'' || rest[0] == '"' {
		return l.quoted(rest)
	}
	if m := numberPattern.FindString(rest); m != "" {
		l.emit(numberToken, m, len(m))
		return nil
	}
	if name := identifier(rest); name != "" {
		l.emit(nameToken, name, len(name))
		return nil
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			l.emit(operatorToken, op, len(op))
			return nil
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return fail(l.line, "unexpected character %q", r)
}

// emit adds a token and moves past its width bytes.
func (l *lexer) emit(k kind, text string, width int) {
	l.tokens = append(l.tokens, token{k, text, l.line})
	l.advance(l.at + width)
}

// identifier is the name at the start of text, "" for none.
func identifier(text string) string {
	for i, r := range text {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && !unicode.IsMark(r)) {
			return text[:i]
		}
	}
	return text
}

// quoted reads a string literal.
func (l *lexer) quoted(rest string) error {
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case rest[0]:
			value, err := unescape(rest[1:i])
			if err != nil {
				return fail(l.line, "%v", err)
			}
			l.emit(stringToken, value, i+1)
			return nil
		}
	}
	return fail(l.line, "the string is not closed by %c", rest[0])
}

// simpleEscapes are the one-letter escapes of Python.
var simpleEscapes = map[byte]string{
	'n': "\n", 't': "\t", 'r': "\r", '\\': "\\", '\'': "'", '"': `"`, 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v", '\n': "",
}

// unescape reads Python's backslash escapes; an unknown one keeps its backslash.
func unescape(text string) (string, error) {
	if !strings.Contains(text, `\`) {
		return text, nil
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		i++
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[text[i]]
		if plain, ok := simpleEscapes[text[i]]; ok {
			out.WriteString(plain)
		} else if digits > 0 {
			if i+digits >= len(text) {
				return "", fmt.Errorf(`the escape \%s is cut short`, text[i:])
			}
			code, err := strconv.ParseUint(text[i+1:i+1+digits], 16, 32)
			if err != nil || code > unicode.MaxRune {
				return "", fmt.Errorf(`\%s is no escape`, text[i:i+1+digits])
			}
			out.WriteRune(rune(code))
			i += digits
		} else if text[i] >= '0' && text[i] <= '7' {
			end := i
			for end < len(text) && end < i+3 && text[end] >= '0' && text[end] <= '7' {
				end++
			}
			code, _ := strconv.ParseUint(text[i:end], 8, 32)
			out.WriteRune(rune(code))
			i = end - 1
		} else {
			out.WriteByte('\\')
			out.WriteByte(text[i])
		}
	}
	return out.String(), nil
}
