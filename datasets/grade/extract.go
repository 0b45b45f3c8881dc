package grade

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// tail bounds, in bytes, how much of a completion's end is searched where
// there is no box: an answer stands at the end.
const tail = 1 << 14

// longest bounds, in bytes, how much of a completion's end is read at all: some
// hundred thousand tokens.
const longest = 1 << 18

// extract finds the answer of a completion, or the reason why there is none.
// Where it can be taken in two ways, the later one is the more likely.
func extract(completion string) (answers []string, reason string) {
	text := ending(completion, longest)
	if i := strings.LastIndex(text, "</think>"); i >= 0 {
		text = text[i+len("</think>"):]
	}
	text = withoutConfidence(text)
	switch box, state := lastBoxes(text); state {
	case boxFound:
		if later := afterBox(text[box.end:]); later != "" {
			return found(later)
		}
		if box.sentence != "" {
			return found(box.sentence, box.content)
		}
		return found(box.content)
	case boxOpen:
		return nil, ReasonOpenBox
	}
	text = ending(text, tail)
	if i := strings.LastIndex(text, "####"); i >= 0 {
		line, _, _ := strings.Cut(text[i+len("####"):], "\n")
		if strings.TrimSpace(line) != "" {
			return found(line)
		}
	}
	if rest, ok := afterAnswerPhrase(text); ok {
		return found(fromSentence(rest))
	}
	line := lastLine(text)
	if isFormula(line) {
		return found(line)
	}
	if joined := trailingMath(text); joined != "" {
		return found(joined, lastMathOrNumber(text))
	}
	if last := lastMathOrNumber(text); last != "" {
		return found(last)
	}
	return found(line)
}

// ending is the last n bytes of a text, without a character cut in two.
func ending(text string, n int) string {
	if len(text) <= n {
		return text
	}
	text = text[len(text)-n:]
	for len(text) > 0 && !utf8.RuneStart(text[0]) {
		text = text[1:]
	}
	return text
}

// found cleans extracted answers; where the last is empty, none was found.
func found(answers ...string) ([]string, string) {
	for i := range answers {
		answers[i] = strings.TrimSpace(answers[i])
	}
	if strings.Trim(answers[len(answers)-1], " \\~$*.{}") == "" {
		return nil, ReasonNotFound
	}
	return answers, ""
}

// afterBox returns the formula or number that is called the final answer after
// the last box, which then holds an intermediate result; "" where there is none.
func afterBox(text string) string {
	text = ending(text, tail)
	rest, ok := afterPhrase(text, "final answer")
	if !ok || rest == "" || !strings.HasPrefix(rest, `\(`) && !isDigit(rest[0]) && rest[0] != '$' && rest[0] != '-' {
		return ""
	}
	return strings.TrimSpace(fromSentence(rest))
}

// afterAnswerPhrase returns what follows the last "answer is" or "answer:",
// the last "final answer is" first.
func afterAnswerPhrase(text string) (string, bool) {
	if rest, ok := afterPhrase(text, "final answer"); ok {
		return rest, true
	}
	return afterPhrase(text, "answer")
}

// afterPhrase returns what follows the last place where a phrase, in any case,
// is followed by "is", a colon and the like.
func afterPhrase(text, phrase string) (string, bool) {
	for end := len(text); ; {
		i := lastIndexFold(text[:end], phrase)
		if i < 0 {
			return "", false
		}
		rest := strings.TrimLeft(text[i+len(phrase):], " *_")
		for _, link := range []string{"is:", "is", ":", "=", "\n"} {
			if after, ok := strings.CutPrefix(rest, link); ok && strings.TrimSpace(after) != "" && !startsWithLetter(link, after) {
				return strings.TrimLeft(after, " \t\n*_:"), true
			}
		}
		end = i
	}
}

// startsWithLetter rejects "answer isn't" and "answer island" for the link "is".
func startsWithLetter(link, after string) bool {
	return link == "is" && isLetter(after[0])
}

var endOfSentence = regexp.MustCompile(`[.!]\**(\s|$)|\n`)

// fromSentence takes the answer off the beginning of a text that begins with
// it, and may go on.
func fromSentence(text string) string {
	if m := leadingMath(text); m != "" {
		return m
	}
	if loc := endOfSentence.FindStringIndex(text); loc != nil {
		text = text[:loc[0]]
	}
	text = strings.Trim(text, " *_")
	if isFormula(text) || !hasProse(text) {
		return text
	}
	if _, err := parse(text, reading{}); err == nil && !strings.Contains(text, " is ") && len(text) < 40 && !countsInWords(text) {
		return text
	}
	if last := lastMathOrNumber(text); last != "" {
		return last
	}
	return text
}

// countsInWords tells whether a text begins with words and then has a number,
// as in "She started 3 hours ago": the number is the answer.
func countsInWords(text string) bool {
	return isLetter(text[0]) && strings.ContainsAny(text, "0123456789") && !strings.ContainsAny(text, "=,$\\")
}

// mathSegment is a formula between delimiters, within a paragraph.
var mathSegment = regexp.MustCompile(`\$\$([^$]+)\$\$|\$((?:[^$\\\n]|\\.)+)\$|\\\(((?:[^\\]|\\[^)])+)\\\)|\\\[((?:[^\\]|\\[^\]])+)\\\]`)

// leadingMath returns the formulas a text begins with, joined by commas where
// only connectors stand between them.
func leadingMath(text string) string {
	locs := mathSegment.FindAllStringSubmatchIndex(text, maxJoinedBoxes)
	if len(locs) == 0 || locs[0][0] != 0 {
		return ""
	}
	parts := []string{segmentText(text, locs[0])}
	for i := 1; i < len(locs); i++ {
		if !isConnector(text[locs[i-1][1]:locs[i][0]]) {
			break
		}
		parts = append(parts, segmentText(text, locs[i]))
	}
	return strings.Join(parts, ", ")
}

// trailingMath returns the last formulas of a text, two or more with only
// connectors between them, if no number comes after them.
func trailingMath(text string) string {
	locs := mathSegment.FindAllStringSubmatchIndex(text, -1)
	last := len(locs) - 1
	if last < 1 || lastNumber(text[locs[last][1]:]) != "" {
		return ""
	}
	first := last
	for first > 0 && last-first < maxJoinedBoxes && isConnector(text[locs[first-1][1]:locs[first][0]]) {
		first--
	}
	if first == last {
		return ""
	}
	var parts []string
	for _, loc := range locs[first:] {
		parts = append(parts, segmentText(text, loc))
	}
	return strings.Join(parts, ", ")
}

func segmentText(text string, loc []int) string {
	for i := 2; i < len(loc); i += 2 {
		if loc[i] >= 0 {
			return text[loc[i]:loc[i+1]]
		}
	}
	return ""
}

// lastMathOrNumber returns the last formula between delimiters, or the last
// number if that comes later; "" if there is neither.
func lastMathOrNumber(text string) string {
	locs := mathSegment.FindAllStringSubmatchIndex(text, -1)
	if len(locs) == 0 {
		return lastNumber(text)
	}
	last := locs[len(locs)-1]
	if n := lastNumber(text[last[1]:]); n != "" {
		return n
	}
	return segmentText(text, last)
}

var number = regexp.MustCompile(`-?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,4}\b|/\d+)?%?`)

// lastNumber returns the last number that is not part of a name such as K2.
func lastNumber(text string) string {
	locs := number.FindAllStringIndex(text, -1)
	for i := len(locs) - 1; i >= 0; i-- {
		start, end := locs[i][0], locs[i][1]
		if start > 0 && (isLetter(text[start-1]) || text[start-1] == '_') {
			continue
		}
		return strings.TrimRight(text[start:end], ",")
	}
	return ""
}

// isFormula tells whether a line is a formula and nothing else.
func isFormula(line string) bool {
	if line == "" || len(line) > maxAnswer || hasProse(line) {
		return false
	}
	_, err := parse(line, reading{})
	return err == nil
}

var (
	latexCommand = regexp.MustCompile(`\\(?:text|mathrm|mathbf|textbf|mbox|operatorname|begin|end)\s*\{[^{}]*\}|\\[a-zA-Z]+`)
	word         = regexp.MustCompile(`[a-zA-Z]{2,}`)
)

// hasProse tells whether a text has words, other than in commands, names of
// functions, "and" and "or".
func hasProse(text string) bool {
	for _, w := range word.FindAllString(latexCommand.ReplaceAllString(text, " "), -1) {
		if conjunction(w) != "" {
			continue
		}
		if _, ok := functions[w]; !ok && !isUpper(w) && w != "pi" && w != "sqrt" {
			return true
		}
	}
	return false
}

func isUpper(w string) bool { return strings.ToUpper(w) == w }
