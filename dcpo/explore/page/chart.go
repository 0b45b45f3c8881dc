package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// The drawing's size and margins, in its own units.
const (
	chartLeft, chartRight = 10., 10.
	chartWidth            = 620. // between the margins
	chartHeight           = 90.
)

// across is where a value stands on the axis.
func across(x float64) string { return fmt.Sprintf("%.1f", chartLeft+x*chartWidth) }

// bar is one value of a chart.
type bar struct {
	X, Y, Width, Height string
	Title               string
	Sampled             bool
}

// bars draws the shares; the highest reaches the top. Values without a visible share are left out.
func bars(c Chart) []bar {
	top := slices.Max(append([]float64{0}, c.Shares...))
	if top == 0 {
		return nil
	}
	step := chartWidth / float64(max(1, len(c.Shares)-1))
	var out []bar
	for i, p := range c.Shares {
		value := float64(i) / float64(len(c.Shares)-1)
		h := chartHeight * p / top
		if h < 0.3 {
			continue
		}
		x := chartLeft + value*chartWidth - 0.4*step
		out = append(out, bar{fmt.Sprintf("%.1f", x), fmt.Sprintf("%.1f", chartHeight-h), fmt.Sprintf("%.1f", 0.8*step), fmt.Sprintf("%.1f", h),
			fmt.Sprintf("%.3g: %.2f %%", value, 100*p), math.Abs(value-c.Sampled) < 0.5/float64(len(c.Shares)-1)})
	}
	return out
}

// likeliest names the n values with the largest shares, as far as they can be seen.
func likeliest(c Chart, n int) string {
	order := make([]int, len(c.Shares))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(c.Shares[b], c.Shares[a]) })
	var parts []string
	for _, i := range order[:min(n, len(order))] {
		if c.Shares[i] >= 0.0005 {
			parts = append(parts, fmt.Sprintf("%.3g (%.1f %%)", float64(i)/float64(len(c.Shares)-1), 100*c.Shares[i]))
		}
	}
	return strings.Join(parts, ", ")
}
