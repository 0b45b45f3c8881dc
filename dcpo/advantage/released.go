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
//     span's reward is their sum, and the other is 0;
//   - of further rewards token by token, the entry at the span goes to the span's
//     reward and all others to the other.
//
// One thing is not reproduced: that code finds the span by encoding the text
// again and usually starts it a token or two early. The span here is exact.
func released(o Options, rollouts []Rollout) []Advantage {
	reasoning, inSpan := make([]float64, len(rollouts)), make([]float64, len(rollouts))
	for i, r := range rollouts {
		inSpan[i], reasoning[i] = r.releasedRewards()
	}
	groups := groupsOf(rollouts)
	reasoning, inSpan = o.standardize(reasoning, groups), o.standardize(inSpan, groups)
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
	start := r.releasedSpan().Start
	atSpan, rest = r.Answer, r.Calibration
	if start >= r.Length-1 {
		atSpan, rest = r.Answer+r.Calibration, 0
	}
	for t, v := range r.TokenRewards {
		if t == start {
			atSpan += v
		} else {
			rest += v
		}
	}
	return atSpan, rest
}
