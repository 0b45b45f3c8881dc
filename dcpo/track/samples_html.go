package track

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode/utf8"
)

// cellBytes bounds a text in a table; the whole one is in samples.jsonl.
const cellBytes = 8 << 10

// samplesPage is a page without scripts or anything from elsewhere. The template escapes every text for where it stands.
var samplesPage = template.Must(template.New("samples").Funcs(template.FuncMap{
	"clip": func(s string) string { return clip(s, cellBytes) }, "confidence": formatConfidence, "rewards": formatRewards,
}).Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Samples</title>
<style>
body { font: 14px/1.4 sans-serif; margin: 1em; }
table { border-collapse: collapse; }
th, td { border: 1px solid #ccc; padding: .3em .5em; text-align: left; vertical-align: top; }
th { background: #f2f2f2; position: sticky; top: 0; }
td.text { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 18em; max-width: 48em; }
tr.right td.verdict { background: #e2f2e2; }
tr.wrong td.verdict { background: #f6e2e0; }
</style></head><body>
<table>
<thead><tr><th>step</th><th>problem</th><th>chosen</th><th>question</th><th>response</th><th>gold</th><th>verdict</th><th>confidence</th><th>rewards</th><th>advantages: answer, confidence</th></tr></thead>
<tbody>
{{range .}}<tr class="{{if .Correct}}right{{else}}wrong{{end}}"><td>{{.Step}}</td><td>{{.Problem}}</td><td>{{.Chosen}}</td><td class="text">{{clip .Question}}</td><td class="text">{{clip .Response}}{{if .Truncated}} <em>[cut off by the length limit]</em>{{end}}</td><td>{{clip .Gold}}</td><td class="verdict">{{if .Correct}}right{{else}}wrong{{end}}{{with .Answer}}: {{clip .}}{{end}}{{with .Verdict}} ({{clip .}}){{end}}</td><td>{{confidence .Confidence}}</td><td>{{rewards .Rewards}}</td><td>{{printf "%.3g, %.3g" .AnswerAdvantage .ConfidenceAdvantage}}</td></tr>
{{end}}</tbody></table>
</body></html>
`))

// newestFirst orders samples by step, the newest first, and leaves those of a step as they are.
func newestFirst(rows []Sample) []Sample {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Sample) int { return b.Step - a.Step })
	return rows
}

// clip shortens a text to about so many bytes, between characters.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	at := most
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	return fmt.Sprintf("%s… [%d bytes more]", s[:at], len(s)-at)
}

func formatConfidence(c *float64) string {
	if c == nil {
		return "none"
	}
	return fmt.Sprintf("%.3g", *c)
}

// formatRewards lists parts in the order of their names.
func formatRewards(parts map[string]float64) string {
	var out []string
	for name, v := range parts {
		out = append(out, fmt.Sprintf("%s %.3g", name, v))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
