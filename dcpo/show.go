package dcpo

import (
	"github.com/dcpo-go/godcpo/dcpo/figure"
)

// ReliabilityDiagram draws results side by side: 15 bins, bars coloured by how many answers they hold, bootstrap intervals
// and a histogram of the stated confidences.
func ReliabilityDiagram(results ...*Result) (*figure.Figure, error) {
	named := make([]figure.Named, len(results))
	for i, r := range results {
		named[i] = figure.Named{Name: r.Name, Answers: r.Answers}
	}
	return figure.ReliabilityRow(named, figure.ReliabilityOptions{})
}

// Curves collects the step reports of one or more runs and draws accuracy, mean stated confidence and PCE over the steps.
// It can be shown while the runs go on.
type Curves struct {
	// Smooth is the number of steps the strong line averages; default 10.
	Smooth int

	names []string
	runs  map[string][]StepReport
}

// NewCurves returns curves without any points.
func NewCurves() *Curves { return &Curves{runs: map[string][]StepReport{}} }

// Add appends a step of the named run.
func (c *Curves) Add(run string, r StepReport) {
	if _, ok := c.runs[run]; !ok {
		c.names = append(c.names, run)
	}
	c.runs[run] = append(c.runs[run], r)
}

// Reports returns the steps of the named run.
func (c *Curves) Reports(run string) []StepReport { return c.runs[run] }

// Figure draws what has been collected.
func (c *Curves) Figure() (*figure.Figure, error) {
	smooth := c.Smooth
	if smooth == 0 {
		smooth = 10
	}
	panels := []figure.Panel{
		c.panel("accuracy", func(r StepReport) float64 { return r.Summary.Accuracy }),
		c.panel("mean stated confidence", func(r StepReport) float64 { return r.Summary.MeanStated }),
		c.panel("PCE (over-confidence)", func(r StepReport) float64 { return r.Summary.PCE }),
	}
	return figure.TrainingCurves(panels, figure.CurveOptions{Smooth: smooth})
}

func (c *Curves) panel(title string, value func(StepReport) float64) figure.Panel {
	p := figure.Panel{Title: title, Unit: true}
	for _, name := range c.names {
		s := figure.Series{Name: name}
		for _, r := range c.runs[name] {
			s.Steps = append(s.Steps, float64(r.Step))
			s.Values = append(s.Values, value(r))
		}
		p.Series = append(p.Series, s)
	}
	return p
}

// MIMEBundle draws the curves in a notebook.
func (c *Curves) MIMEBundle() map[string]any {
	f, err := c.Figure()
	if err != nil {
		return map[string]any{"text/plain": err.Error()}
	}
	return f.MIMEBundle()
}
