package explore

import (
	"fmt"
	"math"
	"strings"
)

// Distribution is the model's own over the confidences it might state in one place, given everything before it.
//
// A confidence is a number in [0, 1] of Decimals decimals. Its probability is summed over every way in which the vocabulary's tokens
// can write it with one digit before the point or none ("0.8", "0.80", ".8"; "1", "1.", "1.00"), whatever the usual tokenisation. A
// number with more decimals counts at its first ones: "0.835" at 0.83. One with fewer has the probability that no further digit
// follows: what follows else, such as a "%" that makes the number unreadable, is not looked at.
//
// Stated is the probability that such a number is written, Outside that a number begins which is not in [0, 1] or is written
// otherwise ("95", "1.7", "00.5"), and Other that anything else stands there, one token that writes more decimals or more digits at
// once included. The three sum to 1.
type Distribution struct {
	Decimals               int
	Shares                 []float64 // of each confidence, lowest first, given that one is stated: they sum to 1. [10^Decimals + 1]
	Stated, Outside, Other float64
	// Unfollowed bounds the probability that is counted where a beginning stands because it was too small to follow up.
	Unfollowed float64
	// Sampled is the confidence that the answer states; meaningless unless HasSampled.
	Sampled    float64
	HasSampled bool
	// Elicited is what was appended to the answer because it states none.
	Elicited string
	// Passes is how many sequences were run through the model.
	Passes int
}

// Value is the confidence of Shares[i].
func (d *Distribution) Value(i int) float64 { return float64(i) / float64(len(d.Shares)-1) }

// Mean is that of the stated confidences, NaN where none can be stated.
func (d *Distribution) Mean() float64 {
	if d.Stated == 0 {
		return math.NaN()
	}
	mean := 0.
	for i, p := range d.Shares {
		mean += p * d.Value(i)
	}
	return mean
}

// Quantile is the least confidence that the share q of the distribution does not exceed, NaN where none can be stated.
func (d *Distribution) Quantile(q float64) float64 {
	if d.Stated == 0 {
		return math.NaN()
	}
	const rounding = 1e-9
	below := 0.
	for i, p := range d.Shares {
		if below += p; p > 0 && below >= q-rounding {
			return d.Value(i)
		}
	}
	return 1
}

// Share is that of one confidence, which is read at its first Decimals decimals; 0 for one outside [0, 1].
func (d *Distribution) Share(confidence float64) float64 {
	const rounding = 1e-9
	at := int(math.Floor(confidence*float64(len(d.Shares)-1) + rounding))
	if !(confidence >= 0 && confidence <= 1) || at >= len(d.Shares) {
		return 0
	}
	return d.Shares[at]
}

// Account says what was summed over and what was left out.
func (d *Distribution) Account() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Probability of each number in [0, 1] to %d decimals, given that one is stated here (%s). Summed over every way the tokens can write it: "+
		"0.8 and 0.80 and .8; further decimals count at the first %d. Left out: %s for other numbers, such as 95 or 1.7; %s for anything that is no number.",
		d.Decimals, percent(d.Stated), d.Decimals, percent(d.Outside), percent(d.Other))
	if d.Elicited != "" {
		fmt.Fprintf(&b, " The answer states no confidence: %q was appended to ask for one.", d.Elicited)
	}
	return b.String()
}

// percent writes a probability.
func percent(p float64) string {
	switch {
	case p == 0:
		return "0 %"
	case p < 0.00005:
		return "less than 0.01 %"
	case p < 0.01:
		return fmt.Sprintf("%.2f %%", 100*p)
	}
	return fmt.Sprintf("%.1f %%", 100*p)
}
