package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

// addedMatcher finds added tokens in a text: the leftmost, and of those the longest. It is a trie over bytes.
type addedMatcher struct {
	nodes  []addedNode
	tokens []addedToken
	starts [256]bool // bytes with which some token begins
}

// addedNode is a state of the trie.
type addedNode struct {
	next  map[byte]int32
	token int32 // index into tokens of the token that ends here, −1 for none
}

// newAddedMatcher builds the trie; spelling gives the text under which a token is sought.
func newAddedMatcher(tokens []addedToken, spelling func(addedToken) string) *addedMatcher {
	m := &addedMatcher{nodes: []addedNode{{token: -1}}}
	for _, token := range tokens {
		content := spelling(token)
		if content == "" {
			continue
		}
		m.starts[content[0]] = true
		at := int32(0)
		for i := range len(content) {
			next, ok := m.nodes[at].next[content[i]]
			if !ok {
				next = int32(len(m.nodes))
				m.nodes = append(m.nodes, addedNode{token: -1})
				if m.nodes[at].next == nil {
					m.nodes[at].next = map[byte]int32{}
				}
				m.nodes[at].next[content[i]] = next
			}
			at = next
		}
		m.nodes[at].token = int32(len(m.tokens))
		m.tokens = append(m.tokens, token)
	}
	return m
}

// longest gives the longest token at byte i and its length; nil for none.
func (m *addedMatcher) longest(text string, i int) (found *addedToken, length int) {
	at := int32(0)
	for j := i; j < len(text); j++ {
		next, ok := m.nodes[at].next[text[j]]
		if !ok {
			break
		}
		at = next
		if t := m.nodes[at].token; t >= 0 {
			found, length = &m.tokens[t], j+1-i
		}
	}
	return found, length
}

// cut is a part of a text: an added token, or the text between two of them (token nil). An added token that swallows the space after it and
// a following one that begins with that space overlap, as in the reference.
type cut struct {
	span
	token *addedToken
}

// split cuts a text at its added tokens, in order.
func (m *addedMatcher) split(text string) []cut {
	var out []cut
	done := 0 // everything before is cut
	for i := 0; i < len(text) && len(m.tokens) > 0; {
		if !m.starts[text[i]] {
			i++
			continue
		}
		token, length := m.longest(text, i)
		if token == nil {
			i++
			continue
		}
		start, end := i, i+length
		i = end
		if token.SingleWord && (endsWithWord(text[:start]) || startsWithWord(text[end:])) {
			continue
		}
		if token.LStrip {
			start = max(done, trimmedEnd(text[:start]))
		}
		if token.RStrip {
			end += spacePrefix(text[end:])
		}
		if start > done {
			out = append(out, cut{span{done, start}, nil})
		}
		out = append(out, cut{span{start, end}, token})
		done = end
	}
	if done < len(text) {
		out = append(out, cut{span{done, len(text)}, nil})
	}
	return out
}

// isWord is \w of Unicode regular expressions (UTS 18, annex C).
func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.In(r, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
}

// endsWithWord tells whether the last character is part of a word.
func endsWithWord(text string) bool {
	r, size := utf8.DecodeLastRuneInString(text)
	return size > 0 && isWord(r)
}

// startsWithWord tells whether the first character is part of a word.
func startsWithWord(text string) bool {
	r, size := utf8.DecodeRuneInString(text)
	return size > 0 && isWord(r)
}

// trimmedEnd is the length of text without the white space at its end.
func trimmedEnd(text string) int {
	for len(text) > 0 {
		r, size := utf8.DecodeLastRuneInString(text)
		if !unicode.IsSpace(r) {
			break
		}
		text = text[:len(text)-size]
	}
	return len(text)
}

// spacePrefix is the length of the white space at the start of text.
func spacePrefix(text string) int {
	for i, r := range text {
		if !unicode.IsSpace(r) {
			return i
		}
	}
	return len(text)
}
