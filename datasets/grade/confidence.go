package grade

import "strings"

// withoutConfidence removes what states a confidence: from "CONFIDENCE:" to
// the end of its line, and whole lines that begin with the word in any case
// and decoration, such as "**Confidence:** 80%".
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
			line = end
		} else if i := strings.Index(line, "CONFIDENCE:"); i >= 0 {
			line = line[:i] + end
		}
		b.WriteString(line)
	}
	return b.String()
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

// lastIndexFold is strings.LastIndex for a lower-case ASCII word in any case.
func lastIndexFold(text, word string) int {
	for i := len(text) - len(word); i >= 0; i-- {
		if text[i]|0x20 == word[0] && strings.EqualFold(text[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}
