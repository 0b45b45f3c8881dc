package grade

import (
	"slices"
	"strings"
)

type boxState int

const (
	boxNone boxState = iota
	boxFound
	boxOpen // the last box never closes: the completion was cut off
)

// span is a half-open range of bytes.
type span struct{ start, end int }

// boxes are what a text holds in its last \boxed{…} or \fbox{…}.
type boxes struct {
	// content is that of the last box. Boxes right before it, with nothing but
	// "and", commas and the like between them, belong to the same answer; their
	// contents are joined by commas.
	content string
	// sentence also has those before it with a few words between them, as in
	// "\boxed{1} for (a) and \boxed{2} for (b)"; "" where there are none.
	sentence string
	// end is the offset behind the last box.
	end int
}

// lastBoxes finds the last box and those that belong to it.
func lastBoxes(text string) (boxes, boxState) {
	whole, content, state := boxBefore(text, len(text))
	if state != boxFound {
		return boxes{}, state
	}
	found := boxes{end: whole.end}
	parts := []string{text[content.start:content.end]}
	var links []string // what stands behind each part but the last
	tight := 1         // parts with only connectors between them
	for len(parts) < maxJoinedBoxes {
		before, inner, state := boxBefore(text[:min(len(text), whole.start+maxBoxLookBack)], whole.start)
		if state != boxFound {
			break
		}
		if before.end > whole.start { // an outer box around this one
			whole.start = before.start
			found.end = max(found.end, before.end)
			continue
		}
		gap := text[before.end:whole.start]
		connected := isConnector(gap)
		if !connected && !isEnumeration(gap) {
			break
		}
		if connected && tight == len(parts) {
			tight++
		}
		links = append(links, gap)
		whole.start = before.start
		parts = append(parts, text[inner.start:inner.end])
	}
	slices.Reverse(parts)
	slices.Reverse(links)
	found.content = joined(parts[len(parts)-tight:], links[len(parts)-tight:])
	if tight < len(parts) {
		found.sentence = joined(parts, links)
	}
	return found, boxFound
}

// joined lists the contents of boxes, as alternatives where an "or" links them.
func joined(parts, links []string) string {
	var b strings.Builder
	for i, part := range parts {
		if i > 0 && strings.Contains(links[i-1], "or") {
			b.WriteString(" or ")
		} else if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(part)
	}
	return b.String()
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

// isEnumeration tells whether the text between two boxes goes on to name
// another part of one answer, within a sentence and drawing no conclusion.
func isEnumeration(gap string) bool {
	if len(gap) > 80 || strings.ContainsAny(gap, ".!?\n") {
		return false
	}
	joined := strings.Contains(gap, ",")
	for _, w := range word.FindAllString(gap, -1) {
		switch w = strings.ToLower(w); {
		case w == "and" || w == "or":
			joined = true
		case concluding[w]:
			return false
		}
	}
	return joined
}

var concluding = set("so thus hence therefore then giving gives total sum final answer not but wait instead rather actually")

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
