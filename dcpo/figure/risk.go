package figure

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"gonum.org/v1/plot/vg"
)

// RiskCoverageOptions configures risk–coverage curves; the zero value is fine.
type RiskCoverageOptions struct {
	// Bootstrap says how the bands are drawn; its zero value is fine.
	Bootstrap calibration.Bootstrap
	// NoBand leaves the bands out.
	NoBand bool
}

// RiskCoverage draws the risk–coverage curve of each set of answers: the share of
// wrong answers among the surest ones, over the share of answers taken, with a
// 95 % bootstrap band clustered by problem. A curve that rises from a low start
// belongs to a confidence that tells right from wrong; one that does not ranks at
// random. Answers of one confidence are taken in random order, in the mean over
// all orders; those without a confidence come last. The legend gives the mean
// height of the curve, AURC.
func RiskCoverage(results []Named, opt RiskCoverageOptions) (*Figure, error) {
	if len(results) == 0 {
		return nil, errors.New("draw risk–coverage curves: there is no result to draw: pass at least one")
	}
	x, y := unitScale(), unitScale()
	p := linePanel{absent: "no answers", x: &x, y: &y}
	words := leftWriting(textSize, ink)
	var captions []string
	var highest float64
	level, banded := 0.0, false
	for _, r := range results {
		c := newRanking(r.Answers)
		name := shorten(words, r.Name, riskNames)
		s := Series{Name: named(name, "no answers"), Steps: coverages[:]}
		s.Values = c.risks(nil)
		if len(r.Answers) > 0 {
			s.Name = named(name, "AURC "+calibration.Format(calibration.Report(r.Answers, 0).Further.AURC))
		}
		captions = append(captions, s.Name)
		highest = max(highest, top(s.Values, 0))
		if !opt.NoBand {
			if s.Low, s.High, level = c.band(opt.Bootstrap); s.Low != nil {
				banded = true
				highest = max(highest, top(s.High, len(coverages)/10))
			}
		}
		p.Series = append(p.Series, s)
	}
	if highest > 0 {
		y = niceScale(0, math.Min(1, highest), 5, 0)
	}
	grid, err := newLineGrid([]linePanel{p}, CurveOptions{XLabel: "coverage: share of answers taken, the surest first"})
	if err != nil {
		return nil, fmt.Errorf("draw risk–coverage curves: %w", err)
	}
	grid.yLabel, grid.flat, grid.size = "risk: share of them wrong", true, vg.Point{X: riskWidth, Y: riskHeight}
	if banded {
		grid.note = fmt.Sprintf("Shaded: %.4g %% bootstrap interval.", 100*level)
	}
	return grid.figure("Risk–coverage. " + strings.Join(captions, "; ") + "."), nil
}

// Sizes of the panel in points.
const (
	riskWidth  = 330
	riskHeight = 240
	riskNames  = 160 // at most, so that the legend has room for the area
)

// named writes what is said of a result after its name, if it has one.
func named(name, what string) string {
	if name == "" {
		return what
	}
	return name + ", " + what
}

// top is the largest value from an index on, 0 if there is none.
func top(values []float64, from int) float64 {
	most := 0.0
	for _, v := range values[min(from, len(values)):] {
		if v > most {
			most = v
		}
	}
	return most
}
