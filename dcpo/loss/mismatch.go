package loss

import (
	"fmt"
	"math"
)

// Mismatch compares the log-probs under which rollouts were sampled with those that the trainer computes for the same tokens. Both
// should be the same policy's; where they are not, training is off-policy without knowing it.
type Mismatch struct {
	Tokens int
	// MeanGap and MaxGap are of |sampled − scored|, in nats.
	MeanGap, MaxGap float64
	// KL is the mean of the k3 estimate of KL(sampled ‖ scored), in nats a token.
	KL float64
	// MaxRatio is the largest scored/sampled probability of a token.
	MaxRatio float64
	// Correlation is Pearson's, of the tokens' probabilities; NaN where they do not vary.
	Correlation float64
}

// Compare measures the mismatch of sampled and scored log-probs, one slice a response.
func Compare(sampled, scored [][]float32) (Mismatch, error) {
	var m Mismatch
	if len(sampled) != len(scored) {
		return m, fmt.Errorf("compare log-probs: %d responses were sampled, but %d scored", len(sampled), len(scored))
	}
	var c correlation
	for i := range sampled {
		if len(sampled[i]) != len(scored[i]) {
			return m, fmt.Errorf("compare log-probs: response %d has %d sampled and %d scored ones", i, len(sampled[i]), len(scored[i]))
		}
		for t, s := range sampled[i] {
			d := float64(scored[i][t]) - float64(s) // log of scored / sampled
			m.Tokens++
			m.MeanGap += math.Abs(d)
			m.MaxGap = max(m.MaxGap, math.Abs(d))
			m.KL += k3(-d)
			m.MaxRatio = max(m.MaxRatio, math.Exp(d))
			c.add(math.Exp(float64(s)), math.Exp(float64(scored[i][t])))
		}
	}
	n := float64(max(1, m.Tokens))
	m.MeanGap /= n
	m.KL /= n
	m.Correlation = c.value()
	return m, nil
}

// correlation is Pearson's, gathered pair by pair. Sums of products would cancel where probabilities hardly vary; these are of
// differences from the running means.
type correlation struct{ n, meanX, meanY, xx, yy, xy float64 }

func (c *correlation) add(x, y float64) {
	c.n++
	dx, dy := x-c.meanX, y-c.meanY
	c.meanX += dx / c.n
	c.meanY += dy / c.n
	c.xx += dx * (x - c.meanX)
	c.yy += dy * (y - c.meanY)
	c.xy += dx * (y - c.meanY)
}

func (c *correlation) value() float64 { return c.xy / math.Sqrt(c.xx*c.yy) }
