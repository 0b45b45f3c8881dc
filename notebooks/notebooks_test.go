// Package notebooks_test runs the notebooks headless with small parameters: every cell must run, and show what it promises.
package notebooks_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	_ "image/png"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/notebook"
	"github.com/dcpo-go/godcpo/kernel/symbols"
)

// execute runs a notebook and returns the executed one.
func execute(t *testing.T, name string, parameters map[string]string) *notebook.Notebook {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	var stdout, stderr bytes.Buffer
	err := notebook.Run(context.Background(), name, notebook.Options{Output: out, Parameters: parameters, Stdout: &stdout, Stderr: &stderr,
		Session: cell.Options{Symbols: symbols.Tables()}})
	if err != nil {
		t.Fatalf("%v\n%s%s", err, stdout.String(), stderr.String())
	}
	n, err := notebook.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// pictures decodes every PNG among the outputs.
func pictures(t *testing.T, n *notebook.Notebook) []image.Image {
	t.Helper()
	var found []image.Image
	for _, c := range n.Cells {
		for _, o := range c.Outputs {
			encoded, ok := o.Data["image/png"].(string)
			if !ok {
				continue
			}
			raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
			if err != nil {
				t.Fatal(err)
			}
			img, _, err := image.Decode(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, img)
		}
	}
	return found
}

// colours counts distinct colours on a coarse grid: a blank picture has one.
func colours(img image.Image) int {
	seen := map[[3]uint32]bool{}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 3 {
		for x := b.Min.X; x < b.Max.X; x += 3 {
			r, g, bl, _ := img.At(x, y).RGBA()
			seen[[3]uint32{r >> 12, g >> 12, bl >> 12}] = true
		}
	}
	return len(seen)
}

func TestQuickstart(t *testing.T) {
	if testing.Short() {
		t.Skip("it trains small models")
	}
	n := execute(t, "quickstart.ipynb", map[string]string{"steps": "2", "lessons": "3", "habits": "3", "seeds": "2"})
	var text strings.Builder
	for _, c := range n.Cells {
		if lines := strings.Count(strings.TrimSpace(c.Source), "\n") + 1; c.Type == "code" && lines > 10 {
			t.Errorf("a cell has %d lines:\n%s", lines, c.Source)
		}
		for _, o := range c.Outputs {
			if plain, ok := o.Data["text/plain"].(string); ok {
				text.WriteString(plain + "\n")
			}
		}
	}
	for _, want := range []string{"base", "GRPO", "DCPO", "ECE", "± ", "over 2 seeds", "mul22", "right answer"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no output has %q:\n%s", want, text.String())
		}
	}
	found := pictures(t, n)
	if len(found) != 2 {
		t.Fatalf("%d pictures, want the curves and the diagram", len(found))
	}
	for i, img := range found {
		if colours(img) < 8 {
			t.Errorf("picture %d is nearly blank: %d colours", i+1, colours(img))
		}
	}
}
