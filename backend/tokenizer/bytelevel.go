package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// Byte-level vocabularies spell every byte as a printable character (GPT-2, Radford et al. 2019): the printable Latin-1 bytes stand for
// themselves, the others, in order, for the characters from U+0100 on.

// byteRunes gives the character of each byte.
var byteRunes = func() (table [256]rune) {
	next := rune(0x100)
	for b := range table {
		if r := rune(b); r >= '!' && r <= '~' || r >= '¡' && r <= '¬' || r >= '®' && r <= 'ÿ' {
			table[b] = r
		} else {
			table[b] = next
			next++
		}
	}
	return table
}()

// runeBytes is the inverse of byteRunes, −1 for the characters below U+0144 that stand for no byte.
var runeBytes = func() (table [0x144]int16) {
	for r := range table {
		table[r] = -1
	}
	for b, r := range byteRunes {
		table[r] = int16(b)
	}
	return table
}()

// tokenBytes gives the bytes a vocabulary entry stands for. As in the reference decoder, an entry with a character outside the alphabet
// stands for its own UTF-8 bytes.
func tokenBytes(token string) string {
	var out strings.Builder
	out.Grow(len(token))
	for _, r := range token {
		if r >= rune(len(runeBytes)) || runeBytes[r] < 0 {
			return token
		}
		out.WriteByte(byte(runeBytes[r]))
	}
	return out.String()
}

// lossy repairs UTF-8 as Rust's from_utf8_lossy does: one U+FFFD for each maximal prefix of a well-formed sequence (Unicode 3.9, U+FFFD
// substitution of maximal subparts). Go's conversion would give one for each byte.
func lossy(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var out strings.Builder
	out.Grow(len(s) + 8)
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r != utf8.RuneError || size > 1 {
			out.WriteString(s[:size])
			s = s[size:]
			continue
		}
		out.WriteRune(utf8.RuneError)
		s = s[brokenPrefix(s):]
	}
	return out.String()
}

// brokenPrefix is the length of the maximal subpart at the start of s, which is known not to start with a well-formed sequence.
func brokenPrefix(s string) int {
	lead := s[0]
	low, high, need := byte(0x80), byte(0xbf), 0
	switch {
	case lead >= 0xc2 && lead <= 0xdf:
		need = 1
	case lead == 0xe0:
		low, need = 0xa0, 2
	case lead == 0xed:
		high, need = 0x9f, 2
	case lead >= 0xe1 && lead <= 0xef:
		need = 2
	case lead == 0xf0:
		low, need = 0x90, 3
	case lead >= 0xf1 && lead <= 0xf3:
		need = 3
	case lead == 0xf4:
		high, need = 0x8f, 3
	}
	n := 1
	for n <= need && n < len(s) && s[n] >= low && s[n] <= high {
		low, high = 0x80, 0xbf
		n++
	}
	return n
}
