package logic

import (
	"regexp"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/datasets/grade"
)

const (
	// maxAnswer bounds, in bytes, what is read as an answer; eight people take some
	// two hundred.
	maxAnswer = 4096
	// tail is how much of a response without tags is searched, in bytes.
	tail = 4 * maxAnswer
)

// answerOf finds the part of a response that is its answer. names are those of
// the puzzle.
func answerOf(response string, names []string) (text string, ok bool) {
	const thought, open, shut = "</think>", "<answer>", "</answer>"
	if i := strings.LastIndex(response, thought); i >= 0 {
		response = response[i+len(thought):]
	} else if strings.Contains(response, "<think>") {
		return "", false // the reasoning never ended
	}
	if i := strings.LastIndex(response, open); i >= 0 {
		text, _, ok = strings.Cut(response[i+len(open):], shut)
		if len(text) <= maxAnswer {
			text = withoutConfidence(text)
		}
		return text, ok // an answer cut off is none
	}
	if cut := len(response) - tail; cut > 0 {
		_, response, _ = strings.Cut(response[cut:], "\n") // from the next whole line
	}
	return lastBlock(withoutConfidence(response), names)
}

// confidence is a line that begins with the word, or the rest of one from
// "CONFIDENCE:" on.
var confidence = regexp.MustCompile("(?im:^[ \\t*#_>`-]*confidence[ \\t*_`]*[:=].*$)|(?m:CONFIDENCE:.*$)")

func withoutConfidence(text string) string { return confidence.ReplaceAllString(text, "") }

// lastBlock returns the last run of lines that say nothing but who is a knight
// or a knave. Blank lines belong to it as long as somebody has not been named
// below them.
func lastBlock(text string, names []string) (string, bool) {
	lines := strings.Split(text, "\n")
	missing := map[string]bool{}
	for _, name := range names {
		missing[strings.ToLower(name)] = true
	}
	var block []string
	for _, line := range slices.Backward(lines) {
		told, _, reason := identities(line)
		if len(told) > 0 && reason != grade.ReasonUnreadable {
			block = append(block, line)
			for _, name := range told {
				delete(missing, strings.ToLower(name))
			}
			continue
		}
		gap := strings.TrimSpace(line) == "" && len(missing) > 0
		if len(block) > 0 && !gap {
			break
		}
	}
	slices.Reverse(block)
	return strings.Join(block, "\n"), len(block) > 0
}
