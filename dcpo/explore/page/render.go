package page

import (
	"bytes"
	_ "embed"
	"fmt"
	"html"
	"html/template"
	"slices"
	"strings"
)

//go:embed page.html
var source string

//go:embed page.css
var style string

//go:embed page.js
var script string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"runs": Runs, "style": func() template.CSS { return template.CSS(style) }, "script": func() template.JS { return template.JS(script) },
	"shades": shades, "details": details, "bars": bars, "across": across, "likeliest": likeliest, "number": func(x float64) bool { return x == x },
	"notag": notag, "plain": Plain, "entry": entry,
}).Parse(source))

// HTML renders the page.
func (d Document) HTML() (string, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, d); err != nil {
		return "", fmt.Errorf("render page: %w", err)
	}
	return b.String(), nil
}

// Frame wraps a page for a place inside another one, such as the output of a notebook's cell, so that neither disturbs the other.
func Frame(document string, height int) string {
	return fmt.Sprintf(`<iframe sandbox="allow-scripts" title="Confidence tokens" style="width:100%%;height:%dpx;border:0;resize:vertical;overflow:auto" srcdoc="%s"></iframe>`,
		height, html.EscapeString(document))
}

// shades are a token's colours as custom properties. Keys are letters, values numbers.
func shades(t Token) template.CSS {
	keys := make([]string, 0, len(t.Shades))
	for key := range t.Shades {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var b strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&b, "--%s:%.3g;", key, clamp(t.Shades[key]))
	}
	return template.CSS(b.String())
}

// detail is what a page says of a token.
type detail struct {
	Text   string   `json:"t"`
	Lines  []string `json:"l,omitempty"`
	Others []other  `json:"o,omitempty"`
}

type other struct {
	Text        string  `json:"t"`
	Probability float64 `json:"p"`
	Own         bool    `json:"own,omitempty"`
}

// details are those of all tokens of an answer, column by column.
func details(a Answer) [][]detail {
	out := make([][]detail, len(a.Columns))
	for c, column := range a.Columns {
		for _, t := range column.Tokens {
			d := detail{Text: caption(t)}
			for _, line := range t.Lines {
				d.Lines = append(d.Lines, Plain(line))
			}
			for _, o := range t.Others {
				d.Others = append(d.Others, other{Plain(o.Text), o.Probability, o.Own})
			}
			out[c] = append(out[c], d)
		}
	}
	return out
}

// caption names a token.
func caption(t Token) string {
	if t.Text == "" {
		return fmt.Sprintf("#%d", t.ID)
	}
	return Plain(t.Text)
}

// entry names an answer in the list of all.
func entry(i int, a Answer) string {
	const most = 60
	name := []rune(fmt.Sprintf("%d. %s · %s", i+1, Plain(a.Title), Plain(a.Question)))
	if len(name) > most {
		name = append(name[:most], '…')
	}
	return string(name)
}

// notag names a token without text.
func notag(t Token) string { return fmt.Sprintf("#%d", t.ID) }
