package report

import (
	"encoding/base64"
	"path/filepath"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/evaluation"
	"github.com/dcpo-go/godcpo/dcpo/figure"
)

// picture is a figure on the page.
type picture struct {
	Title, Caption string
	URI            string // the picture itself
	Path           string // of the file, relative to the report's
}

// gallery draws figures and saves them below a folder.
type gallery struct {
	dir      string
	pictures []picture
}

// draw draws all figures: of each result, and of several together.
func draw(dir string, results []*evaluation.Result, o Options) ([]picture, error) {
	g := &gallery{dir: dir}
	if len(results) > 1 {
		if err := g.together(results); err != nil {
			return nil, err
		}
	}
	for _, r := range results {
		if err := g.result(r, folder(r, results), o); err != nil {
			return nil, err
		}
	}
	return g.pictures, nil
}

// folder names a result's files: by its model, or by its name where there are several.
func folder(r *evaluation.Result, results []*evaluation.Result) string {
	if len(results) > 1 {
		return r.Name
	}
	return r.Settings.Model
}

// result draws the figures of one.
func (g *gallery) result(r *evaluation.Result, model string, o Options) error {
	var ranked []figure.Named
	for i := range r.Methods {
		m := &r.Methods[i]
		label := labelOf(r, i)
		var named []figure.Named
		for k := range m.Sets {
			s := &m.Sets[k]
			one := figure.Named{Name: s.Title, Answers: s.Rows[0].Answers}
			named = append(named, one)
			f, err := figure.Reliability(one, figure.ReliabilityOptions{Bins: o.Bars, MetricBins: r.Options.Bins, Bootstrap: r.Options.Bootstrap,
				NoBand: r.Options.NoIntervals, ReferenceLook: o.ReferenceLook})
			if err != nil {
				return err
			}
			if err := f.Save(filepath.Join(g.dir, figure.ReferencePath(model, o.Bars, label, fileName(s.Title)))); err != nil {
				return err
			}
		}
		f, err := figure.ReliabilityRow(named, figure.ReliabilityOptions{Bins: o.Bars, MetricBins: r.Options.Bins, Bootstrap: r.Options.Bootstrap,
			NoBand: r.Options.NoIntervals, Columns: columns(len(named))})
		if err := g.add(f, err, r.Name+": reliability, "+m.Title(), model, "reliability_"+label); err != nil {
			return err
		}
		f, err = figure.Histograms(named, figure.HistogramOptions{Columns: columns(len(named))})
		if err := g.add(f, err, r.Name+": confidence of right and wrong answers, "+m.Title(), model, "histogram_"+label); err != nil {
			return err
		}
		all := &m.Sets[len(m.Sets)-1]
		ranked = append(ranked, figure.Named{Name: m.Title(), Answers: all.Rows[0].Answers})
		for _, row := range all.Rows[1:] {
			if row.Name == "vote share" && i == 0 {
				ranked = append(ranked, figure.Named{Name: row.Name, Answers: row.Answers})
			}
		}
	}
	f, err := figure.RiskCoverage(ranked, figure.RiskCoverageOptions{Bootstrap: r.Options.Bootstrap, NoBand: r.Options.NoIntervals})
	if err := g.add(f, err, r.Name+": risk and coverage", model, "risk_coverage"); err != nil {
		return err
	}
	return g.tokens(r, model)
}

// fileName is a title without what is awkward in file names.
func fileName(title string) string {
	return strings.NewReplacer(" ", "_", "(", "", ")", "", "/", "_", `\`, "_").Replace(title)
}

// columns lay so many diagrams out.
func columns(n int) int {
	if n == 4 {
		return 2
	}
	return min(3, n)
}

// labelOf is a method's part in file names: its confidence, with its prompt where an earlier method has the same.
func labelOf(r *evaluation.Result, i int) string {
	m := &r.Methods[i]
	for k := range i {
		if r.Methods[k].Confidence == m.Confidence {
			return string(m.Confidence) + "-" + string(m.Prompt)
		}
	}
	return string(m.Confidence)
}

// tokens draws how probable tokens are by their place, where log-probs are known.
func (g *gallery) tokens(r *evaluation.Result, model string) error {
	m := &r.Methods[0]
	for i := range r.Methods {
		if r.Methods[i].Confidence == evaluation.Logits {
			m = &r.Methods[i]
		}
	}
	var responses []figure.Responses
	for k := range m.Sets {
		if probs := m.Sets[k].LogProbs(); len(probs) > 0 && (m.Sets[k].Benchmark != "" || len(m.Sets) == 1) {
			responses = append(responses, figure.Responses{Name: m.Sets[k].Title, LogProbs: probs})
		}
	}
	if len(responses) == 0 {
		return nil
	}
	f, err := figure.TokenProbabilities(responses, figure.TokenOptions{NoBand: len(responses) > 1})
	return g.add(f, err, r.Name+": token probability over the response", model, "token_probability")
}

// together draws several results on one page.
func (g *gallery) together(results []*evaluation.Result) error {
	var named []figure.Named
	for _, r := range results {
		for i := range r.Methods {
			m := &r.Methods[i]
			named = append(named, figure.Named{Name: r.Name + ", " + string(m.Confidence), Answers: m.Sets[len(m.Sets)-1].Rows[0].Answers})
		}
	}
	o := results[0].Options
	f, err := figure.MeasureBars(named, figure.ReliabilityOptions{MetricBins: o.Bins, Bootstrap: o.Bootstrap, NoBand: o.NoIntervals})
	if err := g.add(f, err, "All answers of each", "", "measures"); err != nil {
		return err
	}
	f, err = figure.RiskCoverage(named, figure.RiskCoverageOptions{Bootstrap: o.Bootstrap, NoBand: o.NoIntervals})
	return g.add(f, err, "Risk and coverage of each", "", "risk_coverage")
}

// add saves a figure as SVG and puts it on the page.
func (g *gallery) add(f *figure.Figure, err error, title, model, name string) error {
	if err != nil {
		return err
	}
	svg, err := f.SVG()
	if err != nil {
		return err
	}
	path := filepath.Join(figureDir(model), name+".svg")
	if err := replace(filepath.Join(g.dir, path), svg); err != nil {
		return err
	}
	g.pictures = append(g.pictures, picture{Title: title, Caption: f.Caption, Path: filepath.ToSlash(path),
		URI: "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg)})
	return nil
}

// figureDir is a model's folder of figures; no name leads out of figs.
func figureDir(model string) string { return filepath.Dir(figure.ReferencePath(model, 0, "", "")) }

// inFolder is the folder of a kind for a model, beside figs.
func inFolder(kind, model string) string {
	rest := strings.TrimPrefix(figureDir(model), "figs")
	return filepath.Join(kind, rest)
}
