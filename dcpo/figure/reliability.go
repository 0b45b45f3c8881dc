package figure

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Named is a set of answers with the name that stands above its diagram.
type Named struct {
	Name    string
	Answers []calibration.Answer
}

// ReliabilityOptions configures reliability diagrams. The zero value draws 15
// bins and computes errors over 20, as the released evaluation does.
type ReliabilityOptions struct {
	// Bins is the number of bars; 0 stands for 15.
	Bins int
	// MetricBins is the number of bins of the ECE and PCE written above the bars;
	// 0 stands for calibration.DefaultBins.
	MetricBins int
	// Bootstrap says how the intervals are drawn; its zero value is fine.
	Bootstrap calibration.Bootstrap
	// NoBand leaves the intervals out, in the bars and in the numbers.
	NoBand bool
	// Columns is the most diagrams in a row of ReliabilityRow; 0 puts all in one.
	Columns int
	// ReferenceLook draws the bars as the released evaluation's script does, in its
	// size, typeface, colours and axis names: no histogram, intervals or numbers.
	ReferenceLook bool
}

// Validate reports all faults of the options at once.
func (o ReliabilityOptions) Validate() error {
	var faults []error
	for _, n := range []struct {
		name  string
		value int
	}{{"Bins", o.Bins}, {"MetricBins", o.MetricBins}, {"Columns", o.Columns}} {
		if n.value < 0 || n.value > 1000 {
			faults = append(faults, fmt.Errorf("%s is %d: use 1 to 1000, or 0 for the default", n.name, n.value))
		}
	}
	return errors.Join(faults...)
}

// withDefaults fills in the options for so many diagrams.
func (o ReliabilityOptions) withDefaults(diagrams int) ReliabilityOptions {
	if o.Columns == 0 {
		o.Columns = diagrams
	}
	o.NoBand = o.NoBand || o.ReferenceLook
	if o.Bins == 0 {
		o.Bins = 15
	}
	if o.MetricBins == 0 {
		o.MetricBins = calibration.DefaultBins
	}
	return o
}

// Reliability draws the reliability diagram of one set of answers: a bar a bin
// of stated confidence, as high as the share of right answers in it and darker
// the more answers it holds; the dashed diagonal of perfect calibration; 95 %
// bootstrap intervals, clustered by problem; a histogram of the confidences with
// lines at accuracy and mean confidence; and the main measures in words.
func Reliability(of Named, opt ReliabilityOptions) (*Figure, error) {
	return ReliabilityRow([]Named{of}, opt)
}

// TwoReliability draws two diagrams side by side, for before and after.
func TwoReliability(left, right Named, opt ReliabilityOptions) (*Figure, error) {
	return ReliabilityRow([]Named{left, right}, opt)
}

// ReliabilityRow draws any number of diagrams on one page: in one row, or in rows
// of opt.Columns. Bar colours and histogram heights share one scale, so the
// diagrams can be compared; only with the reference's look each has its own colours.
func ReliabilityRow(results []Named, opt ReliabilityOptions) (*Figure, error) {
	if err := opt.Validate(); err != nil {
		return nil, fmt.Errorf("draw reliability diagram: %w", err)
	}
	if len(results) == 0 {
		return nil, errors.New("draw reliability diagram: there is no result to draw: pass at least one")
	}
	opt = opt.withDefaults(len(results))
	panels := make([]reliabilityPanel, len(results))
	captions := make([]string, len(results))
	for i, r := range results {
		panels[i] = newReliabilityPanel(r, opt)
		captions[i] = panels[i].caption()
	}
	caption := "Reliability diagram. " + strings.Join(captions, "; ") + "."
	if opt.ReferenceLook {
		return referenceFigure(panels, opt.Columns, caption), nil
	}
	return reliabilityFigure(panels, opt.Columns, caption), nil
}

// reliabilityFigure lays the diagrams out, with one note at the bottom.
func reliabilityFigure(panels []reliabilityPanel, columns int, caption string) *Figure {
	most := 0
	for _, p := range panels {
		for _, b := range p.bins {
			most = max(most, b.Count)
		}
	}
	note := "Darker bars hold more answers."
	if panels[0].band != nil {
		note += fmt.Sprintf(" Orange: %.4g %% bootstrap interval.", 100*panels[0].level)
	}
	page := pageOf(len(panels), columns, vg.Point{X: panelWidth, Y: panelHeight})
	return &Figure{
		Caption: caption, width: page.width(), height: page.height(),
		draw: func(c draw.Canvas) {
			for i, p := range panels {
				p.draw(c, page.corner(c, i), most)
			}
			c.FillText(leftWriting(noteSize, grey), vg.Point{X: c.Min.X + panelLeft, Y: c.Min.Y + 5}, note)
		},
	}
}

// reliabilityPanel is one diagram with everything computed.
type reliabilityPanel struct {
	name    string
	bins    []calibration.Bin
	band    []calibration.Interval // nil: none
	level   float64
	summary calibration.Summary
}

func newReliabilityPanel(of Named, opt ReliabilityOptions) reliabilityPanel {
	p := reliabilityPanel{name: of.Name, bins: calibration.Bins(of.Answers, opt.Bins)}
	if opt.NoBand {
		p.summary = calibration.Summarize(of.Answers, opt.MetricBins)
	} else {
		p.summary = opt.Bootstrap.Summarize(of.Answers, opt.MetricBins)
		p.band = opt.Bootstrap.Band(of.Answers, opt.Bins)
		p.level = p.summary.Intervals.Level
	}
	if p.count() == 0 { // the formulas' 0 would look like success
		p.summary.ECE, p.summary.PCE = math.NaN(), math.NaN()
	}
	if p.summary.ShareMissing == 1 { // and −0.1 like a statement
		p.summary.MeanConfidence = math.NaN()
	}
	return p
}

func (p reliabilityPanel) caption() string {
	s := p.summary
	if s.N == 0 {
		return strings.TrimPrefix(p.name+": no answers", ": ")
	}
	text := fmt.Sprintf("%s: %s, accuracy %s, mean confidence %s, ECE %s, PCE %s, AUROC %s", p.name, plural(s.N, "answer"),
		calibration.Format(s.Accuracy), calibration.Format(s.MeanConfidence), calibration.Format(s.ECE), calibration.Format(s.PCE), calibration.Format(s.AUROC))
	return strings.TrimPrefix(text, ": ")
}

// count is the number of answers in any bin.
func (p reliabilityPanel) count() int {
	n := 0
	for _, b := range p.bins {
		n += b.Count
	}
	return n
}

// noConfidence says why none of so many answers is in a bin.
func noConfidence(answers int) string {
	if answers == 0 {
		return "no answers"
	}
	return "no confidence between 0 and 1"
}

// withInterval writes a measure and, where there is one, its interval.
func withInterval(name string, value float64, of *calibration.Intervals, interval func(*calibration.Intervals) calibration.Interval) string {
	text := name + " " + calibration.Format(value)
	if of == nil || math.IsNaN(value) {
		return text
	}
	if i := interval(of); i.Defined() {
		text += fmt.Sprintf(" (%.2f–%.2f)", i.Low, i.High)
	}
	return text
}
