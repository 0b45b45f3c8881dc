package grade

import "strings"

// withoutConfidence removes what states a confidence: from "CONFIDENCE:" to
// the end of its line, and whole lines that begin with the word in any case
// and decoration, such as "**Confidence:** 80%". What such a line says after the
// number stays where it gives an answer: a box, or words that announce one.
func withoutConfidence(text string) string {
	if !containsFold(text, "confidence") {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for line := range strings.Lines(text) {
		end := ""
		if strings.HasSuffix(line, "\n") {
			end = "\n"
		}
		if isConfidenceLine(line) {
			line = answerAfter(line) + end
		} else if i := strings.Index(line, "CONFIDENCE:"); i >= 0 {
			line = line[:i] + answerAfter(line[i:]) + end
		}
		b.WriteString(line)
	}
	return b.String()
}

// answerAfter returns the part of a confidence's line that gives an answer, without the line's end; "" for none.
func answerAfter(line string) string {
	line = strings.TrimRight(line, "\n")
	at := len(line)
	for _, sign := range []string{`\boxed`, `\fbox`, "answer"} {
		if i := indexFold(line, sign); i >= 0 {
			at = min(at, i)
		}
	}
	if at == len(line) {
		return ""
	}
	if i := at - len("final "); i >= 0 && strings.EqualFold(line[i:at], "final ") {
		at = i
	}
	return " " + line[at:]
}

func isConfidenceLine(line string) bool {
	const word = "confidence"
	line = strings.TrimLeft(line, " \t*#_-`>")
	if len(line) < len(word) || !strings.EqualFold(line[:len(word)], word) {
		return false
	}
	rest := strings.TrimLeft(line[len(word):], " \t*_`")
	return strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "=")
}

// containsFold looks for a lower-case ASCII word in any case, in linear time.
func containsFold(text, word string) bool {
	return lastIndexFold(text, word) >= 0
}

// indexFold is strings.Index for a lower-case ASCII word in any case.
func indexFold(text, word string) int {
	for i := 0; i+len(word) <= len(text); i++ {
		if strings.EqualFold(text[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}

// lastIndexFold is strings.LastIndex for a lower-case ASCII word in any case.
func lastIndexFold(text, word string) int {
	for i := len(text) - len(word); i >= 0; i-- {
		if text[i]|0x20 == word[0] && strings.EqualFold(text[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}
