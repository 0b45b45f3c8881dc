package loss_test

import (
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/advantage"
	"github.com/dcpo-go/godcpo/dcpo/loss"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// A batch of groups of 8; responses of 20 tokens, of which the last 6 state a confidence.
const group, length, start = 8, 20, 14

// rewarded are the two rewards of each rollout.
type rewarded struct{ correct, calibration func(i int) float64 }

// gradient is that of the whole objective on the log-probs of a batch with such rewards: rewards to advantages by the estimator, those
// packed for the loss, and the loss differentiated. [rows × window]
func (r rewarded) gradient(t *testing.T, o loss.Options, options advantage.Options) []float32 {
	t.Helper()
	rollouts, lengths, correct := make([]advantage.Rollout, rows), make([]loss.Row, rows), make([]float32, rows*window)
	for i := range rollouts {
		span := verbal.Span{Start: start, End: length}
		rollouts[i] = advantage.Rollout{Group: string(rune('a' + i/group)), Answer: r.correct(i), Calibration: r.calibration(i), HasConfidence: true, Length: length, Span: span}
		lengths[i] = loss.Row{Length: length, Span: span}
		for c := range window {
			correct[i*window+c] = float32(r.correct(i))
		}
	}
	estimator, err := advantage.New("dcpo", options)
	if err != nil {
		t.Fatal(err)
	}
	advantages, err := estimator.Estimate(rollouts)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := advantage.Pack(advantages, make([]int, rows), window)
	if err != nil {
		t.Fatal(err)
	}
	weights, err := loss.TokenWeights(loss.TokenMean, lengths, window, loss.SpanWeights{})
	if err != nil {
		t.Fatal(err)
	}
	logProbs, old, ref := make([]float32, rows*window), make([]float32, rows*window), make([]float32, rows*window)
	for i := range logProbs {
		logProbs[i] = -0.5 - float32(i%7)/10
		old[i] = logProbs[i] + float32(i%5-2)/20
		ref[i] = logProbs[i] + float32(i%3-1)/30
	}
	_, _, grad := evaluate(t, loss.Policy(o), logProbs, map[string][]float32{loss.Advantages: packed, loss.OldLogProbs: old, loss.RefLogProbs: ref,
		loss.TokenWeight: weights, loss.SequenceShare: loss.SequenceShares(lengths, window), loss.Correct: correct})
	return grad
}

// differ tells whether two gradients differ on any reasoning and on any confidence token, and how many of each b are not 0. Padding must
// have none.
func differ(t *testing.T, a, b []float32) (reasoning, confidence bool, nonzero [2]int) {
	t.Helper()
	for i := range b {
		part := 0
		switch c := i % window; {
		case c >= length:
			if a[i] != 0 || b[i] != 0 {
				t.Fatalf("padding has gradients %g and %g", a[i], b[i])
			}
			continue
		case c >= start:
			part = 1
			confidence = confidence || a[i] != b[i]
		default:
			reasoning = reasoning || a[i] != b[i]
		}
		if b[i] != 0 {
			nonzero[part]++
		}
	}
	return reasoning, confidence, nonzero
}

// Rewards to exchange; same teaches nothing.
func right(i int) float64       { return float64(i * i % 3 % 2) }
func otherRight(i int) float64  { return float64(i / 2 % 2) }
func stated(i int) float64      { return -float64(i%6) / 10 }
func otherStated(i int) float64 { return -float64(i*i%5) / 7 }
func same(int) float64          { return 1 }

// TestCalibrationAndAccuracyAreDecoupled is the paper's claim about its loss: the calibration reward has no gradient on the log-probs of
// reasoning tokens, and the accuracy reward none on those of confidence tokens, to the bit. Each reward is changed while the other is
// kept; where every reward of one kind is equal, its tokens' gradient is exactly 0. It holds for every loss that says so of itself; the
// others, and the released code's placement of advantages, show that the test would notice a leak.
func TestCalibrationAndAccuracyAreDecoupled(t *testing.T) {
	for _, kind := range loss.Kinds() {
		o := loss.Options{Kind: kind}
		base := rewarded{right, stated}.gradient(t, o, advantage.Options{})
		reasoning, confidence, nonzero := differ(t, base, rewarded{right, otherStated}.gradient(t, o, advantage.Options{}))
		if nonzero[0] == 0 || nonzero[1] == 0 || !confidence {
			t.Errorf("%s: %d reasoning and %d confidence tokens have a gradient, which calibration rewards change: %v", kind, nonzero[0], nonzero[1], confidence)
		}
		if reasoning == loss.Decoupled(kind) {
			t.Errorf("%s: calibration rewards change gradients of reasoning tokens: %v", kind, reasoning)
		}
		reasoning, confidence, _ = differ(t, base, rewarded{otherRight, stated}.gradient(t, o, advantage.Options{}))
		if confidence == loss.Decoupled(kind) || !reasoning {
			t.Errorf("%s: accuracy rewards change gradients of confidence tokens: %v, of reasoning tokens: %v", kind, confidence, reasoning)
		}
		if kind == "dro" || !loss.Decoupled(kind) {
			continue // dro's quadratic has a gradient without any reward
		}
		if _, _, nonzero := differ(t, base, rewarded{same, stated}.gradient(t, o, advantage.Options{})); nonzero[0] != 0 || nonzero[1] == 0 {
			t.Errorf("%s: with calibration rewards alone, %d reasoning and %d confidence tokens have a gradient", kind, nonzero[0], nonzero[1])
		}
		if _, _, nonzero := differ(t, base, rewarded{right, same}.gradient(t, o, advantage.Options{})); nonzero[0] == 0 || nonzero[1] != 0 {
			t.Errorf("%s: with accuracy rewards alone, %d reasoning and %d confidence tokens have a gradient", kind, nonzero[0], nonzero[1])
		}
	}
	released := advantage.Options{Placement: advantage.Released}
	reasoning, confidence, _ := differ(t, rewarded{right, stated}.gradient(t, loss.Options{}, released), rewarded{right, otherStated}.gradient(t, loss.Options{}, released))
	if !reasoning || confidence {
		t.Errorf("as released, calibration rewards change gradients of reasoning tokens: %v, of confidence tokens: %v", reasoning, confidence)
	}
}

// TestKLTermIsBlindToRewards: with a divergence from the reference in the loss, what the rewards change is still told apart.
func TestKLTermIsBlindToRewards(t *testing.T) {
	o := loss.Options{KLCoef: 0.5}
	base := rewarded{right, stated}.gradient(t, o, advantage.Options{})
	reasoning, _, _ := differ(t, base, rewarded{right, otherStated}.gradient(t, o, advantage.Options{}))
	_, confidence, _ := differ(t, base, rewarded{otherRight, stated}.gradient(t, o, advantage.Options{}))
	if reasoning || confidence {
		t.Errorf("calibration rewards reach reasoning tokens: %v; accuracy rewards reach confidence tokens: %v", reasoning, confidence)
	}
}
