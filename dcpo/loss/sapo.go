package loss

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
)

// Temperatures of sapo's gate: it closes a little sooner on tokens that are to become less likely.
const gainTemperature, lossTemperature = 1., 1.05

// sapo is Soft Adaptive Policy Optimization (arXiv 2511.20347): a smooth gate on the ratio in place of a clip:
//
//	L = −A·(4/τ)·σ(τ·(ρ − 1)), τ = 1 where A > 0 and 1.05 elsewhere
//
// Its authors average by seq-mean-token-mean.
func sapo(_ Options, in learner.Inputs) (loss, clipped, clippedLower *Node) {
	advantages, beyond := in.Fields[Advantages], AddScalar(ratio(in), -1.0)
	gate := func(temperature float64) *Node {
		return MulScalar(Sigmoid(MulScalar(beyond, temperature)), 4/temperature)
	}
	gates := Where(GreaterThan(advantages, ZerosLike(advantages)), gate(gainTemperature), gate(lossTemperature))
	return Neg(Mul(advantages, gates)), nil, nil
}
