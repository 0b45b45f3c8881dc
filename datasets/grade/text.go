package grade

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Text grades a completion whose answer is a name or a few words, of which any
// of the accepted answers is right. As is usual for questions of fact, case,
// accents, punctuation and articles do not matter, and nothing else may stand
// beside it but "it is" and the like. Numbers, dates apart, are compared as
// [Grade] does.
func Text(completion string, accepted ...string) Verdict {
	answer, reason := extractText(completion)
	if reason != "" {
		return Verdict{Reason: reason}
	}
	v := Verdict{Answer: answer, Found: true, Reason: ReasonWrong}
	plain := plainWords(answer)
	for _, gold := range accepted {
		words := plainWords(gold)
		if words == plain && words != "" || answer == strings.TrimSpace(gold) {
			v.Correct, v.Reason = true, ReasonSameText
			return v
		}
	}
	for _, gold := range accepted {
		if !strings.ContainsAny(gold, "0123456789") || hasProse(gold) {
			continue
		}
		if ok, why := Equal(answer, gold); ok {
			v.Correct, v.Reason = true, why
			return v
		}
	}
	return v
}

// Choice grades a completion that picks one of several choices by its letter,
// by its text, or by both, which then must agree. letter is the right one, "A"
// for the first.
func Choice(completion, letter string, choices []string) Verdict {
	answer, reason := extractText(completion)
	if reason != "" {
		return Verdict{Reason: reason}
	}
	v := Verdict{Answer: answer, Found: true, Reason: ReasonUnreadable}
	picked := pickedChoice(answer, choices)
	if picked < 0 {
		return v
	}
	if v.Correct = string(rune('A'+picked)) == strings.ToUpper(strings.Trim(letter, "() .")); v.Correct {
		v.Reason = ReasonSameText
	} else {
		v.Reason = ReasonWrong
	}
	return v
}

// label is the letter of a choice at the beginning of an answer: "B", "(B)",
// "**B.** text", "Option B: text", "\text{(B)}".
var label = regexp.MustCompile(`^(?i:(?:option|choice|answer)\s+)?(?:\\(?:text|textbf|mathrm|mathbf)\{)?[(\[*\s]*([A-Za-z])[)\]*}.:,\s]*(?:$|[)\].:*}\s]+(.*))`)

// pickedChoice is the index of the choice that an answer names, or -1. Where it
// gives both a letter and the text of another choice, it names none.
func pickedChoice(answer string, choices []string) int {
	same := -1
	for i, text := range choices {
		if plainWords(text) == plainWords(answer) {
			same = i
			break
		}
	}
	m := label.FindStringSubmatch(answer)
	if m == nil {
		return same
	}
	index := int(m[1][0]|0x20) - 'a'
	if index >= len(choices) {
		return same
	}
	rest := plainWords(m[2])
	if rest != "" && m[1] == strings.ToLower(m[1]) && !strings.ContainsAny(answer[:min(len(answer), 4)], ").:") {
		return same // an article, not a letter: "a cat"
	}
	for i, text := range choices {
		if rest != "" && plainWords(text) == rest && i != index {
			return -1
		}
	}
	return index
}

// extractText finds an answer in words: the last box, what follows the last
// "answer is", or the last line.
func extractText(completion string) (answer, reason string) {
	text := ending(completion, longest)
	if i := strings.LastIndex(text, "</think>"); i >= 0 {
		text = text[i+len("</think>"):]
	}
	text = withoutConfidence(text)
	switch box, state := lastBoxes(text); state {
	case boxFound:
		return foundText(box.content)
	case boxOpen:
		return "", ReasonOpenBox
	}
	text = ending(text, tail)
	if rest, ok := afterAnswerPhrase(text); ok {
		line, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
		return foundText(withoutNextSentence(line))
	}
	return foundText(lastLine(text))
}

func foundText(answer string) (string, string) {
	answers, reason := found(answer)
	if reason != "" {
		return "", reason
	}
	return strings.Trim(answers[0], " *_\t"), ""
}

// nextSentence begins with a capital letter behind a word of four letters or
// more and a full stop: "Washington D.C." and "St. Paul" go on.
var nextSentence = regexp.MustCompile(`[\pL\d]{4,}[.!]["*_)]*\s+\p{Lu}`)

func withoutNextSentence(line string) string {
	if loc := nextSentence.FindStringIndex(line); loc != nil {
		cut := strings.LastIndexAny(line[:loc[1]], ".!")
		return line[:cut]
	}
	return line
}

var (
	latexText = regexp.MustCompile(`\\(?:text|textbf|textit|textrm|mathrm|mathbf|emph)\s*\{([^{}]*)\}`)
	lead      = regexp.MustCompile(`^(?:it|this|that|he|she|they|there|these|those) (?:is|was|are|were) `)
)

// plainWords reduces a text to its words in lower case, without accents,
// punctuation and articles.
func plainWords(text string) string {
	text = latexText.ReplaceAllString(text, "$1")
	var b strings.Builder
	runes := []rune(norm.NFKD.String(text))
	for i, r := range runes {
		withinNumber := i > 0 && unicode.IsDigit(runes[i-1]) && i+1 < len(runes) && unicode.IsDigit(runes[i+1])
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' && withinNumber:
			b.WriteRune(unicode.ToLower(r))
		case unicode.IsMark(r) || r == '\'' || r == '’' || r == '.' || r == ',' && withinNumber:
		case r == '-' && b.Len() == 0:
			b.WriteRune(r) // the sign of a number
		default:
			b.WriteByte(' ')
		}
	}
	words := strings.Fields(b.String())
	kept := words[:0]
	for _, w := range words {
		if w != "the" && w != "a" && w != "an" || len(words) == 1 {
			kept = append(kept, w)
		}
	}
	return lead.ReplaceAllString(strings.Join(kept, " "), "")
}

// Boxed returns the content of a text's last \boxed{…}, or of the last few that
// stand together; ok is false where none closes.
func Boxed(text string) (content string, ok bool) {
	found, state := lastBoxes(text)
	return strings.TrimSpace(found.content), state == boxFound
}
