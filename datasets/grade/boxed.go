package grade

import "strings"

type boxState int

const (
	boxNone boxState = iota
	boxFound
	boxOpen // the last box never closes: the completion was cut off
)

// span is a half-open range of bytes.
type span struct{ start, end int }

// lastBoxes returns the content of the last \boxed{…} or \fbox{…}. Boxes right
// before it, with nothing but "and", commas and the like between them, belong
// to the same answer; their contents are joined by commas.
func lastBoxes(text string) (string, boxState) {
	whole, content, state := boxBefore(text, len(text))
	if state != boxFound {
		return "", state
	}
	parts := []string{text[content.start:content.end]}
	for len(parts) < maxJoinedBoxes {
		before, inner, state := boxBefore(text[:min(len(text), whole.start+maxBoxLookBack)], whole.start)
		if state != boxFound {
			break
		}
		if before.end > whole.start {
			whole.start = before.start // an outer box around this one
			continue
		}
		if !isConnector(text[before.end:whole.start]) {
			break
		}
		whole.start = before.start
		parts = append(parts, text[inner.start:inner.end])
	}
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return strings.Join(parts, ", "), boxFound
}

const (
	maxJoinedBoxes = 32
	// maxBoxLookBack bounds how far the end of an earlier box is searched.
	maxBoxLookBack = 1 << 12
)

// boxBefore finds the last box that starts before the offset: the span of the
// whole command and that of its content.
func boxBefore(text string, before int) (whole, content span, state boxState) {
	for {
		box := strings.LastIndex(text[:before], "box")
		if box < 0 {
			return span{}, span{}, boxNone
		}
		before = box
		start, i := box-1, box+len("boxed")
		if !strings.HasPrefix(text[box:], "boxed") {
			start, i = box-2, box+len("box")
		}
		if start < 0 || text[start:box] != `\` && text[start:box] != `\f` {
			continue
		}
		for i < len(text) && (text[i] == ' ' || text[i] == '\n') {
			i++
		}
		switch {
		case i < len(text) && text[i] == '{':
			end := closingBrace(text, i)
			if end < 0 {
				return span{}, span{}, boxOpen
			}
			return span{start, end + 1}, span{i + 1, end}, boxFound
		case i < len(text) && isDigit(text[i]):
			end := i + 1 // \boxed 12: TeX boxes one digit, people mean the number
			for end < len(text) && isDigit(text[end]) {
				end++
			}
			return span{start, end}, span{i, end}, boxFound
		}
		// Otherwise this talks about boxes and is none.
	}
}

// closingBrace finds the brace that closes the one at open, or -1. Escaped
// braces do not count.
func closingBrace(text string, open int) int {
	depth := 0
	for i := open; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// isConnector tells whether the text between two boxes only joins them.
func isConnector(gap string) bool {
	if len(gap) > 80 {
		return false
	}
	for _, word := range []string{`\text`, `\quad`, `\qquad`, "and", "or"} {
		gap = strings.ReplaceAll(gap, word, "")
	}
	return strings.Trim(gap, " \t\n$,;.(){}[]\\*~&") == ""
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
