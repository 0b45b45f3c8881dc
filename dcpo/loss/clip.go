package loss

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
)

// maxLogRatio bounds log-ratios before they are exponentiated, as the reference does.
const maxLogRatio = 20

// ratio is exp(logp − old), the importance of each token under the weights being trained. [rows, window]
func ratio(in learner.Inputs) *Node {
	return Exp(ClipScalar(Sub(in.LogProbs, in.Fields[OldLogProbs]), -maxLogRatio, maxLogRatio))
}

// clip is PPO's clipped surrogate with a bound of its own on each side, and a dual clip:
//
//	ρ = exp(logp − old)
//	L = max(−Aρ, −A·clip(ρ, 1−low, 1+high)), and at most −A·dual where A < 0
func clip(o Options, in learner.Inputs) (loss, clipped, clippedLower *Node) {
	advantages, rho := in.Fields[Advantages], ratio(in)
	upper, clipped := o.pessimistic(advantages, rho)
	ceiling := MulScalar(advantages, -o.DualClip)
	negative := LessThan(advantages, ZerosLike(advantages))
	loss = Where(negative, Min(ceiling, upper), upper)
	return loss, clipped, one(LogicalAnd(negative, GreaterThan(upper, ceiling)))
}

// pessimistic is the larger of the plain and the clipped loss, and where the latter is.
func (o Options) pessimistic(advantages, rho *Node) (loss, clipped *Node) {
	plain := Neg(Mul(advantages, rho))
	bounded := Neg(Mul(advantages, ClipScalar(rho, 1-o.ClipLow, 1+o.ClipHigh)))
	return Max(plain, bounded), one(GreaterThan(bounded, plain))
}

// one is 1 where the condition holds and 0 elsewhere.
func one(condition *Node) *Node { return ConvertDType(condition, dtypes.Float32) }
