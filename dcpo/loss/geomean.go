package loss

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
)

// geoMean is Geometric-Mean Policy Optimization (arXiv 2507.20673): one ratio a response, the geometric mean of its tokens', each of which
// is cut by itself, in logarithms and on the side its advantage pushes to:
//
//	d_t = logp_t − old_t, cut to at most high where A > 0 and to at least −low where A < 0
//	L   = −mean_t(A_t)·exp(mean_t d_t)
//
// It is the response's loss at each of its tokens: average them by seq-mean-token-mean.
func geoMean(o Options, in learner.Inputs) (loss, clipped, clippedLower *Node) {
	advantages, moved := in.Fields[Advantages], Sub(in.LogProbs, in.Fields[OldLogProbs])
	sign, bounded := StopGradient(Sign(advantages)), ClipScalar(moved, -o.ClipLow, o.ClipHigh)
	least := Mul(sign, Min(Mul(sign, moved), Mul(sign, bounded)))
	loss = Neg(Mul(sequenceMean(in, advantages), Exp(sequenceMean(in, least))))

	cut, zero := NotEqual(moved, bounded), ZerosLike(advantages)
	return loss, one(LogicalAnd(cut, GreaterThan(advantages, zero))), one(LogicalAnd(cut, LessThan(advantages, zero)))
}
