package reweight

import (
	"fmt"
	"math"
)

// Advantages returns reweighted advantages. advantages and logProbs, the log-probs
// of the tokens when they were sampled, are [rows × window] and stay as they are.
// Where the advantage is 0, as on prompt and padding, the log-prob is not read.
// It fails on invalid options, and on a log-prob that is not one.
func Advantages(advantages, logProbs []float32, opt Options) ([]float32, error) {
	if err := opt.Validate(); err != nil {
		return nil, fmt.Errorf("reweight advantages: %w", err)
	}
	if err := check("advantage", advantages, logProbs); err != nil {
		return nil, fmt.Errorf("reweight advantages: %w", err)
	}
	opt = opt.withDefaults()
	out := make([]float32, len(advantages))
	scale := opt.NegativeWeight
	if opt.Balance {
		scale *= opt.balance(advantages, logProbs)
	}
	for i, a := range advantages {
		if a == 0 {
			continue
		}
		value := opt.weigh(a, logProbs[i])
		if a < 0 {
			value *= scale
		}
		out[i] = float32(value)
	}
	return out, nil
}

// weigh applies the factor to one advantage.
func (o Options) weigh(advantage, logProb float32) float64 {
	a := float64(advantage)
	if o.Only == Positive && a < 0 || o.Only == Negative && a > 0 {
		return a
	}
	return a * o.factor(math.Exp(float64(logProb)))
}

func (o Options) factor(p float64) float64 {
	switch o.Shape {
	case Sigmoid:
		return 2 / (1 + math.Exp(-o.Slope*(p-o.Centre)))
	case Band:
		if o.Low < p && p <= o.High {
			return 1
		}
		return 0
	}
	return o.Alpha*p + 1 - o.Alpha
}

// balance is Σ p·A over positive advantages over −Σ p·A over negative ones, both
// after the factor; 1 where there are no negative ones.
func (o Options) balance(advantages, logProbs []float32) float64 {
	var positive, negative float64
	for i, a := range advantages {
		if a == 0 {
			continue
		}
		if moved := o.weigh(a, logProbs[i]) * math.Exp(float64(logProbs[i])); a > 0 {
			positive += moved
		} else {
			negative -= moved
		}
	}
	if negative == 0 {
		return 1
	}
	return positive / negative
}

// Isolate splits the tokens' weights in the loss over two updates: rare has those
// of tokens less likely than eta (the paper's 0.5) when they were sampled, common
// those of all others, and each has 0 for the other's tokens. weights and logProbs
// are [rows × window]; where the weight is 0 the log-prob is not read.
//
// A token keeps its weight, so that the two losses, with their KL and entropy
// terms, add up to that of one update. Apply rare first.
func Isolate(weights, logProbs []float32, eta float64) (rare, common []float32, err error) {
	if !(eta > 0 && eta <= 1) {
		return nil, nil, fmt.Errorf("isolate tokens: eta is %v, want a probability above 0", eta)
	}
	if err := check("weight", weights, logProbs); err != nil {
		return nil, nil, fmt.Errorf("isolate tokens: %w", err)
	}
	rare, common = make([]float32, len(weights)), make([]float32, len(weights))
	for i, w := range weights {
		switch {
		case w == 0:
		case math.Exp(float64(logProbs[i])) < eta:
			rare[i] = w
		default:
			common[i] = w
		}
	}
	return rare, common, nil
}

// logProbSlack is how far above 0 float32 rounding may carry a log-prob.
const logProbSlack = 1e-3

// check refuses numbers that are not finite and log-probs above 0, of which −∞
// is one, on tokens that count.
func check(what string, values, logProbs []float32) error {
	if len(values) != len(logProbs) {
		return fmt.Errorf("%d of %ss but %d log-probs", len(values), what, len(logProbs))
	}
	for i, v := range values {
		if v == 0 {
			continue
		}
		if x := float64(v); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s %d is %v, want a finite number", what, i, v)
		}
		if !(logProbs[i] <= logProbSlack) {
			return fmt.Errorf("log-prob %d is %v, want at most 0", i, logProbs[i])
		}
	}
	return nil
}
