package track

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// markdownBytes bounds a text in a Markdown table; trackers hold all of them in memory.
const markdownBytes = 2 << 10

// samplesMarkdown is a table of samples.
func samplesMarkdown(rows []Sample) string {
	var b strings.Builder
	b.WriteString("| problem | chosen | question | response | gold | answer | verdict | confidence | rewards | advantages: answer, confidence |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		verdict := "wrong"
		if r.Correct {
			verdict = "right"
		}
		response := clip(r.Response, markdownBytes)
		if r.Truncated {
			response += " [cut off by the length limit]"
		}
		writeRow(&b, r.Problem, r.Chosen, r.Question, response, r.Gold, r.Answer, verdict, formatConfidence(r.Confidence),
			formatRewards(r.Rewards), fmt.Sprintf("%.3g, %.3g", r.AnswerAdvantage, r.ConfidenceAdvantage))
	}
	return b.String()
}

// paramsMarkdown is a table of parameters by name.
func paramsMarkdown(params map[string]string) string {
	var b strings.Builder
	b.WriteString("| key | value |\n|---|---|\n")
	for _, key := range slices.Sorted(maps.Keys(params)) {
		writeRow(&b, key, params[key])
	}
	return b.String()
}

func writeRow(b *strings.Builder, cells ...string) {
	for _, cell := range cells {
		b.WriteString("| ")
		b.WriteString(plainMarkdown.Replace(clip(cell, 2*markdownBytes)))
		b.WriteByte(' ')
	}
	b.WriteString("|\n")
}

// plainMarkdown makes a text show as it is: what Markdown or HTML would read as a mark is written as a character reference, and lines
// stay in their cell.
var plainMarkdown = func() *strings.Replacer {
	pairs := []string{"\r\n", "<br>", "\n", "<br>", "\r", "<br>", "\x00", "\ufffd"}
	for _, mark := range "&<>\"'\\`*_{}[]()#+-.!|~$:" {
		pairs = append(pairs, string(mark), fmt.Sprintf("&#%d;", mark))
	}
	return strings.NewReplacer(pairs...)
}()
