package report

import (
	"fmt"
	"strings"
)

// markdown is the report in Markdown, with figures by their files.
func (v *view) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", plain(v.Title), plain(v.Lead))
	for _, n := range v.Notes {
		fmt.Fprintf(&b, "- %s\n", plain(n))
	}
	b.WriteString("\n")
	v.Main.markdown(&b)
	if len(v.Comparisons) > 0 {
		b.WriteString("## Differences\n\n")
		for _, t := range v.Comparisons {
			t.markdown(&b)
		}
	}
	b.WriteString("## Diagrams\n\n")
	for _, p := range v.Figures {
		fmt.Fprintf(&b, "### %s\n\n![%s](<%s>)\n\n", plain(p.Title), plain(p.Caption), p.Path)
	}
	for _, m := range v.Methods {
		fmt.Fprintf(&b, "## %s\n\n", plain(m.Title))
		for _, t := range m.Sets {
			t.markdown(&b)
		}
	}
	b.WriteString("## Answers\n\n")
	v.Counts.markdown(&b)
	if len(v.Votes.Rows) > 0 {
		v.Votes.markdown(&b)
	}
	if len(v.Worst) > 0 {
		b.WriteString("## Worst over-confident answers\n\n")
	}
	for _, w := range v.Worst {
		fmt.Fprintf(&b, "### %s: confidence %s\n\nanswer %s, right is %s (%s); stated %s, probability %s, vote share %s\n\n", plain(w.Title), w.Confidence,
			orNone(plain(w.Answer)), plain(w.Gold), plain(w.Reason), w.Stated, w.Probability, w.VoteShare)
		fence(&b, w.Question)
		fence(&b, w.Response)
	}
	b.WriteString("## How it was made\n\n")
	v.Settings.markdown(&b)
	v.Sources.markdown(&b)
	return b.String()
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// fence shows a text as it is, between marks longer than any in it.
func fence(b *strings.Builder, text string) {
	marks := "```"
	for strings.Contains(text, marks) {
		marks += "`"
	}
	fmt.Fprintf(b, "%stext\n%s\n%s\n\n", marks, strings.TrimRight(text, "\n"), marks)
}
