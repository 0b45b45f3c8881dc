package tokenizer

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// class says what the pre-tokenizer patterns need to know of a character.
type class uint8

const (
	other   class = iota // punctuation, symbols, marks, controls
	letter               // \p{L}
	number               // \p{N}
	space                // \s, but for the next
	newline              // \r or \n
	mark                 // \p{M}
	ended                // beyond the text
)

// Letters and numbers that Unicode 15.1 and 16 added: the reference knows them, Go's tables (Unicode 15.0) do not. Without them, a text
// in one of these scripts would be cut differently.
var (
	newLetters = &unicode.RangeTable{
		R16: []unicode.Range16{{Lo: 0x1c89, Hi: 0x1c8a, Stride: 1}, {Lo: 0xa7cb, Hi: 0xa7cd, Stride: 1}, {Lo: 0xa7da, Hi: 0xa7dc, Stride: 1}},
		R32: []unicode.Range32{
			{Lo: 0x105c0, Hi: 0x105f3, Stride: 1}, {Lo: 0x10d4a, Hi: 0x10d65, Stride: 1}, {Lo: 0x10d6f, Hi: 0x10d85, Stride: 1},
			{Lo: 0x10ec2, Hi: 0x10ec4, Stride: 1}, {Lo: 0x11380, Hi: 0x11389, Stride: 1}, {Lo: 0x1138b, Hi: 0x1138b, Stride: 1},
			{Lo: 0x1138e, Hi: 0x1138e, Stride: 1}, {Lo: 0x11390, Hi: 0x113b5, Stride: 1}, {Lo: 0x113b7, Hi: 0x113b7, Stride: 1},
			{Lo: 0x113d1, Hi: 0x113d1, Stride: 1}, {Lo: 0x113d3, Hi: 0x113d3, Stride: 1}, {Lo: 0x11bc0, Hi: 0x11be0, Stride: 1},
			{Lo: 0x13460, Hi: 0x143fa, Stride: 1}, {Lo: 0x16100, Hi: 0x1611d, Stride: 1}, {Lo: 0x16d40, Hi: 0x16d6c, Stride: 1},
			{Lo: 0x18cff, Hi: 0x18cff, Stride: 1}, {Lo: 0x1e5d0, Hi: 0x1e5ed, Stride: 1}, {Lo: 0x1e5f0, Hi: 0x1e5f0, Stride: 1},
			{Lo: 0x2ebf0, Hi: 0x2ee5d, Stride: 1},
		},
	}
	newNumbers = &unicode.RangeTable{R32: []unicode.Range32{
		{Lo: 0x10d40, Hi: 0x10d49, Stride: 1}, {Lo: 0x116d0, Hi: 0x116e3, Stride: 1}, {Lo: 0x11bf0, Hi: 0x11bf9, Stride: 1},
		{Lo: 0x16130, Hi: 0x16139, Stride: 1}, {Lo: 0x16d70, Hi: 0x16d79, Stride: 1}, {Lo: 0x1ccf0, Hi: 0x1ccf9, Stride: 1},
		{Lo: 0x1e5f1, Hi: 0x1e5fa, Stride: 1},
	}}
)

// isLetter is \p{L}.
func isLetter(r rune) bool {
	return unicode.IsLetter(r) || r > unicode.MaxLatin1 && unicode.Is(newLetters, r)
}

// isNumber is \p{N}.
func isNumber(r rune) bool {
	return unicode.IsNumber(r) || r > unicode.MaxLatin1 && unicode.Is(newNumbers, r)
}

// classOf classifies one character by Unicode's tables.
func classOf(r rune) class {
	switch {
	case r == '\n' || r == '\r':
		return newline
	case unicode.IsSpace(r):
		return space
	case isLetter(r):
		return letter
	case isNumber(r):
		return number
	case unicode.IsMark(r):
		return mark
	}
	return other
}

// asciiClasses holds the classes of one-byte characters.
var asciiClasses = func() (table [utf8.RuneSelf]class) {
	for r := range table {
		table[r] = classOf(rune(r))
	}
	return table
}()

// planeClasses holds the classes of the Basic Multilingual Plane, filled when the first text needs it: looking into Unicode's range tables for
// every character of a Chinese text would take most of the tokenizer's time.
var planeClasses = sync.OnceValue(func() *[0x10000]class {
	table := new([0x10000]class)
	for r := range table {
		table[r] = classOf(rune(r))
	}
	return table
})

// reader classifies the characters of a text, which must be valid UTF-8.
type reader struct {
	text  string
	plane *[0x10000]class // nil until needed
}

// at gives the class and size of the character at byte i; (ended, 0) at the end.
func (r *reader) at(i int) (class, int) {
	if i >= len(r.text) {
		return ended, 0
	}
	if b := r.text[i]; b < utf8.RuneSelf {
		return asciiClasses[b], 1
	}
	if r.plane == nil {
		r.plane = planeClasses()
	}
	c, size := utf8.DecodeRuneInString(r.text[i:])
	if c < 0x10000 {
		return r.plane[c], size
	}
	return classOf(c), size
}
