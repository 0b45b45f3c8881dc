// Package report writes what an evaluation has shown: a page that opens anywhere, the same in Markdown, every measure in JSON, and diagrams and
// logs by the file names of the reference.
//
//	report.html, report.md, results.json
//	figs/<model>/<bars>_calibration_<confidence>_<benchmark>.pdf   and other figures as SVG
//	logs/<model>/<benchmark>_Main_<confidence>.log
package report

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"os"
	"path/filepath"

	"github.com/dcpo-go/godcpo/dcpo/evaluation"
)

// Options say how a report is made; the zero value is fine.
type Options struct {
	// Bars of reliability diagrams; 0 stands for 15.
	Bars int
	// ReferenceLook draws the files in figs as the reference's script does.
	ReferenceLook bool
	// Worst is how many over-confident answers are shown of each result; 0 stands for 10, and less for none.
	Worst int
	// Program is the version that made the report.
	Program string
}

func (o Options) withDefaults() Options {
	if o.Bars == 0 {
		o.Bars = 15
	}
	if o.Worst == 0 {
		o.Worst = 10
	}
	return o
}

// Validate reports every fault of the options at once.
func (o Options) Validate() error {
	if o.Bars < 0 || o.Bars > 1000 {
		return fmt.Errorf("bars are %d, want 1 to 1000, or 0 for 15", o.Bars)
	}
	return nil
}

//go:embed page.html
var pageText string

//go:embed style.css
var style string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) }, // ours, not an answer's
	"image": func(uri string) template.URL { return template.URL(uri) },
}).Parse(pageText))

// Write writes the report on one result, or on several side by side, into a folder, and gives the page's path.
func Write(dir string, results []*evaluation.Result, o Options) (string, error) {
	path, err := write(dir, results, o)
	if err != nil {
		return "", fmt.Errorf("write report: %w", err)
	}
	return path, nil
}

func write(dir string, results []*evaluation.Result, o Options) (string, error) {
	if err := o.Validate(); err != nil {
		return "", err
	}
	if len(results) == 0 {
		return "", errors.New("there is no result")
	}
	o = o.withDefaults()
	var comparisons []evaluation.Comparison
	if len(results) > 1 {
		var err error
		if comparisons, err = evaluation.Compare(results); err != nil {
			return "", err
		}
	}
	v, err := newView(results, comparisons, o)
	if err != nil {
		return "", err
	}
	if v.Figures, err = draw(dir, results, o); err != nil {
		return "", err
	}
	var html bytes.Buffer
	if err := page.Execute(&html, v); err != nil {
		return "", err
	}
	data, err := encode(results, comparisons, o)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "report.html")
	err = errors.Join(replace(path, html.Bytes()), replace(filepath.Join(dir, "report.md"), []byte(v.markdown())),
		replace(filepath.Join(dir, "results.json"), data), writeLogs(dir, results, o))
	return path, err
}

// replace puts a file in the place of another at once.
func replace(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
