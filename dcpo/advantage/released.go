package advantage

import "github.com/dcpo-go/godcpo/dcpo/verbal"

// released computes DCPO advantages as the released code does, from one reward
// tensor per rollout. Its reward manager writes the accuracy reward at the first
// token of the confidence span and adds the calibration reward to the last
// token; its estimator takes the entry at the span for the confidence's reward
// and the sum of all others for the answer's. So
//   - reasoning tokens get the calibration advantage, the span the answer's;
//   - a rollout without a readable confidence has its last two tokens as span;
//   - where the span is the last token alone, both rewards share one entry: the
//     span's reward is their sum, and the other is 0.
//
// One thing is not reproduced: that code finds the span by encoding the text
// again and usually starts it a token or two early. The span here is exact.
func (d dcpo) released(rollouts []Rollout) []Advantage {
	reasoning := d.opt.standardizeBy(rollouts, func(r Rollout) float64 { _, rest := r.releasedRewards(); return rest })
	inSpan := d.opt.standardizeBy(rollouts, func(r Rollout) float64 { at, _ := r.releasedRewards(); return at })
	out := make([]Advantage, len(rollouts))
	for i, r := range rollouts {
		out[i] = Advantage{Answer: reasoning[i], Confidence: inSpan[i], Tokens: perToken(reasoning[i], inSpan[i], r.Length, r.releasedSpan())}
	}
	return out
}

// releasedSpan is the span as the released estimator sees it.
func (r Rollout) releasedSpan() verbal.Span {
	if r.HasConfidence {
		return verbal.Span{Start: r.Span.Start, End: r.Length}
	}
	return verbal.Span{Start: max(r.Length-2, 0), End: r.Length}
}

// releasedRewards reads the two rewards back from where they were written.
func (r Rollout) releasedRewards() (atSpan, rest float64) {
	if r.releasedSpan().Start >= r.Length-1 {
		return r.Accuracy + r.Calibration, 0
	}
	return r.Accuracy, r.Calibration
}
