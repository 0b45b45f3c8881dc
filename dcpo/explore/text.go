package explore

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/explore/page"
)

// surprises is how many improbable tokens are listed.
const surprises = 5

// String is the view for a terminal: the answer with its confidence in ⟦ ⟧, the least probable tokens, and the distribution of confidences.
func (v *View) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", page.Plain(v.Title))
	if v.Question != "" {
		fmt.Fprintf(&b, "  prompt: %s\n", page.Plain(v.Question))
	}
	for _, f := range v.Facts {
		fmt.Fprintf(&b, "  %s: %s\n", f.Name, page.Plain(f.Value))
	}
	for _, n := range v.Notes {
		fmt.Fprintf(&b, "  note: %s\n", page.Plain(n))
	}
	b.WriteString("\n" + v.marked() + "\n")
	b.WriteString(v.improbable())
	if d := v.Confidences; d != nil {
		fmt.Fprintf(&b, "\nConfidences: %s\n%s%s\n", d.summary(nil), d.histogram(), d.Account())
	}
	for _, variant := range v.Variants {
		fmt.Fprintf(&b, "\n%s %s\n%s", variant.name(), variant.Confidences.summary(v.Confidences), variant.Confidences.histogram())
	}
	if o := v.Against; o != nil {
		fmt.Fprintf(&b, "\n%s, of the same answer:\n%s", o.Model, o.improbable())
		if o.Confidences != nil {
			fmt.Fprintf(&b, "Confidences: %s\n%s", o.Confidences.summary(v.Confidences), o.Confidences.histogram())
		}
	}
	return b.String()
}

// marked is the answer with its confidence span in brackets.
func (v *View) marked() string {
	var b strings.Builder
	named := false
	for i, t := range v.Tokens {
		if i == v.Span.Start && !v.Span.Empty() {
			b.WriteString("⟦")
		}
		if t.Text == "" {
			fmt.Fprintf(&b, "#%d ", t.ID)
		} else {
			named = true
			b.WriteString(strings.ReplaceAll(page.Plain(t.Text), "⏎", "⏎\n"))
		}
		if i == v.Span.End-1 && !v.Span.Empty() {
			b.WriteString("⟧")
		}
	}
	if !named && v.Response != "" {
		b.WriteString("\n" + strings.ReplaceAll(page.Plain(v.Response), "⏎", "⏎\n"))
	}
	return b.String()
}

// improbable lists the least probable tokens with what was likelier.
func (v *View) improbable() string {
	var order []int
	sum := 0.
	for i, t := range v.Tokens {
		if !math.IsNaN(t.LogProb) {
			order, sum = append(order, i), sum+t.LogProb
		}
	}
	if len(order) == 0 {
		return ""
	}
	n := float64(len(order))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(v.Tokens[a].LogProb, v.Tokens[b].LogProb) })
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d tokens, mean log-prob %s (%s). The least probable:\n", len(order), signed(sum/n), v.Model)
	for _, i := range order[:min(surprises, len(order))] {
		t := v.Tokens[i]
		fmt.Fprintf(&b, "  %4d  %-12s %8s", i+1, page.Plain(named(t.ID, t.Text)), percent(math.Min(1, math.Exp(t.LogProb))))
		var others []string
		for _, o := range t.Top {
			if o.ID != t.ID && len(others) < 3 {
				others = append(others, fmt.Sprintf("%s %s", page.Plain(named(o.ID, o.Text)), percent(math.Min(1, math.Exp(o.LogProb)))))
			}
		}
		if len(others) > 0 {
			b.WriteString("   also " + strings.Join(others, ", "))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// summary is the distribution in a line, compared with another one.
func (d *Distribution) summary(beside *Distribution) string {
	if d.Stated == 0 {
		return "no confidence can be stated here"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "mean %.3f", d.Mean())
	if beside != nil && beside.Stated > 0 {
		fmt.Fprintf(&b, " (%s)", signed(d.Mean()-beside.Mean()))
	}
	fmt.Fprintf(&b, ", median %.4g, 5 to 95 %%: %.4g to %.4g", d.Quantile(0.5), d.Quantile(0.05), d.Quantile(0.95))
	if d.HasSampled {
		fmt.Fprintf(&b, "; the answer says %.4g, which has %s", d.Sampled, percent(d.Share(d.Sampled)))
	}
	return b.String()
}

// histogram draws the shares in tenths: [0, 0.1), …, and 1 by itself.
func (d *Distribution) histogram() string {
	tenths := make([]float64, 11)
	for i, p := range d.Shares {
		tenths[i*10/(len(d.Shares)-1)] += p
	}
	top := slices.Max(tenths)
	if top == 0 {
		return ""
	}
	var b strings.Builder
	for i, p := range tenths {
		label := fmt.Sprintf("%.1f–", float64(i)/10)
		if i == 10 {
			label = "1.0 "
		}
		fmt.Fprintf(&b, "  %s %s %s\n", label, percent(p), strings.Repeat("█", int(30*p/top+0.5)))
	}
	return b.String()
}
