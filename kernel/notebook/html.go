package notebook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/notebook/page"
)

// WriteHTML writes the notebook, with the outputs it has, as one page that needs nothing else.
func (n *Notebook) WriteHTML(path string) error {
	p := page.Page{Title: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))}
	titled := false
	for _, c := range n.Cells {
		if heading, ok := strings.CutPrefix(c.Source, "# "); ok && c.Type == "markdown" && !titled {
			titled = true
			p.Title, _, _ = strings.Cut(heading, "\n")
		}
		p.Cells = append(p.Cells, c.page())
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return replaceFile(path, b.Bytes())
}

// page is the cell as it is shown on a page.
func (c *Cell) page() page.Cell {
	out := page.Cell{Kind: c.Type, Source: c.Source, Count: c.Count}
	for _, o := range c.Outputs {
		switch o.Type {
		case "stream":
			out.Outputs = append(out.Outputs, page.Output{Terminal: o.Text, Complaint: o.Name == "stderr"})
		case "error":
			text := strings.Join(o.Traceback, "\n")
			if text == "" {
				text = o.Error + ": " + o.Message
			}
			out.Outputs = append(out.Outputs, page.Output{Terminal: text, Complaint: true})
		default:
			one := page.Output{Result: o.Type == "execute_result", Data: map[string]string{}}
			for kind, v := range o.Data {
				one.Data[kind] = textOf(v)
			}
			out.Outputs = append(out.Outputs, one)
		}
	}
	return out
}

// textOf is a value of a MIME bundle as text: JSON where it is no text itself.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
