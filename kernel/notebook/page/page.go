// Package page shows cells and their outputs as an HTML page that opens anywhere: code is coloured, Markdown rendered, images are in the page itself, and
// it is legible in a light and in a dark surrounding. Nothing is fetched; what cells themselves display as HTML is left as it is.
package page

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/alecthomas/chroma/v2"
	chromahtml "github.com/alecthomas/chroma/v2/formatters/html"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/alecthomas/chroma/v2/styles"
	terminal "github.com/buildkite/terminal-to-html/v3"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// Page is what is shown.
type Page struct {
	Title string
	Cells []Cell
}

// Cell is a cell with its outputs.
type Cell struct {
	Kind    string // "code", "markdown" or "raw"
	Source  string
	Count   int // of a code cell that has run
	Outputs []Output
}

// Output is text for a terminal, or a MIME bundle.
type Output struct {
	// Terminal is text with a terminal's control sequences; Complaint marks that of standard error and of errors.
	Terminal  string
	Complaint bool
	// Data is a MIME bundle: images in base64, all else as text. Result marks the value of the cell.
	Data   map[string]string
	Result bool
}

//go:embed page.html
var pageText string

//go:embed style.css
var style string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// Write writes the page.
func (p Page) Write(w io.Writer) error {
	css, err := stylesheet()
	if err != nil {
		return err
	}
	view := struct {
		Title string
		Style template.CSS
		Cells []cellView
	}{Title: p.Title, Style: template.CSS(css)}
	for i, c := range p.Cells {
		one, err := c.view()
		if err != nil {
			return fmt.Errorf("cell %d: %w", i+1, err)
		}
		view.Cells = append(view.Cells, one)
	}
	return pageTemplate.Execute(w, view)
}

// cellView is a cell in HTML.
type cellView struct {
	Kind    string
	Count   int
	Source  template.HTML
	Outputs []outputView
}

type outputView struct {
	Class string
	HTML  template.HTML
}

func (c Cell) view() (cellView, error) {
	out := cellView{Kind: c.Kind, Count: c.Count}
	var err error
	switch c.Kind {
	case "markdown":
		out.Source, err = markdown(c.Source)
	case "code":
		out.Source, err = highlight(c.Source)
	default:
		out.Source = preformatted(c.Source)
	}
	for _, o := range c.Outputs {
		if err != nil {
			break
		}
		var one outputView
		if one, err = o.view(); one.HTML != "" {
			out.Outputs = append(out.Outputs, one)
		}
	}
	return out, err
}

func (o Output) view() (outputView, error) {
	if o.Data == nil {
		class := "stream"
		if o.Complaint {
			class = "stream complaint"
		}
		return outputView{class, template.HTML("<pre>" + terminal.Render([]byte(o.Terminal)) + "</pre>")}, nil
	}
	text, err := o.best()
	return outputView{"display", text}, err
}

// best is the richest form of a MIME bundle that a page can show.
func (o Output) best() (template.HTML, error) {
	if s, ok := o.Data["text/html"]; ok {
		return template.HTML(s), nil // the cell's own markup
	}
	if s, ok := o.Data["image/svg+xml"]; ok { // as an image, so that ids in two of them do not meet
		return picture("image/svg+xml", base64.StdEncoding.EncodeToString([]byte(s)), o.Data["text/plain"]), nil
	}
	for _, kind := range []string{"image/png", "image/jpeg", "image/gif"} {
		if s, ok := o.Data[kind]; ok {
			return picture(kind, strings.Join(strings.Fields(s), ""), o.Data["text/plain"]), nil
		}
	}
	if s, ok := o.Data["text/markdown"]; ok {
		return markdown(s)
	}
	for _, kind := range []string{"text/latex", "text/plain", "application/json"} {
		if s, ok := o.Data[kind]; ok {
			return preformatted(s), nil
		}
	}
	return "", nil
}

func picture(kind, base64, title string) template.HTML {
	return template.HTML(fmt.Sprintf(`<img src="data:%s;base64,%s" alt="%s">`, kind, template.HTMLEscapeString(base64), template.HTMLEscapeString(title)))
}

func preformatted(text string) template.HTML {
	return template.HTML("<pre>" + template.HTMLEscapeString(text) + "</pre>")
}

var renderer = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe())) // notebooks hold HTML, as in Jupyter

func markdown(text string) (template.HTML, error) {
	var b bytes.Buffer
	if err := renderer.Convert([]byte(text), &b); err != nil {
		return "", fmt.Errorf("render Markdown: %w", err)
	}
	return template.HTML(b.String()), nil
}

var formatter = chromahtml.New(chromahtml.WithClasses(true), chromahtml.TabWidth(4))

// highlight colours Go, or a shell script under %%bash.
func highlight(source string) (template.HTML, error) {
	language := "go"
	if strings.HasPrefix(source, "%%bash") || strings.HasPrefix(source, "%%sh") || strings.HasPrefix(source, "!") {
		language = "bash"
	}
	tokens, err := chroma.Coalesce(lexers.Get(language)).Tokenise(nil, source)
	if err != nil {
		return "", fmt.Errorf("colour code: %w", err)
	}
	var b bytes.Buffer
	if err := formatter.Format(&b, styles.Get("github"), tokens); err != nil {
		return "", fmt.Errorf("colour code: %w", err)
	}
	return template.HTML(b.String()), nil
}

// stylesheet is the page's own and the colours of code in both surroundings.
func stylesheet() (string, error) {
	var light, dark bytes.Buffer
	if err := formatter.WriteCSS(&light, styles.Get("github")); err != nil {
		return "", err
	}
	if err := formatter.WriteCSS(&dark, styles.Get("github-dark")); err != nil {
		return "", err
	}
	return "@media (prefers-color-scheme: light) {\n" + light.String() + "}\n@media (prefers-color-scheme: dark) {\n" + dark.String() + "}\n" + style, nil
}
