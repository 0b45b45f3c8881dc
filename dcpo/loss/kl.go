package loss

import (
	"fmt"
	"math"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
)

// maxKL bounds k3 as verl's low_var_kl does.
const maxKL = 10

// Estimators lists the estimates of KL(policy ‖ reference) at a token, with d = logp − ref:
//
//	k1, kl          d
//	abs             |d|
//	k2, mse         d²/2
//	k3, low_var_kl  exp(−d) + d − 1, bounded to ±10
//
// Each may have a "+": its value with the gradient of k2, whose expectation is the divergence's own gradient.
func Estimators() []string { return []string{"k1", "kl", "abs", "k2", "mse", "k3", "low_var_kl"} }

func isEstimator(name string) bool {
	return slices.Contains(Estimators(), strings.TrimSuffix(name, "+"))
}

// KL is the estimate of that name at each token. It panics on another name. logProbs, ref: [rows, window] → [rows, window]
func KL(name string, logProbs, ref *Node) *Node {
	d := Sub(logProbs, ref)
	base, straight := strings.CutSuffix(name, "+")
	var value *Node
	switch base {
	case "k1", "kl":
		value = d
	case "abs":
		value = Mul(d, StopGradient(Sign(d))) // with no gradient at 0, where GoMLX's Abs has one
	case "k2", "mse":
		return MulScalar(Square(d), 0.5)
	case "k3", "low_var_kl":
		value = K3(logProbs, ref)
	default:
		panic(fmt.Errorf("KL estimator %q is unknown: want one of %v", name, Estimators()))
	}
	if !straight {
		return value
	}
	gradient := MulScalar(Square(d), 0.5)
	return Add(Sub(gradient, StopGradient(gradient)), StopGradient(value))
}

// K3 is Schulman's low-variance estimate of KL(policy ‖ reference) for each token, exp(d) − d − 1 with d = ref − logp, bounded
// to ±10 as in verl's `low_var_kl`. All [rows, window].
func K3(logProbs, ref *Node) *Node {
	d := ClipScalar(Sub(ref, logProbs), -maxLogRatio, maxLogRatio)
	return ClipScalar(Sub(Exp(d), AddScalar(d, 1.0)), -maxKL, maxKL)
}

// KLValues is the estimate of that name at each token, on the host: for a divergence in the reward. logProbs, ref: [tokens].
func KLValues(name string, logProbs, ref []float32) ([]float64, error) {
	if !isEstimator(name) {
		return nil, fmt.Errorf("KL estimator %q is unknown: want one of %v", name, Estimators())
	}
	if len(logProbs) != len(ref) {
		return nil, fmt.Errorf("KL: %d log-probs but %d of the reference", len(logProbs), len(ref))
	}
	out := make([]float64, len(ref))
	for i := range out {
		d := float64(logProbs[i]) - float64(ref[i])
		switch strings.TrimSuffix(name, "+") {
		case "abs":
			d = math.Abs(d)
		case "k2", "mse":
			d = d * d / 2
		case "k3", "low_var_kl":
			d = k3(d)
		}
		out[i] = d
	}
	return out, nil
}

// k3 is exp(−d) + d − 1 with the bounds of K3.
func k3(d float64) float64 {
	d = min(max(d, -maxLogRatio), maxLogRatio)
	return min(max(math.Exp(-d)+d-1, -maxKL), maxKL)
}
